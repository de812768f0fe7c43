import BoundedBytes
import EmulatorLink
import Foundation
import GuestAgent
import GuestKernel
import InitramfsRuntime
import Testing

/// The guest's end of a port, on hosts that answer anything or nothing.
@Suite struct LinkPortTests {
    private static let page = [UInt8](repeating: 3, count: 4096)
    private static let answer = GuestRequestAnswer(page: [UInt8](repeating: 4, count: 4096), certificates: [1, 2, 3])

    /// What comes of two requests, and why.
    private func exchange(
        _ answer: HostEnd.Answer, patience: Int64 = 5000
    ) throws -> (answers: [ExtendedAnswer], failures: [PortError]) {
        let host = try HostEnd { _ in answer }
        var failures: [PortError] = []
        let port = ProcessorPort(try LinkPort(host.path, waiting: 0, patience: patience)) { failures.append($0) }
        let answers = [
            port.exchange(Self.page, certificatePages: 1), ExtendedAnswer(port.exchange(Self.page)),
        ]
        return (answers, failures)
    }

    @Test func bringsAnAnswerBack() throws {
        let (answers, failures) = try exchange(.body(Self.answer.encoded()))
        #expect(answers[0] == ExtendedAnswer(.response([UInt8](repeating: 4, count: 4096)), certificates: [1, 2, 3]))
        #expect(answers[1].answer == .response([UInt8](repeating: 4, count: 4096)))
        #expect(failures.isEmpty)
    }

    @Test func passesOnWhatTheHostSays() throws {
        let refusal = GuestRequestAnswer(exitInformation: 1 << 32, pagesNeeded: 9)
        let (answers, failures) = try exchange(.body(refusal.encoded()))
        #expect(answers[0] == ExtendedAnswer(.failure(.invalidLength), pagesNeeded: 9))
        #expect(answers[1].answer == .failure(.invalidLength))
        #expect(failures.isEmpty)
    }

    /// Everything that is no answer ends the port's use: the second request is not sent any more.
    private func isLost(_ answer: HostEnd.Answer, patience: Int64 = 5000, for reason: PortError) throws {
        let started = MonotonicClock.milliseconds
        let (answers, failures) = try exchange(answer, patience: patience)
        #expect(answers.map(\.answer) == [.failure(.hostError), .failure(.hostError)])
        #expect(failures == [reason, .lost])
        #expect(MonotonicClock.milliseconds - started < 5000)
    }

    @Test func isLostWhereTheHostCloses() throws { try isLost(.close, for: .closed) }

    @Test func isLostWhereTheHostIsSilent() throws {
        try isLost(.nothing, patience: 300, for: .late(milliseconds: 300))
        // Half a frame is none.
        let half = Frame.encode(Self.answer.encoded()).dropLast(1)
        try isLost(.bytes(Array(half)), patience: 300, for: .late(milliseconds: 300))
    }

    @Test func isLostWhereTheHostSendsNonsense() throws {
        try isLost(.bytes([0, 0, 0, 0, 1]), for: .malformed(.frame(byteCount: 0)))
        try isLost(.bytes([UInt8](repeating: 0xFF, count: 8)), for: .malformed(.frame(byteCount: .max)))
        try isLost(
            .body([1, 2, 3]),
            for: .malformed(
                .bytes(message: "answer to a guest request", .truncated(offset: 0, needed: 8, available: 3))))
        let twice = Frame.encode([1]) + Frame.encode([2])
        try isLost(.bytes(twice), for: .unasked)
        try isLost(.bytes(Frame.encode([1]) + [9]), for: .unasked)
    }

    @Test func waitsForThePortToCome() throws {
        let scratch = NSTemporaryDirectory() + "port-" + UUID().uuidString
        defer { unsafe unlink(scratch) }
        let started = MonotonicClock.milliseconds
        #expect(throws: FileError.self) { try LinkPort(scratch, waiting: 200) }
        #expect(MonotonicClock.milliseconds - started >= 200)
        let host = try HostEnd { _ in .body(Self.answer.encoded()) }
        Thread.detachNewThread {
            usleep(100_000)
            unsafe symlink(host.path, scratch)
        }
        let port = ProcessorPort(try LinkPort(scratch, waiting: 5000)) { _ in }
        #expect(port.exchange(Self.page) == .response([UInt8](repeating: 4, count: 4096)))
    }

    @Test func hasNoEvidenceWhereTheServiceFails() throws {
        let nonce = [UInt8](repeating: 1, count: 64)
        for (answer, failure) in [
            (HostEnd.Answer.body(ServiceAnswer.refused.encoded()), nil), (.close, PortError.closed),
            (
                .body([2] + [UInt8](repeating: 0, count: 12)),
                .malformed(.value(message: "answer of the SVSM", field: "success", 2))
            ),
        ] {
            let host = try HostEnd { _ in answer }
            var failures: [PortError] = []
            let port = ServicePort(try LinkPort(host.path, waiting: 0)) { failures.append($0) }
            #expect(port.attest(nonce: nonce, service: nil, manifestVersion: 0) == nil)
            #expect(failures == (failure.map { [$0] } ?? []))
        }
    }
}
