internal import CCryptsetup
public import Secrets

/// One libcryptsetup device context, freed exactly once.
@safe public struct LUKSVolume: ~Copyable {
    let device: OpaquePointer  // struct crypt_device *

    init(owning device: OpaquePointer) { unsafe self.device = device }

    deinit { unsafe crypt_free(device) }

    /// Reads the LUKS2 header at `path`.
    ///
    /// - Parameter path: A block device, or a file that holds a LUKS2 image.
    /// - Returns: The device context; nothing is unlocked yet.
    /// - Throws: `.initialize` if the file cannot be used, `.load` if it holds no LUKS2 header.
    public static func open(headerAt path: String) throws(LUKSError) -> LUKSVolume {
        // The library would print its own lines between ours.
        shim_silence()
        var created: OpaquePointer?
        try check(unsafe crypt_init(&created, path), .initialize)
        guard let created = unsafe created else { throw LUKSError(.initialize, errno: 0) }
        return try loaded(unsafe LUKSVolume(owning: created))
    }

    /// Reads the LUKS2 header at `header` for the data at `device`, whose own header is never read.
    public static func open(headerAt header: String, dataAt device: String) throws(LUKSError) -> LUKSVolume {
        shim_silence()
        var created: OpaquePointer?
        try check(unsafe crypt_init_data_device(&created, header, device), .initializeDetached)
        guard let created = unsafe created else { throw LUKSError(.initializeDetached, errno: 0) }
        return try loaded(unsafe LUKSVolume(owning: created))
    }

    private static func loaded(_ volume: consuming LUKSVolume) throws(LUKSError) -> LUKSVolume {
        try check(unsafe crypt_load(volume.device, CRYPT_LUKS2, nil), .load)
        return volume
    }

    /// The volume's UUID as text; empty where the header has none.
    public var uuid: String {
        guard let text = unsafe crypt_get_uuid(device) else { return "" }
        return unsafe String(cString: text)
    }

    /// Length of the volume key, in bytes.
    public var volumeKeyByteCount: Int { Int(unsafe crypt_get_volume_key_size(device)) }

    /// Takes the volume key out of keyslot `keyslot`, or of any where that is nil, and maps nothing.
    ///
    /// libcryptsetup compares the key with the header's digest first.
    /// - Throws: `.volumeKey`; `isWrongKey` where `passphrase` does not open it.
    public func volumeKey(
        passphrase: borrowing SecretBytes, keyslot: Int? = nil
    ) throws(LUKSError) -> SecretBytes {
        let count = volumeKeyByteCount
        guard count > 0 else { throw LUKSError(.volumeKey, errno: 0) }
        let slot = keyslot.map { Int32(truncatingIfNeeded: $0) } ?? CRYPT_ANY_SLOT
        return try SecretBytes(count: count) { (key: inout MutableSpan<UInt8>) throws(LUKSError) in
            var written = count
            let code = unsafe key.withUnsafeMutableBytes { key in
                unsafe passphrase.bytes.withUnsafeBytes { passphrase in
                    unsafe crypt_volume_key_get(
                        device, slot, key.bindMemory(to: CChar.self).baseAddress, &written,
                        passphrase.bindMemory(to: CChar.self).baseAddress, passphrase.count)
                }
            }
            try check(code, .volumeKey)
            guard written == count else { throw LUKSError(.volumeKey, errno: 0) }
        }
    }

    /// Which keyslot `passphrase` opens; nothing is mapped.
    ///
    /// - Throws: `.checkPassphrase`; `isWrongKey` where it opens none.
    public func keyslot(openedBy passphrase: borrowing SecretBytes) throws(LUKSError) -> Int {
        let code = unsafe passphrase.bytes.withUnsafeBytes { passphrase in
            // Without a name the library only looks whether the passphrase opens a keyslot.
            unsafe crypt_activate_by_passphrase(
                device, nil, CRYPT_ANY_SLOT, passphrase.bindMemory(to: CChar.self).baseAddress, passphrase.count, 0)
        }
        return Int(try check(code, .checkPassphrase))
    }

    /// Maps the volume at `/dev/mapper/<name>`; the key goes to dm-crypt through the kernel's keyring.
    public func activate(as name: String, volumeKey: borrowing SecretBytes) throws(LUKSError) {
        let code = unsafe volumeKey.bytes.withUnsafeBytes { key in
            unsafe crypt_activate_by_volume_key(
                device, name, key.bindMemory(to: CChar.self).baseAddress, key.count,
                shim_CRYPT_ACTIVATE_KEYRING_KEY)
        }
        try check(code, .activate)
    }

    /// Lets the mapping `name` reach to the end of the device below, while it is in use.
    public func grow(_ name: String, volumeKey: borrowing SecretBytes) throws(LUKSError) {
        let code = unsafe volumeKey.bytes.withUnsafeBytes { key in
            // Without a name this puts the key into this thread's keyring, where the kernel takes it for the new table.
            unsafe crypt_activate_by_volume_key(
                device, nil, key.bindMemory(to: CChar.self).baseAddress, key.count, shim_CRYPT_ACTIVATE_KEYRING_KEY)
        }
        try check(code, .activate)
        try check(unsafe crypt_resize(device, name, 0), .resize)
    }

    /// Takes the mapping `name` away.
    public static func deactivate(_ name: String) throws(LUKSError) {
        try check(unsafe crypt_deactivate(nil, name), .deactivate)
    }
}
