internal import CLinux
public import Secrets

/// Hands a secret from the initramfs to the system that it starts, in the kernel's memory: no file holds it, and it
/// vanishes by itself.
///
/// Source: Linux, Documentation/security/keys/core.rst; keyctl(2). Keys of type `user` in root's user keyring, which
/// root alone may search and read.
public enum KernelKeyring {
    /// View, read, search and change the time limit, by the possessor and by root: services have a session of their own
    /// and do not possess what is in the user keyring.
    private static let permissions: UInt32 = 0x3F2B_0000

    /// - Parameter seconds: after which the kernel forgets it.
    /// - Returns: false where the kernel has no keyrings, or no room.
    public static func put(_ secret: borrowing SecretBytes, as name: String, seconds: UInt32) -> Bool {
        let key = unsafe secret.bytes.withUnsafeBytes { unsafe shim_add_key(name, $0.baseAddress, $0.count) }
        guard key >= 0 else { return false }
        // systemd's units possess nothing of the user keyring: only as the maker's own can the key be limited. Without
        // its limits it must not stay.
        guard shim_limit_key(key, permissions, seconds) == 0, shim_publish_key(key) == 0 else {
            _ = shim_invalidate_key(key)
            return false
        }
        return true
    }

    /// The secret of that name, of exactly `count` bytes; nil where there is none.
    public static func secret(_ name: String, count: Int) -> SecretBytes? {
        let key = unsafe shim_find_user_key(name)
        guard key >= 0 else { return nil }
        var isRead = false
        let secret = SecretBytes(count: count) { bytes in
            isRead =
                unsafe bytes.withUnsafeMutableBytes { unsafe shim_read_key(key, $0.baseAddress, $0.count) } == count
        }
        guard isRead else { return nil }
        return secret
    }

    /// Takes it out of the kernel.
    public static func remove(_ name: String) {
        let key = unsafe shim_find_user_key(name)
        if key >= 0 { _ = shim_invalidate_key(key) }
    }
}
