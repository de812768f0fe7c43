import Imaging
import InitramfsRuntime
import TestSupport
import Testing

/// Which partition is taken for the root.
@Suite(.serialized) struct RootPartitionTests {
    private static let plain = "type=L"

    /// A second ext4 of 4 MiB behind the root, last mounted at `mountPoint`.
    private func image(root: String, second: String, mountPoint: String = "/") throws -> RootImage {
        let image = try RootImage(trailing: 6, after: "size=4MiB, \(second)", root: root)
        try image.scratch.shell(
            """
            truncate -s 4M p
            mkfs.ext4 -q -F -O ^has_journal -M '\(mountPoint)' p
            dd if=p of=disk.img bs=1M seek=\(RootImage.startMebibyte + 64) conv=notrunc status=none
            """)
        return image
    }

    @Test func prefersTheTypeRootOverTheName() throws {
        let root = "type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=system"
        #expect(try image(root: root, second: "type=L, name=root").encrypt().partition == 2)
    }

    @Test func takesThePartitionThatIsNamedRoot() throws {
        #expect(try image(root: "type=L, name=root", second: "type=L, name=data").encrypt().partition == 2)
    }

    @Test(arguments: [
        ("type=L, name=boot", "/"), ("type=L", "/boot"), ("type=BC13C2FF-59E6-4262-A352-B275FD6F7172", "/"),
    ])
    func takesTheOnlyExt4ThatIsNotBoot(second: String, mountPoint: String) throws {
        let image = try image(root: Self.plain, second: second, mountPoint: mountPoint)
        #expect(try image.encrypt().partition == 2)
    }

    @Test func refusesToGuessBetweenTwo() throws {
        for (root, rule) in [
            (Self.plain, "an ext4 file system other than /boot"), ("type=L, name=root", "named root"),
            ("type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "of the type root"),
        ] {
            let image = try image(root: root, second: root)
            let before = try image.digest()
            do throws(ImagingError) {
                try image.encrypt()
                Issue.record("one of two was taken")
            } catch {
                guard case .ambiguous(rule, let list) = error else { throw error }
                #expect(list.count == 3)
                #expect(list.filter { $0.hasSuffix(": ext4") }.count == 2)
                #expect(error.exitCode == .usage)
            }
            #expect(try image.digest() == before)
        }
    }

    @Test(arguments: ["2", "sys tem"]) func takesTheOneThatIsAskedFor(_ wanted: String) throws {
        let image = try image(root: "type=L, name=\"sys tem\"", second: Self.plain)
        #expect(try image.encrypt(partition: wanted).partition == 2)
        try image.requireSameFiles()
    }

    @Test func listsThePartitionsWhereTheWantedOneIsMissing() throws {
        let image = try RootImage()
        do throws(ImagingError) {
            try image.encrypt(partition: "home")
            Issue.record("a partition that is not there was taken")
        } catch {
            guard case .noSuchPartition("home", let list) = error else { throw error }
            #expect(list[1] == "2 \"root\" type 4f68bce3-e8cd-4db1-96e7-fbcaf984b709: ext4")
        }
    }

    @Test func findsNoRootWhereNothingIsExt4() throws {
        let image = try RootImage(root: "type=L")
        try image.scratch.shell("dd if=/dev/zero of=disk.img bs=1M seek=9 count=1 conv=notrunc status=none")
        do throws(ImagingError) {
            try image.encrypt()
            Issue.record("a root was found")
        } catch {
            guard case .noRoot(let list) = error else { throw error }
            #expect(list.count == 2)
        }
    }
}
