/// `/etc/crypttab`, where the volumes of a machine are declared.
public enum VolumeTable {
    /// The guest's configuration that goes with it.
    public static let configuration = "/etc/sealroot/init.conf"
    static let path = "/etc/crypttab"

    /// What it holds, where `configuration` is the machine's own; nothing beside another, or where it cannot be read: the
    /// configuration must name the volume then.
    public static func beside(_ configuration: String) -> [UInt8] {
        guard configuration == Self.configuration else { return [] }
        return (try? FileBytes.read(path, limit: 1 << 20)) ?? []
    }
}
