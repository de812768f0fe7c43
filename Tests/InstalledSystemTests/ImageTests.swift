import Cryptography
import InitramfsRuntime
import PartitionTable
import TestSupport
import Testing

@testable import InstalledSystem

struct ImageTests {
    /// Folders for an EFI system partition, a /boot and a root.
    private static let folders = """
        mkdir -p esp/EFI/BOOT boot/grub root/etc root/usr root/boot/grub
        head -c 3000000 /dev/urandom > boot/vmlinuz-6.1.0-9-amd64
        cp boot/vmlinuz-6.1.0-9-amd64 boot/vmlinuz-6.1.0-56-amd64
        echo initrd > boot/initrd.img-6.1.0-56-amd64
        echo boot > boot/grub/grub.cfg; echo root > root/boot/grub/grub.cfg
        ln -s /grub/grub.cfg boot/absolute; ln -s ../../../grub boot/grub/up; ln -s loop boot/loop
        ln -s /etc/passwd boot/outside; ln -s vmlinuz-6.1.0-56-amd64 boot/vmlinuz
        echo quoted > "boot/a \\"quoted\\" name; dump x"; echo line > "boot/two\nlines"
        mkfifo boot/pipe
        echo stub > esp/EFI/BOOT/grub.cfg
        """

    private static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.shell(folders)
        return scratch
    }

    @Test func findsTheVolumesOfAnImage() throws {
        let image = try SystemImage(
            in: Self.scratch(),
            [(SystemImage.espType, .fat("esp")), (SystemImage.linuxType, .ext4("boot")), ("L", .ext4("root"))])
        let system = try InstalledSystem.open(image: image.path)
        #expect(system.volumes.map { $0.device } == ["hd0,gpt1", "hd0,gpt2", "hd0,gpt3"])
        #expect(system.esp?.device == "hd0,gpt1")
        #expect(system.root?.device == "hd0,gpt3")
        let boot = try system.boot
        #expect(boot.volume.device == "hd0,gpt2" && boot.prefix.isEmpty)
        #expect(try boot.volume.read("/grub/grub.cfg", limit: 100) == Array("boot\n".utf8))
        #expect(try system.esp?.read("/efi/boot/GRUB.CFG", limit: 100) == Array("stub\n".utf8))
        for (index, volume) in system.volumes.enumerated() {
            let probe = "blkid -p -o value -O $((1048576 * \(1 + index * 40))) -S 41943040 image -s"
            #expect(try volume.identifier == image.scratch.shell(probe + " UUID"))
            #expect(try volume.label == image.scratch.shell(probe + " LABEL"))
        }
        #expect(
            try InstalledSystem.open(image: image.path, devices: GRUBDevices(disk: "hd1")).esp?.device == "hd1,gpt1")
    }

    @Test func followsLinksInsideAFileSystem() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let boot = try InstalledSystem.open(image: image.path).boot.volume
        for path in ["/absolute", "//grub/./grub.cfg", "/grub/up/grub.cfg", "/../grub/grub.cfg"] {
            #expect(try boot.read(path, limit: 100) == Array("boot\n".utf8), "\(path)")
        }
        #expect(try boot.kind(of: "/outside") == nil)
        #expect(try boot.kind(of: "/pipe") == .other)
        #expect(try boot.kind(of: "/grub") == .folder)
        #expect(try boot.kind(of: "/vmlinuz") == .file(byteCount: 3_000_000))
        #expect(try boot.kind(of: "/grub/grub.cfg/x") == nil)
        #expect(throws: InstalledSystemError.self) { try boot.kind(of: "/loop") }
        #expect(throws: InstalledSystemError.missing(volume: boot.name, path: "/nothing")) {
            try boot.read("/nothing", limit: 1)
        }
        #expect(throws: InstalledSystemError.wrongKind(volume: boot.name, path: "/grub")) {
            try boot.read("/grub", limit: 1)
        }
        #expect(throws: InstalledSystemError.tooLarge(volume: boot.name, path: "/absolute", byteCount: 5, limit: 4)) {
            try boot.read("/absolute", limit: 4)
        }
    }

    @Test func tellsANameFromWhatItLeadsTo() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let boot = try InstalledSystem.open(image: image.path).boot.volume
        let time = try image.scratch.shell("stat -c %Y boot/vmlinuz-6.1.0-56-amd64")
        let entry = try #require(try boot.entry(at: "/vmlinuz-6.1.0-56-amd64"))
        #expect(String(entry.modified) == time && !entry.isFolder)
        // A link to a folder is none, and one that leads nowhere is there.
        #expect(try boot.kind(of: "/grub/up") == .folder)
        #expect(try boot.entry(at: "/grub/up")?.isFolder == false)
        #expect(try boot.entry(at: "/grub/up/grub.cfg")?.isFolder == false)
        #expect(try boot.entry(at: "/loop") != nil && boot.entry(at: "/outside") != nil)
        #expect(try boot.entry(at: "/grub")?.isFolder == true)
        #expect(try boot.entry(at: "/nothing") == nil && boot.entry(at: "/") == nil)
    }

    @Test func takesNamesAsTheyAre() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let boot = try InstalledSystem.open(image: image.path).boot.volume
        #expect(try boot.read("/a \"quoted\" name; dump x", limit: 100) == Array("quoted\n".utf8))
        #expect(try boot.read("/two\nlines", limit: 100) == Array("line\n".utf8))
        #expect(try boot.names(in: "/")?.contains("two\nlines") == true)
        #expect(throws: InstalledSystemError.name("/grub\0/x")) { try boot.kind(of: "/grub\0/x") }
        let long = "/" + String(repeating: "a", count: 5000)
        #expect(throws: InstalledSystemError.name(long)) { try boot.kind(of: long) }
        #expect(try boot.kind(of: "/" + String(repeating: "a", count: 300)) == nil)
    }

    @Test func hashesAFileAsCoreutilsDo() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let boot = try InstalledSystem.open(image: image.path).boot.volume
        let expected = try ["sha1sum", "sha256sum", "sha384sum", "sha512sum"].map {
            try image.scratch.shell("\($0) boot/vmlinuz | cut -d' ' -f1")
        }
        let digests = try boot.digests(of: "/vmlinuz", DigestAlgorithm.allCases)
        #expect(digests.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() } == expected)
    }

    @Test func sortsKernelsByVersion() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let kernels = try InstalledSystem.open(image: image.path).kernels()
        #expect(kernels.map { $0.version.description } == ["6.1.0-9-amd64", "6.1.0-56-amd64"])
        #expect(kernels.map { $0.path } == ["/vmlinuz-6.1.0-9-amd64", "/vmlinuz-6.1.0-56-amd64"])
        #expect(kernels.map { $0.initrd } == [nil, "/initrd.img-6.1.0-56-amd64"])
    }

    @Test func takesBootFromTheRootWhereItHasNoPartition() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("root"))])
        let boot = try InstalledSystem.open(image: image.path).boot
        #expect(boot.prefix == "/boot")
        #expect(try boot.volume.read(boot.prefix + "/grub/grub.cfg", limit: 100) == Array("root\n".utf8))
    }

    @Test func saysThatAnEncryptedRootHidesBoot() throws {
        let image = try SystemImage(in: Self.scratch(), [(SystemImage.espType, .fat("esp")), ("L", .luks)])
        let system = try InstalledSystem.open(image: image.path)
        do throws(InstalledSystemError) {
            _ = try system.boot
            Issue.record("a boot folder was found")
        } catch {
            guard case .encryptedBoot = error else {
                Issue.record("\(error)")
                return
            }
            #expect(error.exitCode == .missing)
            #expect(error.description.contains("the root is encrypted"))
        }
    }

    @Test func refusesToGuess() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot")), ("L", .ext4("boot"))])
        do throws(InstalledSystemError) {
            _ = try InstalledSystem.open(image: image.path)
            Issue.record("not refused")
        } catch {
            guard case .ambiguous("/boot", let partitions) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(partitions.count == 2)
        }
        let empty = try SystemImage(in: Scratch(), [("L", .nothing)])
        let system = try InstalledSystem.open(image: empty.path)
        #expect(system.esp == nil && system.root == nil && system.volumes.isEmpty)
        #expect(throws: InstalledSystemError.self) { try system.boot }
        #expect(throws: InstalledSystemError.self) { try system.bootChain() }
    }

    /// The file system is as long as its partition was; the image or the partition is not.
    @Test func refusesCutImages() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        try image.scratch.shell("head -c 20000000 image > short")
        #expect(throws: InstalledSystemError.self) { try InstalledSystem.open(image: image.scratch.file("short")) }
        try image.scratch.shell(
            "printf 'label: gpt\\nsize=20MiB, type=L\\n' > table; printf 'I\\ntable\\nw\\n' | fdisk image >/dev/null 2>&1"
        )
        do throws(InstalledSystemError) {
            _ = try InstalledSystem.open(image: image.path)
            Issue.record("not refused")
        } catch {
            guard case .cut(_, needed: 41_943_040, available: 20_971_520) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(error.exitCode == .malformed)
        }
    }

    @Test func refusesWhatIsNoImage() throws {
        let scratch = try Scratch()
        #expect(throws: InstalledSystemError.notImage(scratch.path)) { try InstalledSystem.open(image: scratch.path) }
        try scratch.write([UInt8](repeating: 0, count: 1 << 20), to: "zeros")
        #expect(throws: InstalledSystemError.table(.notGPT)) { try InstalledSystem.open(image: scratch.file("zeros")) }
        do throws(InstalledSystemError) {
            _ = try InstalledSystem.open(image: scratch.file("missing"))
            Issue.record("opened")
        } catch { #expect(error.exitCode == .missing) }
    }

    /// Bytes of the metadata turned at random places: an error or a result, and never a crash.
    @Test func survivesBrokenFileSystems() throws {
        let image = try SystemImage(in: Self.scratch(), [("L", .ext4("boot"))])
        let original = try image.scratch.bytes("image")
        var outcomes = [0, 0]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            var bytes = original
            for _ in 0..<200 {
                bytes[(1 << 20) + 1024 + Int.random(in: 0..<400_000, using: &random)] = .random(in: 0...255)
            }
            try image.scratch.write(bytes, to: "broken")
            do throws(InstalledSystemError) {
                let boot = try InstalledSystem.open(image: image.scratch.file("broken")).boot.volume
                _ = try boot.names(in: "/grub")
                _ = try boot.digests(of: "/vmlinuz", [.sha256])
                outcomes[0] += 1
            } catch { outcomes[1] += 1 }
        }
        #expect(outcomes[1] > 0)
    }
}
