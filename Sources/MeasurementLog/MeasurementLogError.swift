public import InitramfsRuntime

/// Why a measurement is not in the log.
public enum MeasurementLogError: Error, Equatable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// A writer died between its extension and its record: records are missing, so none is added.
    case unfinished(String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .unfinished(let path): path + " is marked as unfinished: a program ended while it measured"
        }
    }
}
