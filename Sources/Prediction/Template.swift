internal import BoundedBytes
internal import Cryptography
public import EventLog
internal import InitramfsRuntime
internal import InstalledSystem
internal import JSON

/// The log of a machine that booted, to predict the first boot of an image on another one with the same firmware.
///
/// A file `NAME.json` with the members `version` (1), `name`, `firmware` (in words), `firmware_blobs` (the SHA-256
/// digests of the firmware's parts as the log has them), `log` (a file beside it) and `log_sha256`. It may have
/// `firmware_setup`: whether the firmware offers its setup menu, which GRUB 2.12 asks.
public struct Template: Sendable {
    public let name: String
    /// Which firmware, with which keys, in words.
    public let firmware: String
    public let log: EventLog
    /// Bit 0 of the variable OsIndicationsSupported, which no log has; nil where that is not known.
    public let hasFirmwareSetup: Bool?
    /// `firmware_blobs`.
    public var blobs: [String] { log.firmwareBlobs }

    /// Where the package puts templates.
    public static let folder = "/usr/share/sealroot/templates"
    /// The one that is taken where none is named.
    public static let standard = "ovmf-debian12-secureboot"
    private static let longestLog = 16 << 20

    /// Reads the template of that name, or the file of that path if `name` has a slash.
    public static func read(_ name: String, in folder: String = folder) throws(PredictionError) -> Template {
        let path = name.utf8.contains(0x2F) ? name : folder + "/" + name + ".json"
        let text = try file(path, limit: 1 << 16)
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: text) } catch {
            throw .template("\(path): \(error)")
        }
        func wrap(_ error: MemberError) -> PredictionError {
            .template("\(path): \(Printable.escape(error.path)): \(error.problem)")
        }
        var reader = try ObjectReader<PredictionError>(value, at: "", wrap: wrap)
        guard try reader.integer("version") == 1 else { throw .template("\(path): unknown version") }
        let title = try reader.string("name")
        let firmware = try reader.string("firmware")
        let blobs = try reader.strings("firmware_blobs")
        let logName = try reader.string("log")
        let digest = try reader.string("log_sha256")
        let hasFirmwareSetup: Bool?
        switch reader.optional("firmware_setup") {
        case nil: hasFirmwareSetup = nil
        case .bool(let value): hasFirmwareSetup = value
        default: throw .template("\(path): firmware_setup is neither true nor false")
        }
        try reader.finish()
        guard !logName.utf8.contains(0x2F), !logName.isEmpty else { throw .template("\(path): log is no file name") }
        let parent = path.utf8.lastIndex(of: 0x2F).map { String(path[...$0]) } ?? ""
        let bytes = try file(parent + logName, limit: longestLog)
        guard try Hexadecimal.encode(hash(bytes, .sha256)) == digest else {
            throw .template("\(parent + logName): its digest is not log_sha256")
        }
        let log: EventLog
        do throws(EventLogError) { log = try EventLog(parsing: bytes) } catch {
            throw .template("\(parent + logName): \(error)")
        }
        guard log.firmwareBlobs == blobs else {
            throw .template("\(path): firmware_blobs are not those of the log")
        }
        return Template(name: title, firmware: firmware, log: log, hasFirmwareSetup: hasFirmwareSetup)
    }

    private static func file(_ path: String, limit: Int) throws(PredictionError) -> [UInt8] {
        do throws(FileError) { return try FileBytes.read(path, limit: limit) } catch { throw .system(.file(error)) }
    }
}

extension EventLog {
    /// The SHA-256 digests of the firmware's parts, in hexadecimal.
    fileprivate var firmwareBlobs: [String] {
        guard let bank = banks.first(where: { $0.algorithm == .sha256 }) else { return [] }
        return events.filter { $0.type == .firmwareBlob || $0.type == .firmwareBlob2 }
            .compactMap { digest(of: $0, in: bank).map { Hexadecimal.encode($0) } }
    }
}
