/// What an SVSM returns in RAX.
///
/// Source: AMD 58019, "Secure VM Service Module", table of result codes.
public struct SVSMResult: RawRepresentable, Hashable, Error, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let success = SVSMResult(rawValue: 0)
    /// The call must be made again.
    public static let incomplete = SVSMResult(rawValue: 0x8000_0000)
    public static let unsupportedProtocol = SVSMResult(rawValue: 0x8000_0001)
    public static let unsupportedCall = SVSMResult(rawValue: 0x8000_0002)
    public static let invalidAddress = SVSMResult(rawValue: 0x8000_0003)
    public static let invalidFormat = SVSMResult(rawValue: 0x8000_0004)
    public static let invalidParameter = SVSMResult(rawValue: 0x8000_0005)
    public static let invalidRequest = SVSMResult(rawValue: 0x8000_0006)
    public static let busy = SVSMResult(rawValue: 0x8000_0007)

    /// A code that only the protocol of the call gives a meaning.
    public static func specific(_ code: UInt16) -> SVSMResult { SVSMResult(rawValue: 0x8000_1000 + UInt64(code)) }

    public var description: String {
        switch self {
        case .success: "SVSM_SUCCESS"
        case .incomplete: "SVSM_ERR_INCOMPLETE"
        case .unsupportedProtocol: "SVSM_ERR_UNSUPPORTED_PROTOCOL"
        case .unsupportedCall: "SVSM_ERR_UNSUPPORTED_CALL"
        case .invalidAddress: "SVSM_ERR_INVALID_ADDRESS"
        case .invalidFormat: "SVSM_ERR_INVALID_FORMAT"
        case .invalidParameter: "SVSM_ERR_INVALID_PARAMETER"
        case .invalidRequest: "SVSM_ERR_INVALID_REQUEST"
        case .busy: "SVSM_ERR_BUSY"
        default: "SVSM result 0x" + String(rawValue, radix: 16)
        }
    }
}

/// A call of an SVSM: RAX at its begin, the number of a protocol above that of one of its calls.
///
/// Source: AMD 58019, "Calling Convention" and the chapters of the protocols.
public struct SVSMCall: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(protocolNumber: UInt32, number: UInt32) { rawValue = UInt64(protocolNumber) << 32 | UInt64(number) }

    public var protocolNumber: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
    public var number: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    public static let queryProtocol = SVSMCall(protocolNumber: 0, number: 6)
    public static let attestServices = SVSMCall(protocolNumber: 1, number: 0)
    public static let attestSingleService = SVSMCall(protocolNumber: 1, number: 1)
    public static let vtpmQuery = SVSMCall(protocolNumber: 2, number: 0)
    public static let vtpmCommand = SVSMCall(protocolNumber: 2, number: 1)
}
