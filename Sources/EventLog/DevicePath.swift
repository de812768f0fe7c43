internal import BoundedBytes

/// Where an image came from, node by node.
///
/// Source: UEFI 2.10, section 10.3. The text has the form of libefivar, which tpm2_eventlog prints.
public struct DevicePath: Equatable, Sendable, CustomStringConvertible {
    public let nodes: [DevicePathNode]

    /// More nodes than any path has; without a limit a hostile one would take far more memory than its bytes.
    private static let mostNodes = 128

    /// Reads the nodes in `range` of `bytes`. Empty paths occur, and paths of several instances; a path that ends without
    /// its end node is accepted, since old firmware measured it so.
    init(_ bytes: [UInt8], _ range: Range<Int>) throws(ByteError) {
        var reader = ByteReader(bytes.span.extracting(0..<range.upperBound))
        try reader.skip(to: range.lowerBound)
        var nodes: [DevicePathNode] = []
        while reader.remaining > 0 {
            let start = reader.offset
            guard nodes.count < Self.mostNodes else { throw .trailing(offset: start, count: reader.remaining) }
            let type: UInt8 = try reader.integer()
            let subtype: UInt8 = try reader.integer()
            let length: UInt16 = try reader.integer()
            guard length >= 4 else { throw .truncated(offset: start, needed: 4, available: Int(length)) }
            let body = reader.offset..<start + Int(length)
            try reader.skip(to: body.upperBound)
            if type == 0x7F, subtype == 0xFF { break }
            nodes.append(try DevicePathNode(type: type, subtype: subtype, bytes, body))
        }
        try reader.finish()
        self.nodes = nodes
    }

    /// The file that the path ends with, in the firmware's spelling with backslashes; nil where it names none.
    public var file: String? {
        var name: String?
        for node in nodes { if case .file(let part) = node { name = (name ?? "") + part } }
        return name
    }

    public var description: String { nodes.map { $0.description }.joined(separator: "/") }
}
