/// Whose host starts the guest: each sets a few registers its own way.
public enum VirtualMachineMonitor: String, CaseIterable, Sendable {
    /// QEMU on KVM.
    case qemu
    /// Amazon EC2.
    case ec2
    /// Google Compute Engine.
    case gce
}

extension VMSA {
    /// Where the first virtual CPU begins: the reset vector below 4 GiB.
    public static let bootEntry: UInt32 = 0xFFFF_FFF0

    /// A virtual CPU as the host measures it, in real mode at `entry`: the state at reset, and what KVM adds to it.
    ///
    /// Source: AMD 24593, volume 2, section 14.1.3 (processor state at reset); Linux 6.10 `arch/x86/kvm/svm/sev.c`;
    /// for EC2 and GCE the pages that virtee/sev-snp-measure 0.0.13 expects.
    /// - Parameters:
    ///   - entry: `bootEntry`, or for the others the address of the firmware's reset block.
    ///   - processor: of the CPU model; only QEMU's hosts show it.
    public static func atReset(
        _ monitor: VirtualMachineMonitor, entry: UInt32, processor: ProcessorIdentity, features: SEVFeatures
    ) -> VMSA {
        var vmsa = VMSA()
        vmsa.setCommon(features)
        let isEC2 = monitor == .ec2
        let isBoot = entry == bootEntry
        for segment in [Segment.es, .ds, .fs, .gs] { vmsa[segment] = SegmentRegister(attributes: 0x93) }
        // Amazon leaves the segments unaccessed and the task register available.
        vmsa[.cs] = SegmentRegister(
            selector: 0xF000, attributes: isEC2 && isBoot ? 0x9A : 0x9B, base: UInt64(entry & 0xFFFF_0000))
        vmsa[.ss] = SegmentRegister(attributes: isEC2 ? 0x92 : 0x93)
        vmsa[.tr] = SegmentRegister(attributes: isEC2 ? 0x83 : 0x8B)
        vmsa[.cr0] = 0x10  // ET
        vmsa[.rip] = UInt64(entry & 0xFFFF)
        switch monitor {
        case .qemu:
            vmsa[.rdx] = UInt64(processor.signature)
            vmsa[.mxcsr] = 0x1F80
            vmsa[.x87ControlWord] = 0x37F
        case .ec2: vmsa[.rdx] = 0x600
        case .gce:
            vmsa[.rdx] = 0x600
            vmsa[.gPAT] = 0x0007_0106
        }
        return vmsa
    }

    /// A virtual CPU of QEMU that begins in an SVSM: flat 32-bit protected mode at `entry`.
    ///
    /// Source: coconut-svsm/qemu `target/i386/sev.c`; the page that virtee/sev-snp-measure 0.0.13 expects.
    public static func inSVSM(entry: UInt32, processor: ProcessorIdentity, features: SEVFeatures = .snp) -> VMSA {
        var vmsa = VMSA()
        vmsa.setCommon(features)
        for segment in [Segment.es, .ss, .ds, .fs] {
            vmsa[segment] = SegmentRegister(selector: 0x10, attributes: 0xC93, limit: .max)
        }
        vmsa[.cs] = SegmentRegister(selector: 8, attributes: 0xC9B, limit: .max)
        vmsa[.gs] = SegmentRegister(attributes: 0x93)
        vmsa[.tr] = SegmentRegister(attributes: 0x8B)
        vmsa[.cr0] = 0x11  // ET, PE
        vmsa[.rip] = UInt64(entry)
        vmsa[.rdx] = UInt64(processor.signature)
        vmsa[.mxcsr] = 0x1F80
        return vmsa
    }

    private mutating func setCommon(_ features: SEVFeatures) {
        self.features = features
        for segment in [Segment.gdtr, .idtr] { self[segment] = SegmentRegister() }
        self[.ldtr] = SegmentRegister(attributes: 0x82)
        self[.efer] = 0x1000  // SVME
        self[.cr4] = 0x40  // MCE
        self[.dr7] = 0x400
        self[.dr6] = 0xFFFF_0FF0
        self[.rflags] = 2
        self[.gPAT] = 0x0007_0406_0007_0406
        self[.xcr0] = 1
    }
}
