import Cryptography
import EventLog
import GRUBScript
import TestSupport
import Testing

/// The event logs of real boots, event by event.
@Suite struct RealBootTests {
    private func predict(_ disk: MemoryDisk) throws -> GRUBPrediction {
        try GRUBPrediction.make(machine: try Machines.debian(), disk: disk)
    }

    /// Compares names and, where the prediction has the text or the disk the file, digests.
    private func compare(_ prediction: GRUBPrediction, _ disk: MemoryDisk, with fixture: String) throws {
        let log = try EventLog(parsing: try Fixtures.bytes(fixture))
        let (lines, events) = Machines.shown(log)
        #expect(prediction.isComplete, "\(prediction.ending)")
        #expect(prediction.events.map(Machines.shown) == lines)
        let bank = try #require(log.banks.first { $0.name == "sha256" })
        for (predicted, event) in zip(prediction.events, events) {
            let bytes: [UInt8]
            switch predicted.measurement {
            case .command(let text), .kernelCommandLine(let text): bytes = text
            case .file(let file, let content):
                let onDisk = disk.files[file.device]?[file.path] ?? []
                if onDisk == Machines.kernel || onDisk == Self.initrd || onDisk == Self.font { continue }
                bytes = content ?? onDisk
            case .image: continue
            }
            let digest = try DigestAlgorithm.sha256.hash(bytes)
            #expect(log.digest(of: event, in: bank).map(Array.init) == digest, "\(predicted.origin)")
        }
    }

    private static let initrd = Array("stands for the initrd".utf8)
    private static let font = Array("stands for the font".utf8)

    @Test func predictsTheDemoBoot() throws {
        let disk = MemoryDisk(
            esp: ["/EFI/debian/grub.cfg": Machines.stub],
            boot: [
                "/grub/grub.cfg": try Fixtures.bytes("demo-boot/grub.cfg"), "/vmlinuz-6.1.0-56-amd64": Machines.kernel,
                "/initrd.img-6.1.0-56-amd64": Self.initrd,
            ])
        let prediction = try predict(disk)
        try compare(prediction, disk, with: "demo-boot/eventlog.bin")
        #expect(prediction.chosen == ["Debian GNU/Linux"])
        #expect(prediction.written.isEmpty)
        let kernel = GRUBFile(
            device: "hd0,gpt2", path: "/vmlinuz-6.1.0-56-amd64", shownName: "/vmlinuz-6.1.0-56-amd64")
        #expect(prediction.ending == .boots(kernel))
        let images = prediction.events.filter { $0.pcr == 4 }.map(\.measurement)
        #expect(images == [.image(kernel, by: .shimOnOpen), .image(kernel, by: .shimOnLoad)])
    }

    @Test(arguments: [1, 2]) func predictsABootThatUsesMostOfTheLanguage(_ number: Int) throws {
        let disk = try Self.variety(boot: number)
        let prediction = try predict(disk)
        try compare(prediction, disk, with: "grub-variety/eventlog-\(number).bin")
        #expect(prediction.chosen == ["Sub > menu", "It's inner"])
        let environment = GRUBFile(device: "hd0,gpt2", path: "/grub/grubenv", shownName: "(hd0,gpt2)/grub/grubenv")
        #expect(prediction.written == [environment: try Fixtures.bytes("grub-variety/grubenv-\(number)")])
    }

    /// The disk before the first or second boot.
    static func variety(boot number: Int) throws -> MemoryDisk {
        var boot = ["/vmlinuz-6.1.0-56-amd64": Machines.kernel, "/initrd.img-6.1.0-56-amd64": initrd]
        let names = [
            "grub.cfg", "conf.d/a.cfg", "other", "empty", "early.cpio", "x86_64-efi/command.lst", "x86_64-efi/fs.lst",
            "x86_64-efi/crypto.lst", "x86_64-efi/minix.mod", "x86_64-efi/hfs.mod", "x86_64-efi/date.mod",
            "locale/de.mo",
            "locale/de_AT.mo",
        ]
        for name in names { boot["/grub/" + name] = try Fixtures.bytes("grub-variety/boot/grub/" + name) }
        boot["/grub/unicode.pf2"] = font
        boot["/grub/grubenv"] = try Fixtures.bytes("grub-variety/grubenv-\(number - 1)")
        return MemoryDisk(esp: ["/EFI/debian/grub.cfg": Machines.stub], boot: boot)
    }

    @Test func namesTheLineThatEachMeasurementComesFrom() throws {
        let prediction = try predict(try Self.variety(boot: 1))
        func line(_ text: String) -> [Int] {
            prediction.events.filter { $0.measurement == .command(Array(text.utf8)) }.map(\.origin.line)
        }
        // Lines that the reader drops count, also within a menu entry.
        #expect(line("echo booting") == [107])
        #expect(line("nosuchcommand") == [50])
        #expect(prediction.events.last?.origin.file == "(hd0,gpt2)/grub/grub.cfg")
    }
}
