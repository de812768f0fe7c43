import Configuration
import Testing

@Suite struct GuestConfigurationTests {
    private func parse(_ text: String) throws(ConfigurationError) -> GuestConfiguration {
        try GuestConfiguration(parsing: Array(text.utf8))
    }

    @Test func twoKeysAreEnough() throws {
        let configuration = try parse("device = /dev/vda3\nmapping = root\n")
        #expect(configuration.device == "/dev/vda3")
        #expect(configuration.mapping == "root")
        #expect(configuration.tcti == "device:/dev/tpm0")
        #expect(configuration.timeoutSeconds == 60)
        #expect(configuration.parentName == nil)
        #expect(configuration.fencePCR == 12)
        #expect(configuration.unenrolled == .refuse)
        #expect(configuration.bootCheck == .required)
        #expect(configuration.recovery == .never)
        #expect(configuration.deniedArguments.isEmpty && configuration.allowedArguments.isEmpty)
    }

    @Test func readsEveryKeyAndSkipsComments() throws {
        let name = "000b" + String(repeating: "ab", count: 32)
        let configuration = try parse(
            """
            # a comment
              device=PARTLABEL=root
            mapping\t=\tcrypt.root-1\r
            tcti = swtpm:path=/run/x,y=1
            timeout = 5

            parent-name = \(name)
            fence-pcr = 15
            unenrolled = prompt
            boot-check = warn
            recovery = prompt
            deny-arguments = mitigations  nosmt=force
            allow-arguments =
            """)
        #expect(configuration.device == "/dev/disk/by-partlabel/root")
        #expect(configuration.mapping == "crypt.root-1")
        #expect(configuration.tcti == "swtpm:path=/run/x,y=1")
        #expect(configuration.timeoutSeconds == 5)
        #expect(configuration.parentName == [0x00, 0x0B] + [UInt8](repeating: 0xAB, count: 32))
        #expect(configuration.fencePCR == 15)
        #expect(configuration.unenrolled == .prompt)
        #expect(configuration.bootCheck == .warn)
        #expect(configuration.recovery == .prompt)
        #expect(configuration.deniedArguments == ["mitigations", "nosmt=force"])
        #expect(configuration.allowedArguments == [])
    }

    // MARK: Attestation

    private static let start = "device = /dev/vda3\nmapping = root\n"

    @Test(arguments: AttestationSettings.Provider.allCases, ["", "attestation = auto\n", "attestation = required\n"])
    func attestsAsSoonAsThereIsAProvider(_ provider: AttestationSettings.Provider, _ choice: String) throws {
        let settings = try parse(Self.start + choice + "provider = \(provider.rawValue)\n").attestation
        #expect(settings?.provider == provider)
        #expect(settings?.policyPath == "/etc/sealroot/attestation.json")
    }

    @Test func takesAnotherPolicy() throws {
        let text = Self.start + "attestation-policy = /etc/other.json\nprovider = azure-hcl\n"
        #expect(try parse(text).attestation?.policyPath == "/etc/other.json")
    }

    @Test(arguments: ["", "attestation = auto\n", "attestation = off\n", "attestation = off\nprovider = svsm\n"])
    func doesNotAttestWithoutAProvider(_ text: String) throws {
        #expect(try parse(Self.start + text).attestation == nil)
    }

    @Test(arguments: [
        ("attestation = required", "provider"), ("attestation = maybe", "attestation"), ("provider = aws", "provider"),
        ("provider = svsm\nattestation-policy = policy.json", "attestation-policy"),
    ])
    func refusesAttestationThatWouldNotHappen(_ text: String, _ key: String) {
        var caught: ConfigurationError?
        do throws(ConfigurationError) { _ = try parse(Self.start + text + "\n") } catch { caught = error }
        #expect(caught?.key == key)
    }

    /// udev's names by path hold colons; only a colon before a slash ends the device.
    @Test(arguments: [
        ("/dev/vdb", "/dev/vdb", nil), ("LABEL=KEYS:/root.key", "/dev/disk/by-label/KEYS", "/root.key"),
        ("UUID=5EA1-2007:/a/b:/c", "/dev/disk/by-uuid/5EA1-2007", "/a/b:/c"),
        ("/dev/disk/by-path/pci-0000:00:04.0:/k", "/dev/disk/by-path/pci-0000:00:04.0", "/k"),
        ("/dev/disk/by-path/pci-0000:00:04.0", "/dev/disk/by-path/pci-0000:00:04.0", nil),
    ])
    func readsWhereARecoveryKeyLies(_ text: String, _ device: String, _ path: String?) throws {
        let configuration = try parse(Self.good + "recovery = file:\(text)\n")
        #expect(configuration.recovery == .file(device: device, path: path))
    }

    @Test(arguments: [
        "", "always", "file", "file:", "file::/key", "file:vdb", "file:/dev/vdb:/", "file:LABEL=a b", "Prompt",
    ])
    func refusesAnyOtherRecovery(_ text: String) {
        do {
            _ = try parse(Self.good + "recovery = \(text)\n")
            Issue.record("\(text) is no recovery")
        } catch { #expect(error.description.hasPrefix("line 3: 'recovery' must be 'never', 'prompt', or 'file:'")) }
    }

    static let good = "device = /dev/vda3\nmapping = root\n"

    @Test(arguments: [
        (good + "devise = x\n", "line 3: unknown key 'devise'"),
        (good + "device = /dev/vdb\n", "line 3: key 'device' is given twice"),
        ("device = /dev/vda3\n", "key 'mapping' is missing"),
        ("mapping = root\n", "key 'device' is missing"),
        (good + "timeout 5\n", "line 3: expected 'key = value'"),
        (good + "timeout = 0\n", "line 3: 'timeout' must be a number of seconds from 1 to 3600"),
        (good + "timeout = 99999999999999999999\n", "line 3: 'timeout' must be a number of seconds from 1 to 3600"),
        (good + "fence-pcr = 16\n", "line 3: 'fence-pcr' must be 8, 9, 11, 12, 13, 14 or 15"),
        (good + "unenrolled = maybe\n", "line 3: 'unenrolled' must be 'refuse' or 'prompt'"),
        (good + "boot-check = no\n", "line 3: 'boot-check' must be 'required', 'warn' or 'off'"),
        (good + "parent-name = 000b00\n", "line 3: 'parent-name' must be a TPM name: 000b and 64 hexadecimal digits"),
        (
            "device = vda3\n",
            "line 1: 'device' must be an absolute path, or UUID=, PARTUUID=, LABEL= or PARTLABEL= and a name"
        ),
        (
            "device = LABEL=../../etc\n",
            "line 1: 'device' must be an absolute path, or UUID=, PARTUUID=, LABEL= or PARTLABEL= and a name"
        ),
        (
            "device = /dev/vda3\nmapping = a/b\n",
            "line 2: 'mapping' must be a name of letters, digits, '-', '_' and '.'"
        ),
    ])
    func saysWhatIsWrongAndWhere(_ text: String, _ message: String) {
        #expect(throws: ConfigurationError.self) { try parse(text) }
        do { _ = try parse(text) } catch { #expect(error.description == message) }
    }

    @Test(arguments: [[0xFF], [0x23, 0x00]] as [[UInt8]])
    func refusesWhatIsNoText(_ bytes: [UInt8]) {
        #expect(throws: ConfigurationError.self) {
            try GuestConfiguration(parsing: Array(Self.good.utf8) + bytes)
        }
    }

    /// Each key is compared with all before it: of ten thousand that would be fifty million times.
    @Test func readsNoMoreKeysThanAnybodyNeeds() throws {
        let keys = { (count: Int) in (0..<count).map { "key\($0) = x\n" }.joined() }
        #expect(throws: ConfigurationError.self) { try parse(Self.good + keys(62)) }
        do { _ = try parse(Self.good + keys(62)) } catch { #expect(error.reason == .unknownKey) }
        do { _ = try parse(Self.good + keys(63)) } catch {
            #expect(error.reason == .tooManyKeys && error.line == 65)
        }
        #expect(try parse(String(repeating: "\n", count: 60_000) + Self.good).mapping == "root")
    }
}
