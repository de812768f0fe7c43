/// A kernel in `/boot`, by Debian's names.
public struct InstalledKernel: Sendable {
    /// Such as `6.1.0-56-amd64`.
    public let version: PackageVersion
    /// Paths in the volume of `/boot`.
    public let path: String
    /// nil where there is none for this kernel.
    public let initrd: String?

    static let prefix = "vmlinuz-"
    private static let initrdPrefix = "initrd.img-"
}

extension InstalledSystem {
    /// The kernels in `/boot`, the oldest version first.
    public func kernels() throws(InstalledSystemError) -> [InstalledKernel] {
        let boot = try boot
        var kernels: [InstalledKernel] = []
        for name in try boot.volume.names(in: boot.prefix + "/") ?? [] where name.hasPrefix(InstalledKernel.prefix) {
            let path = boot.prefix + "/" + name
            guard case .file = try boot.volume.kind(of: path) else { continue }
            let version = String(name.dropFirst(InstalledKernel.prefix.count))
            let initrd = boot.prefix + "/" + InstalledKernel.initrdName(version)
            let hasInitrd = if case .file = try boot.volume.kind(of: initrd) { true } else { false }
            kernels.append(
                InstalledKernel(
                    version: PackageVersion(version), path: path, initrd: hasInitrd ? initrd : nil))
        }
        return kernels.sorted { $0.version < $1.version }
    }
}

extension InstalledKernel {
    fileprivate static func initrdName(_ version: String) -> String { initrdPrefix + version }
}
