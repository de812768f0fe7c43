/// Paths on a FAT file system.
public enum FATPath {
    /// The names from the root to what `path` leads to; nil above the root.
    ///
    /// FAT has no links, so `..` only takes a name away.
    public static func names(_ path: String) -> [String]? {
        var names: [String] = []
        for name in path.split(separator: "/") where name != "." {
            guard name == ".." else {
                names.append(String(name))
                continue
            }
            guard names.popLast() != nil else { return nil }
        }
        return names
    }
}
