import BoundedBytes
import Cryptography
import EventLog
import InstalledSystem
import TestSupport
import Testing

@testable import Prediction

struct KernelStubTests {
    /// A boot of Ubuntu 24.04: GRUB 2.12 starts the kernel as an EFI program, and its stub measures.
    @Test(.enabled(if: SharedData.isPresent)) func makesTheLoadOptionsOfARealBoot() throws {
        let log = try EventLog(parsing: SharedData.bytes("eventlog/ubuntu-2404-amd-sevsnp.bin"))
        let bank = try #require(log.banks.first { $0.algorithm == .sha256 })
        var line: ArraySlice<UInt8>?
        for event in log.events {
            if case .grubText(.kernelCommandLine, let range) = log.content(of: event) { line = log.bytes[range] }
        }
        let event = try #require(log.events.first { log.content(of: $0) == .linuxLoadOptions })
        let options = Predictor.loadOptions(of: Array(try #require(line)))
        #expect(try log.digest(of: event, in: bank)?.elementsEqual(DigestAlgorithm.sha256.hash(options)) == true)
    }

    /// A unified kernel image; its PCR 11 as systemd-measure computes it for the phase that follows.
    @Test(.enabled(if: SharedData.isPresent && DebianImages.isPresent)) func measuresSectionsAsSystemdDoes() throws {
        let tree = try DemoTree()
        try tree.scratch.write(try SharedData.bytes("pe/go-uefi-linuxx64.efi.stub"), to: "stub")
        let expected = try tree.scratch.shell(
            """
            head -c 5001 /dev/urandom > linux; head -c 70000 /dev/urandom > initrd
            printf 'ID=test\\n' > osrel; printf 'root=/dev/vda quiet' > cmdline
            objcopy --add-section .osrel=osrel --change-section-vma .osrel=0x20000 \\
                --add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000 \\
                --add-section .initrd=initrd --change-section-vma .initrd=0x3000000 \\
                --add-section .linux=linux --change-section-vma .linux=0x2000000 stub boot/efi/EFI/BOOT/BOOTX64.EFI
            # objcopy fills sections up; what it made is what is measured.
            for name in linux osrel cmdline initrd; do
                objcopy -O binary --only-section=.$name boot/efi/EFI/BOOT/BOOTX64.EFI $name
            done
            /usr/lib/systemd/systemd-measure calculate --linux=linux --osrel=osrel --cmdline=cmdline \\
                --initrd=initrd --bank=sha256 --phase=enter-initrd 2>/dev/null | cut -d= -f2
            """)
        // Nobody signed it.
        let prediction = try tree.predict(variables: ["SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": [0]])
        #expect(prediction.gaps.map { $0.pcrs } == [[4, 9], [12]])
        // The stub has a section .sbat, which this version of systemd-measure does not know: it comes last.
        var value = [UInt8](repeating: 0, count: 32)
        let measured = prediction.events.filter { $0.pcr == 11 }
        #expect(measured.map { $0.text }.suffix(2) == [".sbat", "contents of .sbat"])
        for event in measured.dropLast(2) { value = try DigestAlgorithm.sha256.hash(value + event.digests[1]) }
        value = try DigestAlgorithm.sha256.hash(value + DigestAlgorithm.sha256.hash(Array("enter-initrd".utf8)))
        #expect(Hexadecimal.encode(value) == expected)
        #expect(!prediction.events.contains { $0.pcr == 7 && $0.type == .variableAuthority })
    }
}
