import BoundedBytes
import FUSEMount
import Foundation
import SNPABI
import TestSupport
import Testing

@testable import GuestKernel

/// The driver's protocol with a host whose answers are written down, and with a clock that a test turns.
@Suite struct SEVGuestDriverTests {
    /// A host that answers from a list.
    private final class Host: GuestMessageChannel {
        var answers: [HypervisorAnswer]
        var requests: [[UInt8]] = []
        var extended: [Int] = []

        init(_ answers: [HypervisorAnswer]) { self.answers = answers }

        func exchange(_ request: [UInt8]) -> HypervisorAnswer {
            requests.append(request)
            return answers.removeFirst()
        }

        func exchange(_ request: [UInt8], certificatePages: Int) -> ExtendedAnswer {
            extended.append(certificatePages)
            return ExtendedAnswer(exchange(request), pagesNeeded: 5)
        }
    }

    private final class Clock { var now: Int64 = 1_000_000 }

    private let clock = Clock()

    private func driver(_ host: Host, counter: UInt32 = 0) -> SEVGuestDriver {
        SEVGuestDriver(channel: host, key: [UInt8](1...32), vmpck: 1, counter: counter) { [clock] in clock.now }
    }

    private func message(pages: Int? = nil) -> GuestMessage {
        GuestMessage(
            .reportRequest, version: 1, payload: [UInt8](repeating: 7, count: 96), largestAnswer: 4000,
            certificatePages: pages)
    }

    private func number(_ page: [UInt8]) -> Int { page[0x20..<0x28].reversed().reduce(0) { $0 << 8 | Int($1) } }

    @Test func sendsTheSamePageWhileTheHostIsBusy() throws {
        let host = Host([HypervisorAnswer](repeating: .failure(.busy), count: 40))
        let driver = driver(host)
        var outcome: SEVGuestDriver.Outcome?
        driver.send(message()) { outcome = $0 }
        while let wakeUp = driver.wakeUp {
            #expect(wakeUp == clock.now + 2000)
            driver.resume()
            clock.now = wakeUp
            driver.resume()
        }
        // At 0, 2, ... 60 seconds, and once more after the minute.
        #expect(host.requests.count == 32)
        #expect(Set(host.requests).count == 1)
        #expect(outcome?.answer == .failure(.timedOut))
        #expect(outcome?.exitInformation == .busy)
        #expect(!driver.hasKey)
    }

    @Test func holdsTheNextMessageBackUntilTheFirstHasItsAnswer() throws {
        let host = Host([.failure(.busy), .response([UInt8](repeating: 0, count: 4096))])
        let driver = driver(host)
        var failures: [Int32] = []
        for _ in 0..<2 { driver.send(message()) { failures.append(code($0)) } }
        #expect(host.requests.count == 1)
        #expect(failures.isEmpty)
        clock.now += 2000
        driver.resume()
        // The page of zeros is no answer; the second message is never sent.
        #expect(failures == [EBADMSG, ENOTTY])
        #expect(host.requests.count == 2)
    }

    /// `errno` of an outcome, 0 for an answer.
    private func code(_ outcome: SEVGuestDriver.Outcome) -> Int32 {
        switch outcome.answer {
        case .success: 0
        case .failure(let failure): failure.code
        }
    }

    @Test func usesTheNumberUpWhereTheCertificatesDoNotFit() throws {
        let page = HypervisorAnswer.response([UInt8](repeating: 0, count: 4096))
        let host = Host([.failure(.invalidLength), page, .failure(.invalidLength), .failure(.init(firmware: 0x16))])
        let driver = driver(host)
        var outcomes: [SEVGuestDriver.Outcome] = []
        for _ in 0..<2 { driver.send(message(pages: 1)) { outcomes.append($0) } }
        #expect(host.extended == [1, 1])
        #expect(host.requests[0] == host.requests[1])
        #expect(host.requests.map(number) == [1, 1, 3, 3])
        for outcome in outcomes {
            #expect(outcome.answer == .failure(.inputOutput))
            #expect(outcome.exitInformation == .invalidLength)
            #expect(outcome.pagesNeeded == 5)
        }
        #expect(driver.hasKey)
    }

    @Test func wipesTheKeyAfterAFirmwareError() throws {
        let driver = driver(Host([.failure(ExitInformation(firmware: 0x0B))]))
        var outcome: SEVGuestDriver.Outcome?
        driver.send(message()) { outcome = $0 }
        #expect(outcome?.answer == .failure(.inputOutput))
        #expect(outcome?.exitInformation.rawValue == 0x0B)
        driver.send(message()) { outcome = $0 }
        #expect(outcome?.answer == .failure(.noSuchControl))
        #expect(outcome?.exitInformation == .notCalled)
    }

    @Test func doesNotTrustAPlainRequestsInvalidLength() throws {
        let driver = driver(Host([.failure(.invalidLength)]))
        driver.send(message()) { #expect($0.answer == .failure(.inputOutput)) }
        #expect(!driver.hasKey)
    }

    @Test func stopsBeforeTheCounterWraps() throws {
        for (counter, failure) in [(UInt32.max - 3, EBADMSG), (UInt32.max - 1, EIO), (UInt32.max, EIO)] {
            let host = Host([.response([UInt8](repeating: 0, count: 4096))])
            var outcome: SEVGuestDriver.Outcome?
            driver(host, counter: counter).send(message()) { outcome = $0 }
            #expect(outcome.map { code($0) } == failure)
            #expect(host.requests.isEmpty == (failure == EIO))
        }
    }

    @Test func answersWhoeverWaitsWhenTheMachineGoesDown() throws {
        let driver = driver(Host([.failure(.busy)]))
        var failures: [Int32] = []
        for _ in 0..<3 { driver.send(message()) { failures.append(code($0)) } }
        driver.abandon()
        #expect(failures == [EIO, ENOTTY, ENOTTY])
        #expect(driver.wakeUp == nil)
    }

    /// A message that an independent AES-256-GCM has made.
    private struct Known: Decodable {
        let vmpck_hex: String
        let vmpck_id: UInt8
        let seqno: UInt32
        let msg_type: UInt8
        let msg_version: UInt8
        let plaintext_hex: String
        let message_hex: String
    }

    @Test(.enabled(if: SharedData.isPresent)) func speaksAsAnotherImplementationDoes() throws {
        let file = try SharedData.bytes("generated/snp_guest_messages.json")
        let known = try JSONDecoder().decode([Known].self, from: Data(file))
        var pairs = 0
        for request in known {
            guard let type = GuestMessageType(rawValue: request.msg_type), type.response != nil else { continue }
            let response = known.first {
                $0.msg_type == request.msg_type + 1 && $0.seqno == request.seqno + 1
                    && $0.vmpck_id == request.vmpck_id && $0.msg_version == request.msg_version
            }
            let host = Host([.response(try page(response))])
            let driver = SEVGuestDriver(
                channel: host, key: try decoded(request.vmpck_hex), vmpck: request.vmpck_id,
                counter: request.seqno - 1)
            let message = GuestMessage(
                type, version: request.msg_version, payload: try decoded(request.plaintext_hex), largestAnswer: 4000)
            var outcome: SEVGuestDriver.Outcome?
            driver.send(message) { outcome = $0 }
            #expect(host.requests == [try page(request)])
            guard let response else { continue }
            pairs += 1
            #expect(outcome?.answer == .success(try decoded(response.plaintext_hex)))
        }
        #expect(pairs > 0)
    }

    private func decoded(_ text: String) throws -> [UInt8] { try #require(Hexadecimal.decode(text)) }

    /// The message in its page.
    private func page(_ known: Known?) throws -> [UInt8] {
        let bytes = try known.map { try decoded($0.message_hex) } ?? []
        return bytes + [UInt8](repeating: 0, count: 4096 - bytes.count)
    }
}
