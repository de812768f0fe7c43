/// What a cheating host does to the messages between a guest and the AMD-SP. None of it lets the host read or forge one:
/// what is left to it is to break the line, and the guest must notice.
public enum MessageAttack: String, CaseIterable, Sendable {
    case replayRequest = "replay-request"
    case replayResponse = "replay-response"
    case flipRequest = "flip-request"
    case flipResponse = "flip-response"
    case flipResponseHeader = "flip-response-header"
    case drop = "drop-message"
    case reorder = "reorder-messages"
    case status = "invent-status"
    case busy = "always-busy"
    case throttle = "throttle"
    case hideCertificates = "hide-certificates"
    case enlargeCertificates = "enlarge-certificates"
    case withholdKey = "withhold-vmpck"

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .replayRequest: "sends every request to the AMD-SP a second time, and hands out the second answer"
        case .replayResponse: "answers every request but the first with the first one's response"
        case .flipRequest: "flips a bit of the encrypted request"
        case .flipResponse: "flips a bit of the encrypted response"
        case .flipResponseHeader: "changes the message version in the response's header"
        case .drop: "keeps the request, and hands out an empty page"
        case .reorder: "hands out the response before last"
        case .status: "keeps the request, and says that the AMD-SP refused it"
        case .busy: "says that it is busy, for ever"
        case .throttle: "says that it is busy, once for each request"
        case .hideCertificates: "hands out a report without certificates"
        case .enlargeCertificates: "wants more room for its certificates, however much there is"
        case .withholdKey: "has firmware launched that takes the guest's key away"
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .replayRequest, .flipRequest, .status: "the call fails with EIO, and the guest stops using its key"
        case .replayResponse, .flipResponse, .flipResponseHeader, .drop, .reorder:
            "the call fails with EBADMSG, and the guest stops using its key"
        case .busy: "the call fails with ETIMEDOUT after a minute, and the guest stops using its key"
        case .throttle: "the call takes two seconds longer"
        case .hideCertificates: "the report comes without certificates"
        case .enlargeCertificates: "an extended report fails with EIO, a plain one works"
        case .withholdKey: "there is no /dev/sev-guest, and configfs-tsm has no provider"
        }
    }
}
