internal import InitramfsRuntime
public import Secrets

/// How the unlock of an imported key hands the secret to the running system, which exchanges it for one of its own.
public enum Handover {
    /// Long enough for a first boot to reach the unit that does it.
    private static let seconds: UInt32 = 900

    /// - Returns: false where the kernel does not take it: then the exchange asks for a passphrase.
    public static func leave(_ secret: borrowing SealedSecret, for uuid: String) -> Bool {
        KernelKeyring.put(secret.bytes, as: name(uuid), seconds: seconds)
    }

    public static func take(for uuid: String) -> SecretBytes? {
        KernelKeyring.secret(name(uuid), count: SealedSecret.byteCount)
    }

    public static func forget(for uuid: String) { KernelKeyring.remove(name(uuid)) }

    private static func name(_ uuid: String) -> String { "sealroot:" + uuid }
}
