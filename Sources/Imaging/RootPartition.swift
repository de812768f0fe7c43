internal import FileSystems
internal import PartitionTable

/// Finds the root among the partitions of an image, and rather refuses than guesses.
enum RootPartition {
    /// - Parameter wanted: a number from 1, or a GPT name; nil applies the rules, first fit first:
    ///   1. the type is "root partition for x86-64" (Discoverable Partitions Specification);
    ///   2. the name is `root`;
    ///   3. it holds ext4 and is not `/boot`, by type, by name and by where it was mounted last.
    /// - Throws: `.ambiguous` where more than one partition fits the first rule that any fits.
    static func find(
        _ wanted: String?, among partitions: [(partition: Partition, content: PartitionContent)]
    ) throws(ImagingError) -> (partition: Partition, superblock: ExtSuperblock) {
        let list = partitions.map { line($0.partition, $0.content) }
        let rules: [(name: String, fits: (Partition, PartitionContent) -> Bool)] =
            if let wanted {
                [
                    ("number \(wanted)", { p, _ in String(p.number) == wanted }),
                    ("named \(wanted)", { p, _ in p.name == wanted }),
                ]
            } else {
                [
                    ("of the type root", { p, _ in p.typeGUID == .rootX8664 }),
                    ("named root", { p, _ in p.name == "root" }),
                    ("an ext4 file system other than /boot", isPlainRoot),
                ]
            }
        for rule in rules {
            let found = partitions.filter { rule.fits($0.partition, $0.content) }
            guard let first = found.first else { continue }
            guard found.count == 1 else { throw .ambiguous(rule: rule.name, partitions: list) }
            guard case .ext(let superblock) = first.content else {
                throw .notExt4(partition: first.partition.number, found: first.content.name)
            }
            return (first.partition, superblock)
        }
        throw wanted.map { .noSuchPartition(wanted: $0, partitions: list) } ?? .noRoot(partitions: list)
    }

    private static func isPlainRoot(_ partition: Partition, _ content: PartitionContent) -> Bool {
        guard case .ext(let superblock) = content, partition.typeGUID != .extendedBootLoader else { return false }
        return superblock.lastMounted != "/boot" && !["boot", "/boot"].contains(partition.name.lowercased())
    }

    private static func line(_ partition: Partition, _ content: PartitionContent) -> String {
        let name = partition.name.isEmpty ? "" : " \"\(partition.name)\""
        return "\(partition.number)\(name) type \(partition.typeGUID): \(content.name)"
    }
}
