import Configuration
import Testing

/// The volume that `/etc/crypttab` marks, beside what `init.conf` says of it.
@Suite struct CrypttabTests {
    private static let table = """
        # root /dev/vda9 none luks,sealroot
        swap /dev/vda2 /dev/urandom swap
        root\tPARTLABEL=root  none  luks,initramfs,sealroot
        data /dev/vdb1 /etc/keys/data luks,x-sealroot,nosealroot

        """

    private func parse(_ text: String, _ table: String = table) throws(ConfigurationError) -> GuestConfiguration {
        try GuestConfiguration(parsing: Array(text.utf8), crypttab: Array(table.utf8))
    }

    @Test func theMarkedVolumeNeedNotBeNamedOnceMore() throws {
        let configuration = try parse("timeout = 5\n")
        #expect(configuration.device == "/dev/disk/by-partlabel/root")
        #expect(configuration.mapping == "root")
        #expect(configuration.timeoutSeconds == 5)
    }

    @Test func theSameTwiceIsNoContradiction() throws {
        #expect(try parse("device = /dev/disk/by-partlabel/root\nmapping = root\n") == parse(""))
    }

    /// What a refusal says; nil where there is none.
    private func refusal(of text: String, _ table: String = table) -> String? {
        do throws(ConfigurationError) { _ = try parse(text, table) } catch { return error.description }
        return nil
    }

    @Test func aContradictionIsRefusedWithItsLine() {
        let other = "is another than that of the volume with the option 'sealroot' in /etc/crypttab: "
        #expect(
            refusal(of: "# here\ndevice = /dev/vda3\n") == "line 2: 'device' \(other)/dev/disk/by-partlabel/root")
        #expect(refusal(of: "mapping = data\n") == "line 1: 'mapping' \(other)root")
    }

    @Test func twoMarkedVolumesAreRefused() {
        let line = "root /dev/vda3 none sealroot\n"
        #expect(refusal(of: "", line) == nil)
        #expect(
            refusal(of: "", line + line) == "/etc/crypttab has more than one volume with the option 'sealroot'")
    }

    @Test(arguments: ["root ID=ata-1 none sealroot", "a/b /dev/vda3 none sealroot", "control /dev/vda3 none sealroot"])
    func aVolumeThatCannotBeNamedIsRefused(_ line: String) {
        #expect(refusal(of: "", "\n" + line)?.hasPrefix("/etc/crypttab, line 2: ") == true)
        // Without the mark the same line is nobody's business.
        #expect(refusal(of: "", line.replacing("sealroot", with: "luks")) == "key 'device' is missing")
    }

    @Test func linesOfOtherVolumesMayHoldAnything() throws {
        let table = Array("swap /dev/vda2 ".utf8) + [0xFF, 0xFE, 0x00, 0x0A] + Array(Self.table.utf8)
        #expect(try GuestConfiguration(parsing: [], crypttab: table).mapping == "root")
        #expect(refusal(of: "", "sealroot\nsealroot sealroot") == "key 'device' is missing")
    }

    @Test(arguments: ["", "timeout = 5", "# no more\ndevice = PARTLABEL=root\n", "mapping = root\r\n"])
    func theCompletedTextSaysTheSameAlone(_ text: String) throws {
        let completed = try GuestConfiguration.completing(Array(text.utf8), crypttab: Array(Self.table.utf8))
        #expect(completed.starts(with: text.utf8))
        #expect(try GuestConfiguration(parsing: completed) == parse(text))
    }

    @Test func aTextThatNeedsNothingIsKept() throws {
        let text = Array("device = /dev/vda3\nmapping = root\n".utf8)
        #expect(try GuestConfiguration.completing(text, crypttab: []) == text)
    }
}
