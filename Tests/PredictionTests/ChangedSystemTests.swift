import BoundedBytes
import Cryptography
import EventLog
import InstalledSystem
import TestSupport
import Testing

@testable import Prediction

/// The demo system with one change each: what must change with it, what must not, and what cannot be known.
@Suite(.enabled(if: DebianImages.isPresent)) struct ChangedSystemTests {
    private let tree: DemoTree

    init() throws { tree = try DemoTree() }

    private func changed(_ prediction: Prediction) throws -> [UInt32] {
        let values = try DemoBoot.values(.sha256)
        return try Prediction.pcrs.filter { pcr in
            guard pcr != 12, let value = try prediction.value(of: pcr, .sha256) else { return false }
            return Hexadecimal.encode(value) != values[pcr]
        }
    }

    @Test func predictsTheSameFromAFolder() throws {
        let prediction = try tree.predict()
        #expect(prediction.gaps.isEmpty)
        #expect(try changed(prediction).isEmpty)
        let known = try tree.predict(variables: [:])
        #expect(known.gaps.isEmpty)
        #expect(try changed(known).isEmpty)
    }

    @Test func seesAnotherConfigurationAndInitrd() throws {
        try tree.scratch.shell("sed -i 's/ quiet$/ quiet nosmt/' boot/grub/grub.cfg")
        #expect(try changed(tree.predict()) == [8, 9])
        let other = try DemoTree()
        try other.scratch.shell("echo >> boot/initrd.img-6.1.0-56-amd64")
        let prediction = try other.predict()
        #expect(try changed(prediction) == [9])
        let digest = try other.scratch.shell("sha256sum boot/initrd.img-6.1.0-56-amd64 | cut -d' ' -f1")
        let event = prediction.events.last { $0.pcr == 9 }
        #expect(event.map { Hexadecimal.encode($0.digests[1]) } == digest)
        #expect(event?.reason == .file("/boot/initrd.img-6.1.0-56-amd64"))
    }

    @Test func refusesAKernelThatNobodySigned() throws {
        try tree.scratch.shell(
            "printf x | dd of=boot/vmlinuz-6.1.0-56-amd64 bs=1 seek=4000000 conv=notrunc status=none")
        let prediction = try tree.predict()
        #expect(prediction.gaps.map { $0.pcrs } == [[7]])
        #expect(prediction.gaps.first?.reason == "no certificate in the last log accepts it")
        #expect(try changed(prediction) == [4, 9])
        #expect(try prediction.value(of: 7, .sha256) == nil)
    }

    @Test func followsTheEntryOfANamedKernel() throws {
        try tree.scratch.shell(
            """
            cp boot/vmlinuz-6.1.0-56-amd64 boot/vmlinuz-6.1.0-9-amd64
            cp boot/initrd.img-6.1.0-56-amd64 boot/initrd.img-6.1.0-9-amd64
            entry=$(sed -n "/^submenu/,/^}/p" boot/grub/grub.cfg | sed 's/6\\.1\\.0-56/6.1.0-9/g; s/Advanced/Older/')
            printf '%s\\n' "$entry" >> boot/grub/grub.cfg
            """)
        let newest = try tree.predict(kernel: "6.1.0-56-amd64")
        #expect(newest.entry == ["Debian GNU/Linux"])
        let older = try tree.predict(kernel: "6.1.0-9-amd64")
        #expect(older.gaps.isEmpty)
        #expect(
            older.entry == ["Older options for Debian GNU/Linux", "Debian GNU/Linux, with Linux 6.1.0-9-amd64"])
        #expect(older.events.contains { $0.text == "/vmlinuz-6.1.0-9-amd64" })
        let before = try tree.predict()
        #expect(try older.value(of: 4, .sha256) == before.value(of: 4, .sha256))
        #expect(try older.value(of: 8, .sha256) != before.value(of: 8, .sha256))
        #expect(throws: PredictionError.noKernel(version: "5.10", available: ["6.1.0-9-amd64", "6.1.0-56-amd64"])) {
            try tree.predict(kernel: "5.10")
        }
        try tree.scratch.shell("cp boot/vmlinuz-6.1.0-9-amd64 boot/vmlinuz-7")
        #expect(throws: PredictionError.noEntry(version: "7")) { try tree.predict(kernel: "7") }
    }

    @Test func followsTheSubmenuToTheDefaultKernel() throws {
        let prediction = try tree.predict(kernel: "6.1.0-56-amd64", isInSubmenu: true)
        #expect(prediction.gaps.isEmpty)
        #expect(
            prediction.entry == [
                "Advanced options for Debian GNU/Linux", "Debian GNU/Linux, with Linux 6.1.0-56-amd64",
            ])
        #expect(try changed(prediction) == [8], "the same files by other commands")
        try tree.scratch.shell("sed -i '/^submenu/,/^}/d' boot/grub/grub.cfg")
        #expect(throws: PredictionError.noEntry(version: "6.1.0-56-amd64")) {
            try tree.predict(kernel: "6.1.0-56-amd64", isInSubmenu: true)
        }
    }

    @Test func saysWhichCommandCannotBePredicted() throws {
        try tree.scratch.shell("sed -i '1i if cpuid -l; then set a=b; fi' boot/grub/grub.cfg")
        let prediction = try tree.predict()
        #expect(prediction.gaps.map { $0.pcrs } == [[4, 8, 9]])
        #expect(prediction.gaps.first?.event.contains("(hd0,gpt2)/grub/grub.cfg:1") == true)
        #expect(try prediction.value(of: 8, .sha256) == nil)
        #expect(try changed(prediction).isEmpty)
    }

    @Test func saysThatTheFallbackProgramComesFirst() throws {
        try tree.scratch.shell("cp usr/lib/shim/fbx64.efi.signed boot/efi/EFI/BOOT/fbx64.efi")
        let prediction = try tree.predict()
        #expect(prediction.gaps.first?.pcrs == Prediction.pcrs)
        #expect(try Prediction.pcrs.allSatisfy { try prediction.value(of: $0, .sha256) == nil })
    }

    @Test func doesNotTakeAnUnknownUUIDForNone() throws {
        try tree.scratch.shell("echo 'PARTLABEL=boot /boot ext4 defaults 0 0' > etc/fstab")
        let prediction = try tree.predict()
        #expect(prediction.gaps.map { $0.pcrs } == [[4, 8, 9]])
        #expect(prediction.gaps.first?.reason.contains("UUID") == true)
    }

    @Test func searchesByLabelOnlyWhereAllLabelsAreKnown() throws {
        try tree.scratch.shell("sed -i '1i search --no-floppy --label --set=x none' boot/grub/grub.cfg")
        let prediction = try tree.predict()
        #expect(prediction.gaps.map { $0.pcrs } == [[4, 8, 9]])
        #expect(prediction.gaps.first?.reason.contains("label") == true)
    }

    @Test func doesNotPredictABootThatTheESPIsMissingFor() throws {
        try tree.scratch.shell("rm -r boot/efi")
        let prediction = try tree.predict()
        #expect(prediction.gaps.map { $0.pcrs } == [Prediction.pcrs])
        // In an image build shim and GRUB are those of the packages.
        let template = BootHistory(log: try DemoBoot.log(), template: "demo")
        let built = try tree.predict(template)
        #expect(built.gaps.map { $0.pcrs } == [[4, 8, 9]])
        #expect(try changed(built).isEmpty)
        #expect(try built.value(of: 7, .sha256) == nil || built.value(of: 14, .sha256) != nil)
    }
}
