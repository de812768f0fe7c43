internal import CLinux
internal import InitramfsRuntime

/// A libcryptsetup or device-mapper call that failed.
public struct LUKSError: Error, Equatable, CustomStringConvertible {
    /// The C function under its own name, to look up in its manual.
    public enum Call: String, Sendable {
        case initialize = "crypt_init"
        case initializeDetached = "crypt_init_data_device"
        case load = "crypt_load"
        case volumeKey = "crypt_volume_key_get"
        case checkPassphrase = "crypt_activate_by_passphrase"
        case activate = "crypt_activate_by_volume_key"
        case resize = "crypt_resize"
        case deactivate = "crypt_deactivate"
        case setPBKDF = "crypt_set_pbkdf_type"
        case addKeyslot = "crypt_keyslot_add_by_key"
        case destroyKeyslot = "crypt_keyslot_destroy"
        case setToken = "crypt_token_json_set"
        case format = "crypt_format"
        case restoreHeader = "crypt_header_restore"
        case beginReencryption = "crypt_reencrypt_init_by_passphrase"
        case reencrypt = "crypt_reencrypt_run"
        case mappingStatus = "DM_TABLE_STATUS"
    }

    public let call: Call

    /// `errno`, positive; 0 where the library gave no reason.
    public let errno: Int32

    /// The key opened no slot of this volume.
    public var isWrongKey: Bool { (call == .volumeKey || call == .checkPassphrase) && errno == EPERM }

    /// The caller's own progress function ended the work.
    public var isInterrupted: Bool { call == .reencrypt && errno == EINTR }

    /// The header is not LUKS2, or damaged.
    public var isMalformed: Bool { call == .load && errno == EINVAL }

    public var description: String {
        if isWrongKey { return "the key opens no keyslot" }
        return call.rawValue + (errno == 0 ? " failed" : ": " + describeErrno(errno))
    }

    init(_ call: Call, errno: Int32) {
        self.call = call
        self.errno = errno
    }
}

/// Turns libcryptsetup's negative `errno` into a typed error, and passes a result through.
@discardableResult
func check(_ code: Int32, _ call: LUKSError.Call) throws(LUKSError) -> Int32 {
    guard code >= 0 else { throw LUKSError(call, errno: -code) }
    return code
}
