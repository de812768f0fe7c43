import BoundedBytes
import EmulatorLink
import Testing

@Suite struct GuestRequestMessageTests {
    private static let page = (0..<4096).map { UInt8(truncatingIfNeeded: $0 * 7) }

    @Test func liesAsTheLayoutSays() {
        #expect(GuestRequestMessage(page: Self.page).encoded() == [1, 0, 0, 0, 0] + Self.page)
        #expect(GuestRequestMessage(page: Self.page, certificatePages: 4).encoded() == [2, 4, 0, 0, 0] + Self.page)
        #expect(GuestRequestMessage(page: Self.page, certificatePages: 0).encoded() == [2, 0, 0, 0, 0] + Self.page)
    }

    @Test func isReadAsItWasWritten() throws {
        for pages in [nil, 0, 1, 4] {
            let message = GuestRequestMessage(page: Self.page, certificatePages: pages)
            #expect(try GuestRequestMessage(parsing: message.encoded()) == message)
        }
    }

    @Test func isRefusedAtEveryOtherLength() {
        let body = GuestRequestMessage(page: Self.page).encoded()
        for count in 0..<body.count {
            #expect(throws: LinkError.self, "\(count) bytes") {
                try GuestRequestMessage(parsing: Array(body[..<count]))
            }
        }
        #expect(
            throws: LinkError.bytes(message: "guest request", .trailing(offset: 5 + 4096, count: 1))
        ) { try GuestRequestMessage(parsing: body + [0]) }
    }

    @Test(
        arguments: [
            ([0, 0, 0, 0, 0], "kind", UInt64(0)), ([3, 0, 0, 0, 0], "kind", 3),
            ([1, 1, 0, 0, 0], "pages for certificates", 1), ([2, 5, 0, 0, 0], "pages for certificates", 5),
            ([2, 0xFF, 0xFF, 0xFF, 0xFF], "pages for certificates", 0xFFFF_FFFF),
        ] as [([UInt8], String, UInt64)])
    func refusesFieldsThatMeanNothing(_ head: [UInt8], _ field: String, _ value: UInt64) {
        #expect(throws: LinkError.value(message: "guest request", field: field, value)) {
            try GuestRequestMessage(parsing: head + Self.page)
        }
    }
}

@Suite struct GuestRequestAnswerTests {
    private static let page = (0..<4096).map { UInt8(truncatingIfNeeded: $0 * 5) }
    private static let zeros8 = [UInt8](repeating: 0, count: 8)

    @Test func liesAsTheLayoutSays() {
        #expect(
            GuestRequestAnswer(page: Self.page, certificates: [1, 2, 3], pagesNeeded: 1).encoded()
                == Self.zeros8 + [1, 0, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 0] + [1, 2, 3] + Self.page)
        // SNP_GUEST_VMM_ERR_INVALID_LEN, in the upper half.
        #expect(
            GuestRequestAnswer(exitInformation: 1 << 32, pagesNeeded: 0x0102).encoded()
                == [0, 0, 0, 0, 1, 0, 0, 0] + [2, 1, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0])
    }

    @Test func isReadAsItWasWritten() throws {
        let most = [UInt8](repeating: 9, count: 0x4000)
        for answer in [
            GuestRequestAnswer(page: Self.page), .init(page: Self.page, certificates: most, pagesNeeded: 4),
            .init(exitInformation: 0x16), .init(exitInformation: .max, certificates: most, pagesNeeded: .max),
        ] {
            #expect(try GuestRequestAnswer(parsing: answer.encoded()) == answer)
            // The longest of them fits into a frame.
            #expect(answer.encoded().count <= Frame.longest)
        }
    }

    @Test func isRefusedAtEveryOtherLength() {
        for answer in [
            GuestRequestAnswer(page: Self.page, certificates: [1, 2, 3]),
            .init(exitInformation: 2 << 32, certificates: [1]),
        ] {
            let body = answer.encoded()
            for count in 0..<body.count {
                #expect(throws: LinkError.self, "\(count) bytes") {
                    try GuestRequestAnswer(parsing: Array(body[..<count]))
                }
            }
            let excess = LinkError.bytes(
                message: "answer to a guest request", .trailing(offset: body.count, count: 1))
            #expect(throws: excess) { try GuestRequestAnswer(parsing: body + [0]) }
        }
    }

    @Test func refusesMoreCertificatesThanAnybodyHasRoomFor() {
        let body = Self.zeros8 + Self.zeros8 + [1, 0x40, 0, 0] + [UInt8](repeating: 0, count: 0x4001) + Self.page
        #expect(
            throws: LinkError.value(
                message: "answer to a guest request", field: "size of the certificates", 0x4001)
        ) { try GuestRequestAnswer(parsing: body) }
        let lying = Self.zeros8 + Self.zeros8 + [0xFF, 0xFF, 0xFF, 0xFF] + Self.page
        #expect(
            throws: LinkError.bytes(
                message: "answer to a guest request", .truncated(offset: 20, needed: 0xFFFF_FFFF, available: 4096))
        ) { try GuestRequestAnswer(parsing: lying) }
    }
}
