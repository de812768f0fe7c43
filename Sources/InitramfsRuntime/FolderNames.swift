internal import CLinux

extension FileDescriptor {
    /// What this folder holds, without `.` and `..`, in no order. A name that is not UTF-8 is left out: nothing that
    /// we look for has one.
    public func names() throws(FileError) -> [String] {
        let copy = unsafe shim_open_inside(rawValue, ".", 0)
        guard copy >= 0, let folder = unsafe fdopendir(copy) else {
            let code = shim_errno()
            if copy >= 0 { close(copy) }
            throw FileError(.open, path, errno: code)
        }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while true {
            shim_clear_errno()
            guard let entry = unsafe readdir(folder) else { break }
            guard let name = unsafe String(validatingCString: shim_entry_name(entry)) else { continue }
            if name != ".", name != ".." { names.append(name) }
        }
        guard shim_errno() == 0 else { throw FileError(.read, path, errno: shim_errno()) }
        return names
    }
}
