internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import Secrets

/// The private keys of local authorities, on the encrypted root: with them a running system approves what it will boot
/// next, without the sealed secret. Source: architecture, section 4.1.
///
/// Each key has a file of its own, named after the key, so that an interrupted enrolment never overwrites one that is in
/// use.
public struct AuthorityStore: Sendable {
    public static let defaultFolder = "/var/lib/sealroot"

    let folder: String
    private static let longestKey = 4096

    public init(folder: String = defaultFolder) { self.folder = folder }

    /// Keeps two processes from changing a volume's policies at the same time; holds as long as the value lives.
    func lock() throws(FileError) -> FileDescriptor {
        try FileBytes.makeDirectory(folder)
        let file = try FileDescriptor.openOrCreate(folder + "/lock")
        try file.lock()
        return file
    }

    /// The key whose TPM name is `name`; nil where it is not here.
    func key(named name: [UInt8]) throws(EnrollmentError) -> LocalAuthority? {
        let path = path(of: name)
        guard PathWaiter.isPresent(path) else { return nil }
        let pem = try rethrow(as: EnrollmentError.file) { () throws(FileError) in
            try FileBytes.readSecret(path, limit: Self.longestKey)
        }
        guard let key = SigningKey.parse(pem: pem) else { throw .authorityKeyMalformed(path) }
        return LocalAuthority(key)
    }

    func save(_ key: borrowing SigningKey, named name: [UInt8]) throws(EnrollmentError) {
        let pem = try hashing { () throws(CryptographyError) in try key.pem() }
        try rethrow(as: EnrollmentError.file) { () throws(FileError) in
            try FileBytes.makeDirectory(folder)
            try FileBytes.replace(path(of: name), with: pem)
        }
    }

    func remove(named name: [UInt8]) throws(FileError) { try FileBytes.remove(path(of: name)) }

    /// 64 bits of the name are plenty to tell a machine's keys apart, and whoever reads a key compares the whole.
    private func path(of name: [UInt8]) -> String {
        folder + "/authority-" + Hexadecimal.encode(name.dropFirst(2).prefix(8)) + ".pem"
    }
}

/// A signing key that can be kept in an optional: a class, since noncopyable values of other modules cannot.
final class LocalAuthority {
    let key: SigningKey

    init(_ key: consuming SigningKey) { self.key = key }
}
