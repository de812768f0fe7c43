import BoundedBytes
import Cryptography
import SNPABI
import SecureProcessor
import TestSupport
import Testing

/// What reports say and who signs them. The judge of signatures is the openssl command, with emulated certificates.
@Suite struct ReportTests {
    /// Whether openssl accepts the report's signature under the key of a certificate.
    private func isSigned(_ report: [UInt8], by certificate: [UInt8]) throws -> Bool {
        let folder = try Scratch()
        try folder.write(certificate, to: "key.der")
        try folder.write(Array(report[..<0x2A0]), to: "signed")
        let integer: (Int) -> String = { Hexadecimal.encode(report[$0..<$0 + 72].reversed()) }
        try folder.shell(
            """
            openssl x509 -inform der -in key.der -noout -pubkey > key.pem
            printf 'asn1=SEQUENCE:s\\n[s]\\nr=INTEGER:0x%s\\ns=INTEGER:0x%s\\n' \(integer(0x2A0)) \(integer(0x2E8)) > config
            openssl asn1parse -genconf config -noout -out signature
            """)
        let arguments = ["openssl", "dgst", "-sha384", "-verify", "key.pem", "-signature", "signature", "signed"]
        return try Command.run(arguments, folder: folder.path).status == 0
    }

    private func vcek(_ processor: SecureProcessor, chip: UInt8 = 1, _ tcb: TCBVersion) throws -> [UInt8] {
        let generation = processor.platform.generation
        let authority = try EmulatedKeys.authority(generation)
        return try authority.vcekCertificate(
            of: try EmulatedKeys.chip(generation, chip), tcb: tcb, issued: EmulatedKeys.issued)
    }

    @Test(arguments: ProcessorGeneration.allCases) func theReportIsTheGuestsAndTheChips(
        _ generation: ProcessorGeneration
    ) throws {
        let processor = try GuestFixture.processor(generation)
        let hostData = [UInt8](1...32)
        let guest = try GuestFixture.running(processor, LaunchFinish(hostData: hostData))
        let (status, bytes) = try guest.report(vmpl: 2)
        #expect(status == 0)
        // By offsets of the document, and then by the reader of formats.
        #expect(Array(bytes[0x50..<0x90]) == [UInt8](0..<64))
        #expect(Array(bytes[0x90..<0xC0]) == (try processor.launchDigest(of: guest.guest)))
        #expect(Array(bytes[0xC0..<0xE0]) == hostData)
        #expect(bytes[0x160..<0x180].allSatisfy { $0 == 0xFF })
        let identifier = try EmulatedKeys.chip(generation).identifier
        let padding = [UInt8](repeating: 0, count: 64 - identifier.count)
        #expect(Array(bytes[0x1A0..<0x1E0]) == identifier + padding)
        let report = try AttestationReport(parsing: bytes)
        #expect(report.version == 5 && report.vmpl == 2 && report.policy == GuestFixture.policy)
        #expect(report.processor?.generation == generation)
        #expect(report.flags.rawValue == 0)
        #expect(report.reportedTCB == processor.platform.reportedTCB)
        #expect(report.idKeyDigest.allSatisfy { $0 == 0 } && report.authorKeyDigest.allSatisfy { $0 == 0 })
        #expect(try isSigned(bytes, by: try vcek(processor, report.reportedTCB)))
        #expect(try !isSigned(bytes, by: try vcek(processor, chip: 2, report.reportedTCB)))
        #expect(try !isSigned(bytes, by: try vcek(processor, EmulatedKeys.tcb(generation))))
        var changed = bytes
        changed[0x50] ^= 1
        #expect(try !isSigned(changed, by: try vcek(processor, report.reportedTCB)))
    }

    @Test func theReportHasAnIdentifierOfThisLaunch() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        let first = try guest.report().bytes[0x140..<0x160]
        #expect(try guest.report().bytes[0x140..<0x160] == first)
        let other = try GuestFixture.running(processor, asid: 2)
        #expect(try other.report().bytes[0x140..<0x160] != first)
    }

    @Test func theVersionFollowsTheFirmware() throws {
        for (minor, build, version): (UInt8, UInt8, UInt32) in [
            (42, 1, 2), (52, 255, 2), (55, 29, 3), (55, 35, 5), (55, 61, 5), (56, 0, 5),
        ] {
            let processor = try GuestFixture.processor {
                $0.currentFirmware = FirmwareVersion(major: 1, minor: minor, build: build)
            }
            let report = try AttestationReport(parsing: try GuestFixture.running(processor).report().bytes)
            #expect(report.version == version, "1.\(minor).\(build)")
            #expect((report.processor != nil) == (version >= 3))
            #expect((report.mitigations != nil) == (version == 5))
        }
    }

    @Test func aKeyAsksForItsOwnLevelOrALowerOne() throws {
        let guest = try GuestFixture.running(try GuestFixture.processor())
        for level: UInt32 in 0...3 {
            for vmpl: UInt32 in [0, 1, 2, 3, 4, 0xFFFF_FFFF] {
                let answer = try guest.report(vmpl: vmpl, level: Int(level))
                let isAllowed = vmpl >= level && vmpl <= 3
                #expect(answer.status == (isAllowed ? 0 : 0x16), "VMPCK\(level), VMPL \(vmpl)")
                #expect(isAllowed || answer.bytes.allSatisfy { $0 == 0 })
                if isAllowed { #expect(GuestFixture.number(answer.bytes, 0x30) == vmpl) }
            }
        }
        #expect(try guest.report(keySelection: 3).status == 0x16)
        #expect(try guest.report(keySelection: 4).status == 0x16)
        var request = [UInt8](repeating: 0, count: 0x60)
        request[0x48] = 1
        #expect(GuestFixture.number(try guest.exchange(5, request), 0) == 0x16)
    }

    /// Rows: VLEK loaded, VCEK disabled at launch; columns: KEY_SEL 0, 1, 2: the status, and SIGNING_KEY.
    @Test func theSignerIsWhoWasAskedForAndAllowed() throws {
        let table: [(isLoaded: Bool, isDisabled: Bool, [(status: UInt32, signer: UInt32)])] = [
            (false, false, [(0, 0), (0, 0), (0x27, 0)]),
            (true, false, [(0, 1), (0, 0), (0, 1)]),
            (false, true, [(0x27, 0), (0x27, 0), (0x27, 0)]),
            (true, true, [(0, 1), (0x27, 0), (0, 1)]),
        ]
        for (isLoaded, isDisabled, row) in table {
            let processor = try GuestFixture.processor()
            if isLoaded { processor.loadVLEK(try EmulatedKeys.vlek()) }
            let guest = try GuestFixture.running(processor, LaunchFinish(isVCEKDisabled: isDisabled))
            for (selection, expected) in row.enumerated() {
                let (status, bytes) = try guest.report(keySelection: UInt32(selection))
                #expect(status == expected.status, "loaded \(isLoaded), disabled \(isDisabled), \(selection)")
                guard status == 0 else { continue }
                #expect(GuestFixture.number(bytes, 0x48) >> 2 == expected.signer)
                // A VLEK says nothing about the chip, as in real reports.
                #expect(bytes[0x1A0..<0x1E0].allSatisfy { $0 == 0 } == (expected.signer == 1))
            }
        }
    }

    @Test func theVLEKSignsForItsProvider() throws {
        let processor = try GuestFixture.processor()
        processor.loadVLEK(try EmulatedKeys.vlek())
        let bytes = try GuestFixture.running(processor).report().bytes
        let authority = try EmulatedKeys.authority(.milan)
        let tcb = processor.platform.reportedTCB
        let certificate = try authority.vlekCertificate(
            of: try EmulatedKeys.vlek(), tcb: tcb, issued: EmulatedKeys.issued)
        #expect(try isSigned(bytes, by: certificate))
        let other = try authority.vlekCertificate(
            of: try EmulatedKeys.vlek("CN=other.invalid"), tcb: tcb, issued: EmulatedKeys.issued)
        #expect(try !isSigned(bytes, by: other))
    }

    /// The key stays loaded between reports, but not beyond what it belongs to.
    @Test func eachReportIsSignedByTheKeyOfItsOwnLevel() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        let first = processor.platform.reportedTCB
        #expect(try isSigned(try guest.report().bytes, by: try vcek(processor, first)))
        var lower = first.components(for: .milan)
        lower.snp -= 1
        let second = TCBVersion(lower, for: .milan)
        try processor.configure(reportedTCB: second, isChipIDMasked: false, isChipKeyMasked: false)
        let after = try guest.report().bytes
        #expect(try isSigned(after, by: try vcek(processor, second)))
        #expect(try !isSigned(after, by: try vcek(processor, first)))
        for provider in ["CN=one.invalid", "CN=two.invalid"] {
            processor.loadVLEK(try EmulatedKeys.vlek(provider))
            let certificate = try EmulatedKeys.authority(.milan).vlekCertificate(
                of: try EmulatedKeys.vlek(provider), tcb: second, issued: EmulatedKeys.issued)
            #expect(try isSigned(try guest.report().bytes, by: certificate), "\(provider)")
        }
        // Asked for by name, the chip's own is there still.
        #expect(try isSigned(try guest.report(keySelection: 1).bytes, by: try vcek(processor, second)))
    }

    @Test func masksHideTheChipAndItsKey() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        try processor.configure(reportedTCB: TCBVersion(rawValue: 0), isChipIDMasked: true, isChipKeyMasked: false)
        let hidden = try guest.report().bytes
        #expect(hidden[0x1A0..<0x1E0].allSatisfy { $0 == 0 })
        #expect(try isSigned(hidden, by: try vcek(processor, processor.platform.reportedTCB)))
        try processor.configure(reportedTCB: TCBVersion(rawValue: 0), isChipIDMasked: false, isChipKeyMasked: true)
        let unsigned = try guest.report().bytes
        #expect(unsigned[0x2A0...].allSatisfy { $0 == 0 })
        #expect(GuestFixture.number(unsigned, 0x48) == 2 | 7 << 2)
        #expect(!unsigned[0x1A0..<0x1E0].allSatisfy { $0 == 0 })
        #expect(processor.platformStatus.encoded()[8] == 2)
    }

    @Test func theHostGetsAReportThatIsNobodysMessage() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        let report = try processor.hostReport(guest.guest)
        #expect(report.vmpl == 0xFFFF_FFFF && report.reportData.allSatisfy { $0 == 0 })
        #expect(try isSigned(report.encoded(), by: try vcek(processor, report.reportedTCB)))
        #expect(status { _ = try processor.hostReport(guest.guest, .vlek) } == .invalidKey)
    }
}
