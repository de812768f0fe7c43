/// Which arguments of the kernel's command line are refused.
///
/// The command line is measured, so the TPM's policy would refuse a changed one as well; this says which argument it
/// is, and refuses one that somebody has sealed by mistake.
public struct ArgumentRules: Equatable, Sendable {
    /// A name (`break`, also written `break=`), refused with any value or none, or `name=value`.
    public let denied: [String]
    /// Whole arguments that are accepted all the same, such as `init=/lib/systemd/systemd`.
    public let allowed: [String]

    public static let standard = ArgumentRules()

    public init(denied: [String] = standardDenied, allowed: [String] = standardAllowed) {
        self.denied = denied
        self.allowed = allowed
    }

    /// Sources: initramfs-tools(7), "boot options"; cryptsetup's README.initramfs (`cryptopts`); dracut.cmdline(7);
    /// systemd(1), "kernel command line", and systemd-debug-generator(8). Each of them gives a shell, a debugger or
    /// another first program to whoever edits the command line.
    public static let standardDenied = [
        "break", "init", "rdinit", "boot", "cryptopts", "rd.break", "rd.shell", "rd.systemd.unit",
        "rd.systemd.debug_shell",
        "systemd.debug_shell", "systemd.run", "systemd.setenv", "systemd.wants", "systemd.unit=rescue.target",
        "systemd.unit=emergency.target", "single", "s", "S", "1", "rescue", "emergency", "-b", "-s",
    ]
    /// What initramfs-tools does by itself.
    public static let standardAllowed = ["boot=local"]

    /// The first argument of `commandLine` that is refused.
    ///
    /// Words end at white space even inside quotes, since the shell of the initramfs splits them there; quotes count for
    /// nothing, and `-` is `_`, as the kernel and systemd have it.
    func firstRefused(in commandLine: ArraySlice<UInt8>) -> String? {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) || $0 == 0 }
        for word in commandLine.split(whereSeparator: isBlank) {
            let argument = word.filter { $0 != 0x22 && $0 != 0x27 }
            let isAllowed = allowed.contains { Array($0.utf8) == argument }
            if !isAllowed, denied.contains(where: { Self.denies($0, argument) }) {
                return String(decoding: argument, as: UTF8.self)
            }
        }
        return nil
    }

    private static func denies(_ entry: String, _ argument: [UInt8]) -> Bool {
        let (name, value) = parts(Array(entry.utf8))
        let (found, foundValue) = parts(argument)
        guard found.map(folded) == name.map(folded) else { return false }
        guard let value, !value.isEmpty else { return true }
        return value == foundValue
    }

    private static func parts(_ argument: [UInt8]) -> (name: [UInt8], value: [UInt8]?) {
        guard let equals = argument.firstIndex(of: 0x3D) else { return (argument, nil) }
        return (Array(argument[..<equals]), Array(argument[(equals + 1)...]))
    }

    private static func folded(_ byte: UInt8) -> UInt8 { byte == 0x2D ? 0x5F : byte }
}
