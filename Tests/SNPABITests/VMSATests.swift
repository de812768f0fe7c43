import SNPABI
import TestSupport
import Testing

@Suite struct VMSATests {
    /// The pages are those of virtee/sev-snp-measure.
    @Test(.enabled(if: SharedData.isPresent), arguments: ["EPYC-v4", "EPYC-Milan"], [0x1, 0x21] as [UInt64])
    func isAtResetWhatAnotherToolMakes(_ type: String, _ features: UInt64) throws {
        let processor = try #require(CPUModel(name: type)).processor
        for (name, entry) in [("bsp", VMSA.bootEntry), ("ap", 0x80_B004)] {
            let vmsa = VMSA.atReset(
                .qemu, entry: entry, processor: processor, features: SEVFeatures(rawValue: features))
            let file = "generated/vmsa/qemu_\(type)_feat0x\(String(features, radix: 16))_\(name).bin"
            #expect(vmsa.bytes == (try SharedData.bytes(file)), "\(file)")
        }
    }

    @Test(.enabled(if: SharedData.isPresent)) func isInAnSVSMWhatAnotherToolMakes() throws {
        let processor = try #require(CPUModel(name: "EPYC-v4")).processor
        let page = try SharedData.bytes("generated/vmsa/qemu_svsm_EPYC-v4.bin")
        let other = try VMSA(parsing: page)
        let vmsa = VMSA.inSVSM(
            entry: UInt32(truncatingIfNeeded: other[.rip]), processor: processor)
        #expect(vmsa.bytes == page)
        #expect(other[.rip] > 0xFF00_0000)
    }

    /// What the hosts set differently, as spec-notes has it.
    @Test func differsByHostInAFewRegisters() throws {
        let milan = ProcessorIdentity(family: 0x19, model: 1, stepping: 1)
        let qemu = VMSA.atReset(.qemu, entry: VMSA.bootEntry, processor: milan, features: .snp)
        #expect(qemu[.rdx] == 0xA0_0F11)
        #expect(qemu[.gPAT] == 0x0007_0406_0007_0406)
        let ec2 = VMSA.atReset(.ec2, entry: VMSA.bootEntry, processor: milan, features: .snp)
        #expect(ec2[.cs].attributes == 0x9A)
        #expect(VMSA.atReset(.ec2, entry: 0x80_B004, processor: milan, features: .snp)[.cs].attributes == 0x9B)
        #expect(ec2[.ss].attributes == 0x92)
        #expect(ec2[.tr].attributes == 0x83)
        #expect(ec2[.rdx] == 0x600)
        #expect(ec2[.mxcsr] == 0)
        let gce = VMSA.atReset(.gce, entry: VMSA.bootEntry, processor: milan, features: .snp)
        #expect(gce[.gPAT] == 0x0007_0106)
        #expect(gce[.cs] == SegmentRegister(selector: 0xF000, attributes: 0x9B, base: 0xFFFF_0000))
    }

    /// Each field changes its own bytes, from the offset of the table, least significant first, and none of another's.
    @Test func hasItsFieldsSideBySide() throws {
        var isTaken = [Bool](repeating: false, count: VMSA.byteCount)
        func take(_ offset: Int, _ count: Int, _ set: (inout VMSA) -> Void) {
            var vmsa = VMSA()
            set(&vmsa)
            var expected = [UInt8](repeating: 0, count: VMSA.byteCount)
            for index in 0..<count {
                expected[offset + index] = UInt8(index + 1)
                #expect(!isTaken[offset + index], "0x\(String(offset + index, radix: 16))")
                isTaken[offset + index] = true
            }
            #expect(vmsa.bytes == expected)
        }
        for register in VMSA.Register.allCases {
            take(register.rawValue, 8) { $0[register] = 0x0807_0605_0403_0201 }
        }
        for register in VMSA.Register32.allCases { take(register.rawValue, 4) { $0[register] = 0x0403_0201 } }
        for register in VMSA.Register16.allCases { take(register.rawValue, 2) { $0[register] = 0x0201 } }
        for register in VMSA.Register8.allCases { take(register.rawValue, 1) { $0[register] = 1 } }
        for segment in VMSA.Segment.allCases {
            take(segment.rawValue, 16) {
                $0[segment] = SegmentRegister(
                    selector: 0x0201, attributes: 0x0403, limit: 0x0807_0605, base: 0x100F_0E0D_0C0B_0A09)
            }
        }
        #expect(isTaken[VMSA.saveAreaByteCount...].allSatisfy { !$0 })
    }

    @Test func readsBackWhatWasWritten() throws {
        var vmsa = VMSA()
        vmsa[.rax] = 0x8000_0000_0000_0001
        vmsa[.pkru] = 0x8000_0001
        vmsa[.x87CS] = 0x8001
        vmsa[.vmpl] = 2
        vmsa[.fs] = SegmentRegister(selector: 7, attributes: 0x93, limit: 9, base: 1 << 47)
        vmsa.features = SEVFeatures(rawValue: 0x21)
        let read = try VMSA(parsing: vmsa.bytes)
        #expect(read == vmsa)
        #expect(read[.rax] == 0x8000_0000_0000_0001)
        #expect(read[.pkru] == 0x8000_0001)
        #expect(read[.x87CS] == 0x8001)
        #expect(read[.vmpl] == 2)
        #expect(read[.fs] == SegmentRegister(selector: 7, attributes: 0x93, limit: 9, base: 1 << 47))
        #expect(read.features.has(.debugSwap) && read.features.has(.snpActive))
    }

    @Test func isAPage() {
        for count in [0, 0x670, 4095, 4097] {
            #expect(throws: SNPFormatError("VMSA", .size(expected: 4096, found: count))) {
                try VMSA(parsing: [UInt8](repeating: 0, count: count))
            }
        }
    }
}
