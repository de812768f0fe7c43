internal import BoundedBytes
public import JSON

/// Why a token is not one that this version reads: which field, by its path such as `tpm2.parent.name`, and how.
public struct TokenError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        case missing
        case wrongType(MemberError.Kind)
        case unknownField
        case unknownVersion(Int64)
        case notBase64
        case notHexadecimal
        /// Not `0x` and 1 to 8 hexadecimal digits, or no persistent handle.
        case notPersistentHandle
        /// No `0x` and digits, or no NV index that the owner may define.
        case notOwnerIndex
        /// Length in bytes, or in entries of a list.
        case wrongLength(Int)
        /// A value of the right type that is not allowed; the text comes from the input.
        case value(String)

        fileprivate var text: String {
            switch self {
            case .missing: "missing"
            case .wrongType(let kind): "not of type " + kind.rawValue
            case .unknownField: "unknown"
            case .unknownVersion(let version): "version \(version) is not known"
            case .notBase64: "not base64"
            case .notHexadecimal: "not hexadecimal"
            case .notPersistentHandle: "not a persistent TPM handle"
            case .notOwnerIndex: "not an NV index of the owner's range"
            case .wrongLength(let count): "wrong length \(count)"
            case .value(let text): "'\(Printable.escape(text))' is not allowed"
            }
        }
    }

    public let field: String
    public let reason: Reason

    public init(_ field: String, _ reason: Reason) {
        self.field = field
        self.reason = reason
    }

    public var description: String { "token field '\(Printable.escape(field))': " + reason.text }

    static func member(_ error: MemberError) -> TokenError {
        switch error.problem {
        case .missing: TokenError(error.path, .missing)
        case .wrongType(let kind): TokenError(error.path, .wrongType(kind))
        case .unknown: TokenError(error.path, .unknownField)
        }
    }
}
