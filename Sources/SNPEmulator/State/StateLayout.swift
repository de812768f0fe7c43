internal import CLinux
internal import InitramfsRuntime
internal import SecureProcessor

/// The names of all that lies in a state folder.
struct StateLayout {
    let path: String

    var description: String { path + "/chip.json" }
    var keys: String { path + "/keys" }
    var certificates: String { path + "/certs" }
    /// The vTPM's encrypted state.
    var virtualTPM: String { path + "/vtpm" }
    /// The same of another guest, which the host runs to cheat the first one.
    var otherVirtualTPM: String { run + "/other-vtpm" }
    /// Firmware variables, and what was written to disks.
    var machine: String { path + "/machine" }
    /// Sockets and locks of a running guest.
    var run: String { path + "/run" }
    /// Locked by whoever changes chip.json.
    var lock: String { run + "/state.lock" }

    /// Locked by whoever runs a guest.
    var guestLock: String { run + "/guest.lock" }

    var chipSeed: String { keys + "/chip.seed" }
    var vlekSeed: String { keys + "/vlek.seed" }

    func key(_ member: CertificateAuthority.Member) -> String { keys + "/" + member.rawValue + ".pem" }
    func certificate(_ member: CertificateAuthority.Member) -> String {
        certificates + "/" + member.rawValue + ".pem"
    }
    func certificate(_ file: CertificateFile) -> String { certificates + "/" + file.rawValue }
    /// ASK, then ARK.
    var chain: String { certificates + "/cert_chain.pem" }
    /// ASVK, then ARK.
    var vlekChain: String { certificates + "/vlek_cert_chain.pem" }

    private var folders: [String] { [keys, certificates, virtualTPM, run] }

    func makeFolders() throws(FileError) { for folder in folders { try FileBytes.makeDirectory(folder) } }

    /// Removes what `init` writes. Whatever else is there stays, and is an error.
    func empty() throws(FileError) {
        let members = CertificateAuthority.Member.allCases
        let files =
            [description, lock, guestLock, chipSeed, vlekSeed, chain, vlekChain] + members.map { key($0) }
            + members.map { certificate($0) } + CertificateFile.allCases.map { certificate($0) }
        for file in files {
            for name in [file, file + ".new"] {
                guard unsafe unlink(name) == 0 || shim_errno() == ENOENT else {
                    throw FileError(.remove, name, errno: shim_errno())
                }
            }
        }
        for folder in folders { try Self.removeFolder(folder) }
    }

    /// As `empty`, and the folder itself.
    func remove() throws(FileError) {
        try empty()
        try Self.removeFolder(path)
    }

    private static func removeFolder(_ folder: String) throws(FileError) {
        guard unsafe rmdir(folder) == 0 || shim_errno() == ENOENT else {
            throw FileError(.remove, folder, errno: shim_errno())
        }
    }
}
