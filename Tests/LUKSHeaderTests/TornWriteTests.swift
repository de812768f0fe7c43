import HeaderForgery
import JSON
import LUKSHeader
import TestSupport
import Testing

/// Power cuts at every place of the writes that libcryptsetup really makes.
@Suite struct TornWriteTests {
    private static let sector = 512
    /// Both copies of the header.
    private static let headerByteCount = 32768

    private struct Change {
        let before: [UInt8]
        let after: [UInt8]
        let old: JSONValue
        let new: JSONValue
        /// The writes into the header, with a nil where the disk has to have written all.
        let writes: [(offset: Int, bytes: [UInt8])?]
    }

    private static func record(_ file: VolumeFile, _ arguments: [String]) throws -> Change {
        let before = try file.read(0, headerByteCount)
        let trace = try WriteTrace(of: ["/usr/sbin/cryptsetup", "--batch-mode"] + arguments, to: file.path)
        let writes = trace.events.map { event -> (offset: Int, bytes: [UInt8])? in
            switch event {
            case .sync: nil
            case .write(let offset, let bytes): offset < headerByteCount ? (offset, bytes) : (0, [])
            }
        }
        let after = try file.read(0, headerByteCount)
        let (old, new) = (try header(of: before).metadata, try header(of: after).metadata)
        return Change(before: before, after: after, old: old, new: new, writes: writes)
    }

    /// A token comes, a keyslot comes, a keyslot goes, a token goes: what enrolment, resealing and wiping do.
    private static func changes() throws -> [Change] {
        let file = try VolumeFile()
        let scratch = try Scratch()
        try scratch.write(Array(#"{"type":"test","keyslots":[]}"#.utf8), to: "token")
        return [
            try record(file, ["token", "import", "--token-id", "0", "--json-file", scratch.file("token"), file.path]),
            try record(
                file, ["luksAddKey"] + VolumeFile.cheap + ["--key-file", file.keyFile, file.path, file.keyFile]),
            try record(file, ["luksKillSlot", "--key-file", file.keyFile, file.path, "1"]),
            try record(file, ["token", "remove", "--token-id", "0", file.path]),
        ]
    }

    private static func header(of disk: [UInt8]) throws -> LUKSHeader {
        let copies = HeaderCopies { (offset, count) throws(Never) in Array(disk.dropFirst(offset).prefix(count)) }
        return try LUKSHeader(checking: copies, deviceByteCount: UInt64(ForgedHeader.deviceByteCount))
    }

    /// - Returns: whether one copy is torn.
    private func expectOldOrNew(_ disk: [UInt8], _ change: Change, _ place: String) -> Bool {
        do {
            let header = try Self.header(of: disk)
            #expect(header.metadata == change.old || header.metadata == change.new, "\(place)")
            return header.tornCopy != nil
        } catch {
            Issue.record("\(place): \(error)")
            return false
        }
    }

    @Test func everyPrefixOfTheWritesGivesTheOldHeaderOrTheNew() throws {
        var torn = 0
        for (number, change) in try Self.changes().enumerated() {
            var disk = change.before
            for (index, write) in change.writes.enumerated() {
                guard let write else { continue }
                for start in stride(from: 0, to: write.bytes.count, by: Self.sector) {
                    let end = min(start + Self.sector, write.bytes.count)
                    disk.replaceSubrange(write.offset + start..<write.offset + end, with: write.bytes[start..<end])
                    let place = "change \(number), write \(index), byte \(end)"
                    torn += expectOldOrNew(disk, change, place) ? 1 : 0
                }
            }
            #expect(disk == change.after, "every write was seen")
        }
        #expect(torn > 100)
    }

    /// Between two flushes a disk may write its sectors in any order, and each write or not.
    @Test func soDoesEveryOrderThatADiskMayWriteIn() throws {
        var random = Steady()
        var torn = 0
        for (number, change) in try Self.changes().enumerated() {
            var disk = change.before
            for flight in change.writes.split(whereSeparator: { $0 == nil }).map({ $0.compactMap { $0 } }) {
                for _ in 0..<50 {
                    var cut = disk
                    for write in flight {
                        for start in stride(from: 0, to: write.bytes.count, by: Self.sector)
                        where Bool.random(using: &random) {
                            let end = min(start + Self.sector, write.bytes.count)
                            cut.replaceSubrange(
                                write.offset + start..<write.offset + end, with: write.bytes[start..<end])
                        }
                    }
                    torn += expectOldOrNew(cut, change, "change \(number)") ? 1 : 0
                }
                for write in flight {
                    disk.replaceSubrange(write.offset..<write.offset + write.bytes.count, with: write.bytes)
                }
            }
        }
        #expect(torn > 100)
    }
}

/// Numbers that are the same in every run (SplitMix64).
private struct Steady: RandomNumberGenerator {
    private var state: UInt64 = 0x5EA1_2007

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
