/// The nodes that the kernel knows, by the numbers that we gave them, for as long as it remembers them.
struct NodeTable {
    static let root: UInt64 = 1

    private struct Entry {
        let node: VirtualNode
        var lookups: UInt64
    }

    private var entries: [UInt64: Entry] = [:]
    private var numbers: [ObjectIdentifier: UInt64] = [:]
    private var last = root

    init(root: VirtualNode) {
        entries[Self.root] = Entry(node: root, lookups: 1)
        numbers[Self.identity(root)] = Self.root
    }

    private static func identity(_ node: VirtualNode) -> ObjectIdentifier {
        switch node {
        case .file(let file): ObjectIdentifier(file)
        case .folder(let folder): ObjectIdentifier(folder)
        }
    }

    subscript(number: UInt64) -> VirtualNode? { entries[number]?.node }

    /// The number of a node that the kernel is about to learn. A number is never used again.
    mutating func number(lookingUp node: VirtualNode) -> UInt64 {
        let identity = Self.identity(node)
        if let number = numbers[identity] {
            entries[number]?.lookups += 1
            return number
        }
        last += 1
        entries[last] = Entry(node: node, lookups: 1)
        numbers[identity] = last
        return last
    }

    /// The number that a listing shows for a node that the kernel has not asked for; 0 would hide it.
    private static let unknown: UInt64 = 0xFFFF_FFFF

    func number(of node: VirtualNode) -> UInt64 { numbers[Self.identity(node)] ?? Self.unknown }

    mutating func forget(_ number: UInt64, lookups: UInt64) {
        guard number != Self.root, let entry = entries[number] else { return }
        if entry.lookups > lookups {
            entries[number]?.lookups -= lookups
        } else {
            numbers[Self.identity(entry.node)] = nil
            entries[number] = nil
        }
    }
}
