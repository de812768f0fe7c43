import Cryptography
import TestSupport
import Testing

@testable import InstalledSystem

/// The demo disk and its root, as `make image` makes them.
struct DebianSystemTests {
    @Test(.enabled(if: DebianImages.isPresent), arguments: ["disk.raw", "encrypted.raw"])
    func findsTheChainOfTheDemoDisk(_ name: String) throws {
        let path = try #require(DebianImages.file(name))
        let system = try InstalledSystem.open(image: path)
        #expect(system.esp?.identifier == "5EA1-2007" && system.esp?.label == "ESP")
        #expect(try system.boot.volume.identifier == "5ea12007-b007-4000-8000-000000000002")
        #expect((system.root == nil) == (name == "encrypted.raw"))
        #expect(try system.kernels().map { $0.version.description } == ["6.1.0-56-amd64"])
        let chain = try system.bootChain()
        #expect(chain.programs.map { $0.kind } == [.shim, .grub])
        #expect(chain.programs.map { $0.path } == ["/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi"])
        #expect(!chain.isPackaged && !chain.usesFallback && chain.shimAdditions.isEmpty)
        let named = try system.bootChain(starting: "\\EFI\\debian\\shimx64.efi")
        #expect(named.programs.map { $0.path } == ["/EFI/debian/shimx64.efi", "/EFI/debian/grubx64.efi"])
        // One reader against another, over all of the kernel.
        let scratch = try Scratch()
        try DebianImages.unpack(into: scratch)
        let kernel = try #require(try system.kernels().first)
        let digest = try system.boot.volume.digests(of: kernel.path, [.sha256])[0]
        let text = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(try text == scratch.shell("sha256sum kernel | cut -d' ' -f1"))
    }

    @Test(.enabled(if: DebianImages.isPresent)) func takesThePackagedProgramsOfATreeWithoutESP() throws {
        let scratch = try Scratch()
        try DebianImages.unpackTree(into: scratch)
        let system = try InstalledSystem.open(root: scratch.path)
        #expect(system.esp == nil)
        let chain = try system.bootChain()
        #expect(chain.isPackaged)
        #expect(chain.programs.map { $0.kind } == [.shim, .grub])
        #expect(try system.kernels().count == 1)
        // fstab names /boot a partition of its own.
        #expect(try system.boot.prefix.isEmpty)
    }

    @Test(.enabled(if: DebianImages.isPresent)) func seesWhatLiesBesideShim() throws {
        let scratch = try Scratch()
        try DebianImages.unpackTree(into: scratch)
        try scratch.shell(
            """
            mkdir -p boot/efi/EFI/BOOT
            cp usr/lib/shim/shimx64.efi.signed boot/efi/EFI/BOOT/bootx64.efi
            cp usr/lib/shim/fbx64.efi.signed boot/efi/EFI/BOOT/fbx64.efi
            cp usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed boot/efi/EFI/BOOT/other.efi
            touch boot/efi/EFI/BOOT/Shim_Certificate_1.efi boot/efi/EFI/BOOT/revocations_sbat.efi
            """)
        let system = try InstalledSystem.open(root: scratch.path)
        let chain = try system.bootChain()
        #expect(chain.usesFallback)
        #expect(chain.programs[1].path == "/EFI/BOOT/fbx64.efi")
        #expect(chain.shimAdditions == ["Shim_Certificate_1.efi", "revocations_sbat.efi"])
        let named = try system.bootChain(starting: "\\EFI\\BOOT\\BOOTX64.EFI", then: "\\EFI\\BOOT\\other.efi")
        #expect(!named.usesFallback && named.programs[1].kind == .grub)
        #expect(throws: InstalledSystemError.self) { try system.bootChain(starting: "\\EFI\\none.efi") }
        let direct = try system.bootChain(starting: "\\EFI\\BOOT\\other.efi")
        #expect(direct.programs.map { $0.kind } == [.grub] && direct.shim == nil)
    }
}
