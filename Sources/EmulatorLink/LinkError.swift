public import BoundedBytes

/// Why bytes are no frame, or not the message that they should be. Whoever meets one can trust nothing that follows on
/// the same port.
public enum LinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A frame whose length is 0, or more than `Frame.longest`.
    case frame(byteCount: UInt32)
    /// A message that ends too early or too late, or has something where nothing may be.
    case bytes(message: String, ByteError)
    /// A field whose value the message does not allow.
    case value(message: String, field: String, UInt64)

    public var description: String {
        switch self {
        case .frame(let byteCount): "a frame of " + String(byteCount) + " bytes"
        case .bytes(let message, let error): message + ": " + error.description
        case .value(let message, let field, let value): message + ": " + field + " is " + String(value)
        }
    }

    /// Demands that a count or a choice is not more than `most`.
    static func require<Number: UnsignedInteger>(
        _ message: String, _ field: String, _ value: Number, atMost most: Int
    ) throws(LinkError) {
        guard value <= Number(most) else { throw .value(message: message, field: field, UInt64(value)) }
    }
}
