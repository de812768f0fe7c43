import SquashFS
import TestSupport
import Testing

/// Against what mksquashfs of squashfs-tools makes.
@Suite struct SquashVolumeTests {
    /// Lengths about a block of 4 KiB: none at all, a fragment, whole blocks with and without one.
    private static let lengths = [0, 1, 4095, 4096, 4097, 12288, 20_001]

    /// - Parameter options: of mksquashfs, behind the block size.
    private static func image(_ script: String, _ options: String = "") throws -> (Scratch, [UInt8]) {
        let scratch = try Scratch()
        try scratch.shell(
            "mkdir root; \(script)\nmksquashfs root image -quiet -no-progress -comp xz -all-root \(options) >/dev/null")
        return (scratch, try scratch.bytes("image"))
    }

    private static let files = """
        mkdir -p root/some/folder
        for length in \(lengths.map { String($0) }.joined(separator: " ")); do
            seq 100000 | head -c $length >root/some/folder/text-$length
            head -c $length /dev/urandom >root/some/folder/noise-$length
        done
        head -c 10000 /dev/zero >root/some/folder/zeros
        """

    @Test(arguments: [
        "-b 4096", "-b 4096 -no-fragments", "-b 4096 -always-use-fragments", "-b 1M", "-b 4096 -noI -noD -noF",
        "-b 4096 -no-exports -xattrs", "-b 4096 -Xbcj x86",
    ])
    func readsEachFile(_ options: String) throws {
        let (scratch, bytes) = try Self.image(Self.files, options)
        let volume = try SquashVolume(parsing: bytes)
        for name in ["zeros"] + Self.lengths.flatMap({ ["text-\($0)", "noise-\($0)"] }) {
            let expected = try scratch.bytes("root/some/folder/" + name)
            #expect(try volume.file(at: ["some", "folder", name]) == expected, "\(name)")
            #expect(try volume.file(at: ["some", "folder", name], limit: 4100) == Array(expected.prefix(4100)))
            #expect(try volume.isDirectory(at: ["some", "folder", name]) == false)
        }
        #expect(try volume.isDirectory(at: []) == true)
        #expect(try volume.isDirectory(at: ["some", "folder"]) == true)
        #expect(try volume.isDirectory(at: ["some", "other"]) == nil)
        #expect(try volume.file(at: ["some", "folder"]) == nil)
        #expect(try volume.file(at: ["some", "FOLDER", "text-1"]) == nil)
        #expect(try volume.file(at: ["some", "folder", "text-1", "more"]) == nil)
    }

    /// More entries than a run or a block of metadata has, more fragments than a block of their table, and directories
    /// with an index.
    @Test func findsEachOfManyFiles() throws {
        let (scratch, bytes) = try Self.image(
            """
            mkdir root/many
            for number in $(seq 1200); do seq $number | tail -c 3000 >root/many/a-file-with-a-longer-name-$number; done
            """, "-b 4096")
        let volume = try SquashVolume(parsing: bytes)
        for number in [1, 2, 255, 256, 257, 600, 1199, 1200] {
            let name = "a-file-with-a-longer-name-\(number)"
            #expect(try volume.file(at: ["many", name]) == scratch.bytes("root/many/" + name))
        }
        #expect(try volume.file(at: ["many", "a-file-with-a-longer-name-1201"]) == nil)
    }

    @Test func refusesWhatItDoesNotRead() throws {
        let (scratch, _) = try Self.image("ln -s elsewhere root/link", "-b 4096")
        let links = try SquashVolume(parsing: scratch.bytes("image"))
        #expect(throws: SquashError.kind(3)) { try links.file(at: ["link"]) }
        try scratch.shell("mksquashfs root gzip -quiet -no-progress -comp gzip >/dev/null")
        #expect(throws: SquashError.field("kind of compression", 1)) {
            try SquashVolume(parsing: scratch.bytes("gzip"))
        }
        #expect(!SquashVolume.isAtStart(of: [0x68, 0x73, 0x71]))
        #expect(SquashVolume.isAtStart(of: try scratch.bytes("gzip")))
    }

    /// Cut anywhere, it gives the same bytes or an error.
    @Test func survivesACutAtEachLength() throws {
        let (scratch, bytes) = try Self.image(Self.files, "-b 4096 -no-exports")
        let path = ["some", "folder", "text-20001"]
        let expected = try scratch.bytes("root/some/folder/text-20001")
        var refused = 0
        for length in 0..<bytes.count {
            do {
                let found = try SquashVolume(parsing: Array(bytes.prefix(length))).file(at: path)
                #expect(found == expected, "cut to \(length)")
            } catch { refused += 1 }
        }
        // mksquashfs pads to 4096 bytes, and the table of owners comes last.
        #expect(refused > bytes.count - 4096 - 512)
    }

    /// A changed byte of a file system without checks of its own: other contents, nothing at all or an error.
    @Test func survivesAChangedByte() throws {
        let (_, bytes) = try Self.image(Self.files, "-b 4096 -noI -noD -noF")
        var changed = bytes
        for place in Array(0..<96) + Array(stride(from: 96, to: bytes.count, by: 7)) {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                changed[place] ^= mask
                defer { changed[place] = bytes[place] }
                guard let volume = try? SquashVolume(parsing: changed) else { continue }
                let found = try? volume.file(at: ["some", "folder", "text-20001"])
                #expect((found ?? nil)?.count ?? 0 <= 64 << 20)
            }
        }
    }
}
