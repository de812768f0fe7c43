internal import InstalledSystem

/// A disk that firmware with Secure Boot starts: whether it is one is known before any machine is started.
public enum BootableDisk {
    /// Looks for shim, where firmware does and where installers put it.
    ///
    /// - Throws: `.disk` where the file is missing, is no disk or has file systems that are damaged; `.noBoot` where there
    ///   is no EFI system partition, or no shim on it.
    public static func check(_ path: String) throws(MachineError) {
        let system = try reading { () throws(InstalledSystemError) in try InstalledSystem.open(image: path) }
        guard let esp = system.esp else {
            throw .noBoot(disk: path, reason: "it has no EFI system partition that can be read")
        }
        let isThere = try reading { () throws(InstalledSystemError) in
            var files = [InstalledSystem.removableMediaPath]
            files += (try esp.names(in: "/EFI") ?? []).map { "/EFI/" + $0 + "/shimx64.efi" }
            for file in files {
                guard case .file = try esp.kind(of: file) else { continue }
                if try system.bootChain(starting: file).shim != nil { return true }
            }
            return false
        }
        guard isThere else { throw .noBoot(disk: path, reason: "there is no shim on its EFI system partition") }
    }

    private static func reading<Value>(
        _ body: () throws(InstalledSystemError) -> Value
    ) throws(MachineError) -> Value {
        do throws(InstalledSystemError) { return try body() } catch { throw .disk(error) }
    }
}
