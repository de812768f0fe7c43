import Foundation
import SNPEmulator
import TestSupport
import Testing

/// Each attack of the host on a guest's messages comes out as `MessageAttack.outcome` says.
@Suite struct MessageAttackTests {
    private static let broken: [(MessageAttack, Int32, calls: Int)] = [
        (.replayRequest, EIO, 1), (.flipRequest, EIO, 1), (.status, EIO, 1), (.flipResponse, EBADMSG, 1),
        (.flipResponseHeader, EBADMSG, 1), (.drop, EBADMSG, 1), (.replayResponse, EBADMSG, 2), (.reorder, EBADMSG, 2),
    ]

    @Test(arguments: broken) func breaksTheLineForGood(_ attack: MessageAttack, _ code: Int32, calls: Int) throws {
        let results = try StandInGuest.calls("report count=4", "--attack", attack.rawValue).map(\.errno)
        // Honest calls, then the one that is attacked, then none under a key that is gone.
        let expected = [Int32](repeating: 0, count: calls - 1) + [code]
        #expect(results == expected + [Int32](repeating: ENOTTY, count: 4 - calls))
    }

    @Test func saysWhatTheProcessorSaid() throws {
        // INVALID_PARAM for a number that was used, BAD_MEASUREMENT for a changed text.
        #expect(try StandInGuest.calls("report", "--attack", "replay-request").first?["exitinfo2"] == "16")
        #expect(try StandInGuest.calls("report", "--attack", "flip-request").first?["exitinfo2"] == "b")
        #expect(
            try StandInGuest.calls("report", "--attack", "drop-message").first?["exitinfo2"] == ClientCall.untouched)
    }

    @Test func standsAThrottlingHost() throws {
        let started = Date()
        #expect(try StandInGuest.calls("report", "--attack", "throttle").first?.errno == 0)
        #expect(Date().timeIntervalSince(started) >= 2)
    }

    @Test func doesWithoutCertificates() throws {
        let hidden = try StandInGuest.calls(
            "ext-report certs-len=8192", "--attack", "hide-certificates", "--certificates", "5000")
        #expect(hidden.first?.errno == 0)
        #expect(hidden.first?["certs"] == "")
        let enlarged = try StandInGuest.run(
            "$client ext-report certs-len=16384; $client report", ["--attack", "enlarge-certificates"]
        ).text.split(separator: "\n").map { ClientCall(String($0)) }
        #expect(enlarged.map(\.errno) == [EIO, 0])
        #expect(enlarged.first?["certs-len"] == "5000")
    }

    @Test func hasNoDeviceWithoutAKey() throws {
        let result = try StandInGuest.run(
            "ls /dev/sev-guest; mkdir $reports/a", ["--attack", "withhold-vmpck"])
        #expect(result.errorText.contains("/dev/sev-guest': No such file"))
        #expect(result.errorText.contains("No such device or address"))
    }
}
