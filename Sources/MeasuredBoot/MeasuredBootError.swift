public import InitramfsRuntime
public import Prediction

/// Why the model of the firmware does not boot an image.
public enum MeasuredBootError: Error, CustomStringConvertible {
    case prediction(PredictionError)
    /// Firmware, shim or GRUB would refuse a program, or what they do cannot be known.
    case noBoot(event: String, reason: String)
    /// The template's log cannot be continued.
    case log(String)

    public var exitCode: ExitCode {
        switch self {
        case .prediction(let error): error.exitCode
        case .noBoot: .bootRefused
        case .log: .malformed
        }
    }

    public var description: String {
        switch self {
        case .prediction(let error): error.description
        case .noBoot(let event, let reason): event + ": " + reason
        case .log(let reason): "event log: " + reason
        }
    }
}
