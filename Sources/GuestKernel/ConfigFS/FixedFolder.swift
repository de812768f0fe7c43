internal import FUSEMount

/// A folder whose content nobody changes.
final class FixedFolder: VirtualFolder {
    private let nodes: [(name: String, node: VirtualNode)]

    init(_ nodes: [(name: String, node: VirtualNode)]) { self.nodes = nodes }

    var names: [String] { nodes.map(\.name) }

    func node(named name: String) -> VirtualNode? { nodes.first { $0.name == name }?.node }
}
