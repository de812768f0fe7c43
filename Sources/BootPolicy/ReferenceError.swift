internal import BoundedBytes
public import JSON

/// Why a text is no reference manifest that this version reads: which field, and how.
public struct ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        case syntax(JSONError)
        case member(MemberError.Problem)
        case unknownVersion(Int64)
        /// Not 64 hexadecimal digits.
        case digest
        /// A value of the right type that is not allowed; the text comes from the input.
        case value(String)
        /// No program of the last stage: nothing could ever boot.
        case noKernel
    }

    /// Path of the field, such as `programs[0].sha256`; empty where the whole text is meant.
    public let field: String
    public let reason: Reason

    init(_ field: String, _ reason: Reason) {
        self.field = field
        self.reason = reason
    }

    public var description: String {
        let place = field.isEmpty ? "reference: " : "reference: '" + Printable.escape(field) + "': "
        switch reason {
        case .syntax(let error): return place + error.description
        case .member(.missing): return place + "missing"
        case .member(.wrongType(let kind)): return place + "not of type " + kind.rawValue
        case .member(.unknown): return place + "unknown"
        case .unknownVersion(let version): return place + "version " + String(version) + " is not known"
        case .digest: return place + "not 64 hexadecimal digits"
        case .value(let text): return place + "'" + Printable.escape(text) + "' is not allowed"
        case .noKernel: return place + "it allows neither a kernel nor a unified kernel image"
        }
    }

    static func member(_ error: MemberError) -> ReferenceError { ReferenceError(error.path, .member(error.problem)) }
}
