/// Why a virtual machine did not do what was expected of it.
public enum VirtualMachineError: Error, CustomStringConvertible {
    /// A program or file that is needed is missing or did not start.
    case start(String)
    /// The text did not appear in time; the console's last lines follow.
    case timeout(waitingFor: String, console: String)
    /// QEMU ended; the console's last lines follow.
    case ended(waitingFor: String, console: String)

    public var description: String {
        switch self {
        case .start(let what): what
        case .timeout(let text, let console): "no '\(text)' in time; the console ends with:\n\(console)"
        case .ended(let text, let console): "the machine ended before '\(text)'; the console ends with:\n\(console)"
        }
    }
}
