import BoundedBytes
import TestSupport
import Testing

@testable import FileSystems

struct FATVolumeTests {
    static let widths = [(12, 2048, 1), (16, 16384, 2), (32, 40960, 1)]

    /// Files whose clusters are scattered, since the second was made longer after the third; a folder that needs
    /// many clusters; names of every kind.
    private static let script = """
        head -c 100000 /dev/urandom > one; head -c 1000 /dev/urandom > two; head -c 300000 /dev/urandom > three
        : > empty
        export MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8
        mmd -i fat ::/EFI ::/EFI/debian
        mcopy -i fat one ::/EFI/debian/shimx64.efi
        mcopy -i fat two ::/EFI/debian/GRUBX64.EFI
        mdel -i fat ::/EFI/debian/shimx64.efi
        mcopy -i fat three "::/EFI/debian/a very long name, with 'quotes' and ünï.cfg"
        mcopy -i fat one ::/EFI/debian/shimx64.efi
        mcopy -i fat empty ::/empty; mcopy -i fat two ::/gone; mdel -i fat ::/gone
        mmd -i fat ::/many
        for i in $(seq 200); do echo $i > "file number $i.txt"; done
        mcopy -i fat file*txt ::/many
        """

    @Test(arguments: widths) func readsWhatMtoolsWrote(_ width: Int, _ kibibytes: Int, _ sectors: Int) throws {
        let image = try FATImage(
            width: width, kibibytes: kibibytes, clusterSectors: sectors, script: Self.script)
        for (file, name) in [("one", "SHIMx64.efi"), ("two", "grubx64.efi")] {
            #expect(try image.contents(["efi", "DEBIAN", name]) == image.scratch.bytes(file))
        }
        let long = "a very long name, with 'quotes' and ünï.cfg"
        #expect(try image.contents(["EFI", "debian", long]) == image.scratch.bytes("three"))
        #expect(try image.contents(["empty"]) == [])
        #expect(try image.contents(["many", "file number 137.txt"]) == Array("137\n".utf8))
        // The short name, by mdir's own account.
        let short = try image.scratch.shell("mdir -i fat ::/many | grep 'number 200' | cut -c1-12 | tr -s ' ' .")
        #expect(try image.contents(["many", short]) == Array("200\n".utf8))
        #expect(try image.contents(["EFI", "debian", "missing"]) == nil)
        #expect(try image.contents(["empty", "missing"]) == nil)
        #expect(try image.contents(["gone"]) == nil)
        // Nothing, within a cluster, past others, past the end.
        let three = try image.scratch.bytes("three")
        for limit in [0, 1, 150_001, 300_001] {
            #expect(try image.contents(["EFI", "debian", long], limit: limit) == Array(three.prefix(limit)))
        }
        let names = try image.scratch.shell("LC_ALL=C.UTF-8 mdir -b -i fat ::/EFI/debian | sed s,.*/,,")
        #expect(
            try image.volume.entries(at: ["EFI", "debian"])?.map { $0.name }.sorted().joined(separator: "\n")
                == names.split(separator: "\n").sorted().joined(separator: "\n"))
    }

    @Test(arguments: widths) func saysWhatBlkidSays(_ width: Int, _ kibibytes: Int, _ sectors: Int) throws {
        let image = try FATImage(width: width, kibibytes: kibibytes, clusterSectors: sectors)
        #expect(try image.volume.identifier == image.scratch.shell("blkid -p -s UUID -o value fat"))
        #expect(try image.volume.label() == image.scratch.shell("blkid -p -s LABEL -o value fat"))
        #expect(PartitionContent(probing: image.bytes) == .fat)
    }

    @Test(arguments: widths) func refusesEveryCutOfTheVolume(_ width: Int, _ kibibytes: Int, _ sectors: Int) throws {
        var image = try FATImage(width: width, kibibytes: kibibytes, clusterSectors: sectors)
        let last = image.bytes.count - 512
        for length in Array(stride(from: last, through: 0, by: -(last / 50))) + [511, 36, 1, 0] {
            image.cut(to: min(length, image.bytes.count))
            #expect(throws: FATFailure<ByteError>.self, "cut to \(length)") { try image.volume }
        }
    }

    @Test func readsTimesAsMtoolsWroteThem() throws {
        let image = try FATImage(
            width: 12, kibibytes: 2048,
            script: "for t in 2000-02-29T23:59:58 1980-01-01T00:00:00 2099-12-31T12:34:56; do TZ=UTC touch -d $t $t; "
                + "TZ=UTC mcopy -m -i fat $t ::/$(echo $t | cut -c1-4); done")
        for (name, time) in [("2000", "2000-02-29T23:59:58"), ("1980", "1980-01-01"), ("2099", "2099-12-31T12:34:56")] {
            let seconds = try image.scratch.shell("date -u -d \(time) +%s")
            #expect(try image.volume.entry(at: [name]).map { String($0.modified) } == seconds)
        }
    }

    @Test func endsAtALoop() throws {
        var image = try FATImage(width: 16, kibibytes: 16384, script: "head -c 1500 /dev/zero > z; mcopy -i fat z ::/z")
        // The table begins at sector 4 (mkfs's reserved sectors by default for FAT16 here), cluster 2 leads to itself.
        let table = Int(image.bytes[14]) * 512
        image.overwrite([2, 0], at: table + 4)
        try expect(.endless(start: 2)) { try image.contents(["z"]) }
        image.overwrite([1, 0], at: table + 4)
        try expect(.chain(start: 2, cluster: 1)) { try image.contents(["z"]) }
        image.overwrite([0xFF, 0xFF], at: table + 4)
        try expect(.shortFile(start: 2, byteCount: 1500)) { try image.contents(["z"]) }
        image.overwrite([0xF0, 0xFF], at: table + 4)
        try expect(.chain(start: 2, cluster: 0xFFF0)) { try image.contents(["z"]) }
    }

    /// Each with the name of the field that must be blamed.
    @Test(arguments: [
        (11, [0, 0], "BPB_BytsPerSec"), (13, [3], "BPB_SecPerClus"), (14, [0, 0], "BPB_RsvdSecCnt"),
        (16, [0], "BPB_NumFATs"), (19, [1, 0], "BPB_TotSec"), (510, [0], "Signature_word"),
        (22, [1, 0], "BPB_FATSz"), (17, [0, 0], "BPB_RootEntCnt"),
    ]) func namesTheFieldThatIsWrong(_ offset: Int, _ bytes: [UInt8], _ field: String) throws {
        var image = try FATImage(width: 16, kibibytes: 16384)
        image.overwrite(bytes, at: offset)
        do throws(FATFailure<ByteError>) {
            _ = try FATVolume(MemoryVolume(image.bytes))
            Issue.record("not refused")
        } catch {
            guard case .format(.field(field, _)) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    /// Every byte that is set in tables, root and folder, those 32 bytes (an entry) after one, and the whole boot
    /// sector turned to other values: an error or a result.
    @Test(arguments: widths) func survivesEveryWrongByte(_ width: Int, _ kibibytes: Int, _ sectors: Int) throws {
        var image = try FATImage(
            width: width, kibibytes: kibibytes, clusterSectors: sectors,
            script: "mmd -i fat ::/EFI; head -c 1500 /dev/zero > 'a long name.cfg'; mcopy -i fat a* ::/EFI")
        let names = ["EFI", "a long name.cfg"]
        let content = try #require(try image.contents(names))
        var (survived, refused) = (0, 0)
        let offsets = (0..<1 << 20).filter { $0 < 512 || image.bytes[$0] != 0 || image.bytes[$0 - 32] != 0 }
        for offset in offsets {
            let old = image.bytes[offset]
            for value: UInt8 in [0x00, 0xFF, old ^ 0x01] {
                image.overwrite([value], at: offset)
                do {
                    if try image.contents(names) == content { survived += 1 }
                } catch is FATFailure<ByteError> { refused += 1 }
            }
            image.overwrite([old], at: offset)
        }
        #expect(survived > 1000)
        #expect(refused > 20)
    }

    private func expect(_ wanted: FATError, _ body: () throws -> [UInt8]?) throws {
        do {
            _ = try body()
            Issue.record("no error; \(wanted) expected")
        } catch let error as FATFailure<ByteError> {
            guard case .format(wanted) = error else {
                Issue.record("\(error) instead of \(wanted)")
                return
            }
        }
    }
}
