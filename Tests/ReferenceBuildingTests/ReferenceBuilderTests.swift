import BootPolicy
import BoundedBytes
import Cryptography
import EFI
import EventLog
import Foundation
import InitramfsRuntime
import InstalledSystem
import JSON
import ReferenceBuilding
import TestSupport
import Testing

/// References of systems that are put together from Debian's own programs. The digests are those by which OVMF and shim
/// measured these very files (Tests/Fixtures/demo-boot).
@Suite(.enabled(if: DebianImages.isPresent)) struct ReferenceBuilderTests {
    private static let shim = "80a66d53a945d2286fcadd780fae1c225aa732079cd67b5225dc78aaab4e2ff8"
    private static let grub = "a68f6d71ebddaa19751ff8d729f67d11b0df8e4c49400c3e7e90de16119e1265"
    private static let kernel = "6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51"

    private let folder: Scratch

    init() throws {
        folder = try Scratch()
        try DebianImages.unpack(into: folder)
        try folder.shell("mkdir -p root/boot/efi/EFI/debian root/usr/lib; cp kernel root/boot/vmlinuz-6.1.0-56-amd64")
    }

    private func build(_ facts: ReferenceBuilder.Facts = .init()) throws -> Reference {
        try ReferenceBuilder(InstalledSystem.open(root: folder.file("root")), facts).build()
    }

    private func programs(_ reference: Reference) -> [String] {
        reference.programs.map { "\($0.role.rawValue) \(Hexadecimal.encode($0.digest)) \($0.file)" }
    }

    private func recorded() throws -> ReferenceBuilder.Facts {
        var facts = ReferenceBuilder.Facts()
        facts.log = try EventLog(parsing: Fixtures.bytes("demo-boot/eventlog.bin"))
        return facts
    }

    private func installPackages() throws {
        try folder.shell(
            """
            mkdir -p root/usr/lib/shim root/usr/lib/grub/x86_64-efi-signed
            cp shim root/usr/lib/shim/shimx64.efi.signed
            cp grub root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
            """)
    }

    @Test func packagesAndKernelAreAllowed() throws {
        try installPackages()
        let reference = try build()
        #expect(
            programs(reference) == [
                "shim \(Self.shim) /usr/lib/shim/shimx64.efi.signed",
                "grub \(Self.grub) /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
                "kernel \(Self.kernel) /boot/vmlinuz-6.1.0-56-amd64",
            ])
        #expect(reference.programs[0].signers.contains("Microsoft UEFI CA 2023 signer"))
        #expect(reference.programs.map(\.version) == ["16.1", "2.06-13+deb12u2", "6.1.0-56-amd64"])
        #expect(reference.variables.isEmpty && reference.sbat.isEmpty && reference.mok == nil)
        #expect(try Reference(parsing: Array(reference.json.compact.utf8)) == reference)
    }

    @Test func thePartitionCountsWhereThereIsNoPackage() throws {
        try folder.shell("cp shim root/boot/efi/EFI/debian/shimx64.efi; cp grub root/boot/efi/EFI/debian/grubx64.efi")
        #expect(
            programs(try build()).dropLast() == [
                "grub \(Self.grub) /EFI/debian/grubx64.efi", "shim \(Self.shim) /EFI/debian/shimx64.efi",
            ])
    }

    /// The host writes a shim of its own to the partition before an update makes the next initramfs.
    @Test func aForeignShimBesideThePackageIsNotAllowedUnlessItHasBooted() throws {
        try installPackages()
        try folder.shell("cp shim-unsigned root/boot/efi/EFI/debian/shimx64.efi")
        #expect(programs(try build()).filter { $0.hasPrefix("shim") }.count == 1)
        // The control: without the package, what is on the partition is all that there is to go by.
        try folder.shell("rm root/usr/lib/shim/shimx64.efi.signed")
        #expect(!programs(try build()).contains { $0.contains(Self.shim) })
        #expect(programs(try build()).contains { $0.hasSuffix("/EFI/debian/shimx64.efi") })
        // The package was updated, the partition not yet: what is there has booted, so it may boot again.
        try folder.shell(
            """
            cp shim-unsigned root/usr/lib/shim/shimx64.efi.signed
            cp shim root/boot/efi/EFI/debian/shimx64.efi
            """)
        let updated = try build(recorded())
        #expect(programs(updated).filter { $0.hasPrefix("shim") }.count == 2)
        #expect(updated.mok == nil, "the other shim has other keys of its own")
        #expect(programs(try build()).filter { $0.hasPrefix("shim") }.count == 1)
    }

    @Test func programsWithoutAPartInABootAreLeftOut() throws {
        try folder.shell(
            """
            cp kernel root/boot/efi/EFI/debian/mmx64.efi
            echo text > root/boot/efi/EFI/debian/broken.efi
            cp grub root/boot/efi/EFI/debian/grub.bak
            """)
        #expect(programs(try build()) == ["kernel \(Self.kernel) /boot/vmlinuz-6.1.0-56-amd64"])
    }

    @Test func aBootTellsWhatNoFileTells() throws {
        try installPackages()
        let facts = try recorded()
        let reference = try build(facts)
        #expect(reference.variables.map(\.name) == ["PK", "KEK", "db", "dbx"])
        #expect(reference.sbat.map(\.component) == ["sbat", "shim", "grub"])
        #expect(reference.sbat.map(\.generation) == [1, 4, 5])
        #expect(reference.mok?.map(\.name) == ["MokList", "MokListX", "MokListTrusted"])
        let log = try #require(facts.log)
        let pcrs = try #require(try log.replay().first { $0.bank.algorithm == .sha256 }).pcrs
        let found = (0..<16).map { index in
            FoundPCR(
                index: index, value: pcrs.first { $0.index == index }?.value ?? [UInt8](repeating: 0, count: 32))
        }
        #expect(try BootCheck(log: log, reference: reference).verdict(pcrs: found, later: []).isAccepted)
    }

    /// The keys as they are now count more than those that the last boot measured.
    @Test func theCurrentKeysComeFirst() throws {
        var facts = try recorded()
        let content: [UInt8] = [7, 0, 0, 0] + Array("a new db".utf8)
        facts.variables = [
            try Variable(efivarfsFile: "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", content: content),
            try Variable(efivarfsFile: "PK-d719b2cb-3d3a-4596-a3bc-dad00e67656f", content: content),
        ]
        let digest = try DigestAlgorithm.sha256.hash(Array("a new db".utf8))
        #expect(try build(facts).variables == [Reference.Pinned(name: "db", digest: digest)], "PK is of another vendor")
    }

    @Test func kernelsAreChosenByVersion() throws {
        try folder.shell(
            """
            cp kernel root/boot/vmlinuz-6.1.0-57-amd64
            printf changed | dd of=root/boot/vmlinuz-6.1.0-57-amd64 bs=1 seek=1000000 conv=notrunc status=none
            """)
        #expect(try build().programs.count == 2)
        var facts = ReferenceBuilder.Facts()
        facts.kernels = ["6.1.0-57-amd64"]
        #expect(try build(facts).programs.map(\.version) == ["6.1.0-57-amd64"])
        facts.kernels = ["6.1.0-58-amd64"]
        #expect(throws: ReferenceBuildingError.self) { try build(facts) }
        try folder.shell("rm root/boot/vmlinuz-*")
        #expect(throws: ReferenceBuildingError.self) { try build() }
        try folder.shell("head -c 1000 kernel > root/boot/vmlinuz-6.1.0-57-amd64")
        let error = #expect(throws: ReferenceBuildingError.self) { try build() }
        #expect(error?.exitCode == .malformed)
    }

    @Test(.enabled(if: SharedData.isPresent)) func theKernelInsideAUnifiedImageIsAllowedToo() throws {
        try folder.write(SharedData.bytes("pe/talos-linuxx64.efi.stub"), to: "stub")
        try folder.shell(
            """
            rm root/boot/vmlinuz-*
            mkdir -p root/boot/efi/EFI/Linux
            objcopy --add-section .linux=kernel --change-section-vma .linux=0x2000000 \\
                --set-section-flags .linux=data,readonly stub root/boot/efi/EFI/Linux/linux.efi
            """)
        let reference = try build()
        #expect(reference.programs.map(\.role) == [.unifiedKernel, .kernel])
        #expect(programs(reference)[1] == "kernel \(Self.kernel) /EFI/Linux/linux.efi (.linux)")
    }
}
