internal import InitramfsRuntime

extension GuestMounts {
    private static let kernel = "/sys/kernel"
    private static let firmware = "/sys/firmware"

    /// Mounts /sys/kernel: the machine's, without its security events and its configuration.
    ///
    /// - Parameter eventLog: the TCG event log of the guest's boot.
    static func makeKernelFolder(eventLog: [UInt8]?) throws(GuestError) {
        try coverAll(of: kernel, but: ["config", "security"])
        try makeFolder(kernel + "/config", mode: 0o755)
        try makeFolder(kernel + "/security", mode: 0o755)
        guard let eventLog else { return }
        try makeFolder(kernel + "/security/tpm0", mode: 0o755)
        try makeFile(kernel + "/security/tpm0/binary_bios_measurements", eventLog, mode: 0o440)
    }

    /// Mounts /sys/firmware: the machine's, without what its own UEFI firmware says.
    ///
    /// - Parameter variables: those of the guest's firmware.
    static func makeFirmwareFolder(variables: [(name: String, content: [UInt8])]) throws(GuestError) {
        try coverAll(of: firmware, but: ["efi"])
        guard !variables.isEmpty else { return }
        try makeFolder(firmware + "/efi", mode: 0o755)
        let folder = firmware + "/efi/efivars"
        try makeFolder(folder, mode: 0o755)
        for (name, content) in variables { try makeFile(folder + "/" + name, content, mode: 0o644) }
    }

    /// Mounts a tmpfs over a folder of sysfs, and binds into it what was there, save what is named.
    private static func coverAll(of path: String, but hidden: [String]) throws(GuestError) {
        let machine = try cover(path)
        let names: [String]
        do throws(FileError) { names = try machine.names() } catch { throw .file(error) }
        for name in names where !hidden.contains(name) {
            let kind: FileDescriptor.Kind
            do throws(FileError) {
                kind = try machine.open(inside: name, followsLink: false).kind
            } catch { throw .file(error) }
            if kind != .other { try bind(name, of: machine, into: path, isFolder: kind == .folder) }
        }
    }

    private static func makeFile(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(GuestError) {
        do throws(FileError) {
            let file = try FileDescriptor.create(path)
            try file.write(bytes, at: 0)
            try file.setPermissions(mode)
        } catch { throw .file(error) }
    }
}
