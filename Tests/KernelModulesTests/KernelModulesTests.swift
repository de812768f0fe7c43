import KernelModules
import TestSupport
import Testing

/// A folder of modules as Debian 12 and 13 have them: plain, and packed as `.ko.xz` or `.ko.zst`.
///
/// They are objects of no kernel's, so that none takes them. What can be seen is how far each comes: a kernel refuses a
/// packed one for the reason for which it refuses the plain one, and one that cannot be unpacked never gets to it.
@Suite struct KernelModulesTests {
    private let scratch: Scratch
    private var folder: String { scratch.file("lib/modules/6.1.0") }

    init() throws {
        scratch = try Scratch()
        try scratch.shell(
            """
            folder=lib/modules/6.1.0; mkdir -p $folder; echo 'int nothing;' >plain.c; cc -c plain.c -o $folder/plain.ko
            xz -c $folder/plain.ko >$folder/packed_xz.ko.xz; zstd -q -c $folder/plain.ko >$folder/packed_zst.ko.zst
            # Behind the mark that says how it is packed, it is not.
            for packing in xz zst; do
                { head -c 8 $folder/packed_$packing.ko.$packing; head -c 200 /dev/zero; } \\
                    >$folder/spoiled_$packing.ko.$packing
            done
            depmod -b . 6.1.0 2>/dev/null
            """)
    }

    private func outcome(_ name: String) throws -> KernelModules.Outcome {
        try #require(KernelModules.load([name], from: folder).first).outcome
    }

    @Test(arguments: ["xz", "zst"]) func aPackedModuleComesAsFarAsAPlainOne(_ packing: String) throws {
        let plain = try outcome("plain")
        guard case .refused(let reason) = plain else {
            Issue.record("a kernel has taken a module that is none: \(plain)")
            return
        }
        #expect(try outcome("packed_" + packing) == plain)
        #expect(try outcome("spoiled_" + packing) == .refused(22), "libkmod's own EINVAL")
        #expect(reason != 22)
    }

    @Test func aNameThatNoModuleHasIsUnknownAndKeepsNoOtherBack() throws {
        let loaded = KernelModules.load(["no_such_module", "plain"], from: folder)
        #expect(loaded.map(\.name) == ["no_such_module", "plain"])
        #expect(loaded[0].outcome == .unknown)
        #expect(loaded[1].outcome != .unknown)
    }
}
