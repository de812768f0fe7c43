import BoundedBytes
import EmulatorLink
import Testing

@Suite struct ServiceMessageTests {
    private static let nonce = (100..<164).map { UInt8($0) }
    /// The vTPM of AMD 58019, its text form and its bytes on disk.
    private static let vtpm = GUID("c476f1eb-0123-45a5-9641-b4e7dde5bfe3")
    private static let diskOrder: [UInt8] = [
        0xEB, 0xF1, 0x76, 0xC4, 0x23, 0x01, 0xA5, 0x45, 0x96, 0x41, 0xB4, 0xE7, 0xDD, 0xE5, 0xBF, 0xE3,
    ]

    @Test func liesAsTheLayoutSays() {
        #expect(
            ServiceMessage(nonce: Self.nonce, service: Self.vtpm, manifestVersion: 0x0102).encoded()
                == [1] + Self.nonce + [1] + Self.diskOrder + [2, 1, 0, 0])
        #expect(
            ServiceMessage(nonce: Self.nonce, service: nil, manifestVersion: 0).encoded()
                == [1] + Self.nonce + [UInt8](repeating: 0, count: 1 + 16 + 4))
    }

    @Test func isReadAsItWasWritten() throws {
        for service in [nil, Self.vtpm] {
            let message = ServiceMessage(nonce: Self.nonce, service: service, manifestVersion: .max)
            #expect(try ServiceMessage(parsing: message.encoded()) == message)
        }
    }

    @Test func isRefusedAtEveryOtherLength() {
        let body = ServiceMessage(nonce: Self.nonce, service: Self.vtpm, manifestVersion: 1).encoded()
        for count in 0..<body.count {
            #expect(throws: LinkError.self, "\(count) bytes") { try ServiceMessage(parsing: Array(body[..<count])) }
        }
        #expect(throws: LinkError.bytes(message: "question to the SVSM", .trailing(offset: 86, count: 2))) {
            try ServiceMessage(parsing: body + [0, 0])
        }
    }

    @Test func refusesFieldsThatMeanNothing() {
        var body = ServiceMessage(nonce: Self.nonce, service: Self.vtpm, manifestVersion: 1).encoded()
        body[65] = 0
        #expect(throws: LinkError.bytes(message: "question to the SVSM", .reservedNotZero(offset: 66))) {
            try ServiceMessage(parsing: body)
        }
        body[65] = 2
        #expect(
            throws: LinkError.value(message: "question to the SVSM", field: "whether a service is named", 2)
        ) { try ServiceMessage(parsing: body) }
        body[0] = 2
        #expect(throws: LinkError.value(message: "question to the SVSM", field: "call", 2)) {
            try ServiceMessage(parsing: body)
        }
    }
}

@Suite struct ServiceAnswerTests {
    private static let evidence = ServiceAnswer.evidence(report: [1, 2, 3], manifest: [4, 5], certificates: [])

    @Test func liesAsTheLayoutSays() {
        #expect(Self.evidence.encoded() == [1, 3, 0, 0, 0, 1, 2, 3, 2, 0, 0, 0, 4, 5, 0, 0, 0, 0])
        #expect(ServiceAnswer.refused.encoded() == [0])
    }

    @Test func isReadAsItWasWritten() throws {
        let longest = ServiceAnswer.evidence(
            report: [UInt8](repeating: 1, count: 4096), manifest: [UInt8](repeating: 2, count: 0x4000),
            certificates: [UInt8](repeating: 3, count: 0x4000))
        for answer in [Self.evidence, .refused, longest] {
            #expect(try ServiceAnswer(parsing: answer.encoded()) == answer)
            #expect(answer.encoded().count <= Frame.longest)
        }
    }

    @Test func isRefusedAtEveryOtherLength() {
        let body = Self.evidence.encoded()
        for count in 0..<body.count {
            #expect(throws: LinkError.self, "\(count) bytes") { try ServiceAnswer(parsing: Array(body[..<count])) }
        }
        #expect(throws: LinkError.bytes(message: "answer of the SVSM", .trailing(offset: 18, count: 1))) {
            try ServiceAnswer(parsing: body + [0])
        }
        // Nothing comes after a refusal.
        #expect(throws: LinkError.bytes(message: "answer of the SVSM", .trailing(offset: 1, count: 1))) {
            try ServiceAnswer(parsing: [0, 0])
        }
    }

    @Test func refusesPartsThatAreTooLong() {
        let refused: [(String, [Int])] = [
            ("size of the report", [4097, 0, 0]), ("size of the manifest", [0, 0x4001, 0]),
            ("size of the certificates", [0, 0, 0x4001]),
        ]
        for (field, counts) in refused {
            let parts = counts.flatMap { count in
                [UInt8(count & 0xFF), UInt8(count >> 8), 0, 0] + [UInt8](repeating: 0, count: count)
            }
            let most = UInt64(counts.reduce(0, +))
            #expect(throws: LinkError.value(message: "answer of the SVSM", field: field, most)) {
                try ServiceAnswer(parsing: [1] + parts)
            }
        }
        #expect(throws: LinkError.value(message: "answer of the SVSM", field: "success", 2)) {
            try ServiceAnswer(parsing: [2] + [UInt8](repeating: 0, count: 12))
        }
        #expect(
            throws: LinkError.bytes(
                message: "answer of the SVSM", .truncated(offset: 5, needed: 0xFFFF_FFFF, available: 1))
        ) { try ServiceAnswer(parsing: [1, 0xFF, 0xFF, 0xFF, 0xFF, 7]) }
    }
}
