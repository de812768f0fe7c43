internal import BoundedBytes
public import JSON

/// Why a text is no evidence file or no attestation policy that this version reads: which field, and how.
public struct DocumentError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Document: String, Sendable {
        case evidence
        case policy = "attestation policy"
    }

    public enum Reason: Equatable, Sendable {
        case syntax(JSONError)
        case member(MemberError.Problem)
        case unknownVersion(Int64)
        /// Not what the field must hold, in words.
        case expected(String)
    }

    public let document: Document
    /// Path of the field, such as `minimum_tcb.milan.reported`; empty where the whole text is meant.
    public let field: String
    public let reason: Reason

    init(_ document: Document, _ field: String, _ reason: Reason) {
        self.document = document
        self.field = field
        self.reason = reason
    }

    public var description: String {
        let place = document.rawValue + ": " + (field.isEmpty ? "" : "'" + Printable.escape(field) + "': ")
        switch reason {
        case .syntax(let error): return place + error.description
        case .member(.missing): return place + "missing"
        case .member(.wrongType(let kind)): return place + "not of type " + kind.rawValue
        case .member(.unknown): return place + "unknown"
        case .unknownVersion(let version): return place + "version " + String(version) + " is not known"
        case .expected(let what): return place + "not " + what
        }
    }
}

typealias DocumentReader = ObjectReader<DocumentError>

extension ObjectReader<DocumentError> {
    /// The root object of a document, whose member `version` must be 1.
    static func root(
        of document: DocumentError.Document, parsing bytes: [UInt8], mostValues: Int
    ) throws(DocumentError) -> DocumentReader {
        let root: JSONValue
        do throws(JSONError) { root = try JSONValue(parsing: bytes, mostValues: mostValues) } catch {
            throw DocumentError(document, "", .syntax(error))
        }
        var reader = try DocumentReader(root, at: "") { DocumentError(document, $0.path, .member($0.problem)) }
        let version = try reader.integer("version")
        guard version == 1 else { throw DocumentError(document, "version", .unknownVersion(version)) }
        return reader
    }
}
