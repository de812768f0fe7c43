import EncryptedMemory
import TestSupport
import Testing

@testable import EmulatedMachine

/// Where QEMU says that its memory lies is where the model says so.
@Suite struct GuestRAMTests {
    /// On both sides of where the board begins to put memory above 4 GiB.
    @Test(arguments: [256, 2815, 2816, 3072, 5000] as [UInt64]) func liesWhereQEMUHasIt(_ mebibytes: UInt64) throws {
        let scratch = try Scratch()
        let text = try scratch.shell(
            """
            printf 'info mtree\\nquit\\n' | qemu-system-x86_64 -nodefaults -display none -machine q35,accel=tcg \\
                -m \(mebibytes)M -S -monitor stdio | grep -a 'alias ram-[a-z]*-4g @pc.ram' | tr -d '\\r' | sed 's/^ *//' | sort -u
            """)
        let found = text.split(separator: "\n").map { line -> [UInt64] in
            let range = line.prefix(33).split(separator: "-").map { UInt64($0, radix: 16) ?? 0 }
            let offset = line.split(separator: " ").last?.prefix(16)
            return [range[0], range[1] - range[0] + 1, offset.flatMap { UInt64($0, radix: 16) } ?? 1]
        }
        let regions = GuestRAM.regions(byteCount: mebibytes << 20)
        #expect(regions.map { [$0.address.rawValue, $0.byteCount, $0.offset] } == found)
    }
}
