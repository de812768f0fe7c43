internal import ArgumentParser
internal import BoundedBytes
internal import EncryptedMemory
internal import InitramfsRuntime
internal import JSON

/// `snp-emulator memory`.
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a running guest's memory, as host or guest.",
        discussion: """
            read ADDRESS COUNT    print bytes, 16 a line
            write ADDRESS HEX     write bytes
            scan HEX              find a byte string in all of the guest's memory
            remap ADDRESS OTHER   put the page at OTHER at ADDRESS, too, as only the host can
            map                   list ranges by state: shared, private, validated, VMSA, immutable

            Addresses are the guest's, with 0x. With --from FILE, write and scan take the bytes of a file in place of \
            HEX. Where the machine forbids an access, its fault is told: exit status 74.

            With --json, standard output is one object: read: address, bytes; remap: remapped; scan: hits, \
            scanned, unreadable; map: ranges of start, size, state.

            Exit status: 64 usage, 65 the emulator's answer is malformed, 66 no guest runs or no memory is there, 74 an \
            access failed.
            """)

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case read, write, scan, map, remap
    }

    @Option(
        help: ArgumentHelp("The emulated chip that the guest runs on.", valueName: "folder"), completion: .directory)
    var state: String

    @Option(
        name: .customLong("as"), help: ArgumentHelp("host or guest (default: host).", valueName: "observer"),
        transform: { name in
            guard let observer = Observer(rawValue: name) else {
                throw ValidationError("'\(name)' is neither host nor guest")
            }
            return observer
        })
    var observer = Observer.host

    @Option(help: ArgumentHelp("The bytes to write or to look for.", valueName: "file"), completion: .file())
    var from: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Argument(help: "read, write, scan, map or remap.")
    var action: Action

    @Argument(help: "Address and count, address and bytes, two addresses, or bytes.")
    var operands: [String] = []

    func validate() throws {
        let count =
            switch action {
            case .read, .remap: 2
            case .write: from == nil ? 2 : 1
            case .scan: from == nil ? 1 : 0
            case .map: 0
            }
        guard operands.count == count else {
            throw ValidationError("\(action.rawValue) takes \(count) operands here, not \(operands.count)")
        }
        guard from == nil || action == .write || action == .scan else {
            throw ValidationError("--from is for write and scan")
        }
        if [.read, .write, .remap].contains(action) { _ = try address(operands[0]) }
        if action == .remap { _ = try address(operands[1]) }
        guard action != .remap || observer == .host else { throw ValidationError("only the host remaps") }
        if action == .read, !(1...UInt64(1 << 40)).contains(try number(operands[1])) {
            throw ValidationError("the count goes from 1 to 1 TiB")
        }
        if from == nil, action == .write || action == .scan, (operands.last.flatMap(Hexadecimal.decode) ?? []).isEmpty {
            throw ValidationError("'\(operands.last ?? "")' is no even number of hexadecimal digits")
        }
    }

    func run() throws {
        try reporting { () throws(CommandFailure) in
            let bytes = try payload()
            let client: MemoryClient
            do throws(FileError) { client = try MemoryClient(in: state + "/run") } catch {
                let text = error.isMissing ? "no guest runs on " + state : error.description
                throw CommandFailure(error.isMissing ? .missing : .inputOutput, area: "memory", text)
            }
            let session = MemorySession(client, as: observer, isJSON: json)
            switch action {
            case .read: try session.read(parsed(operands[0]), count: parsed(operands[1]))
            case .write: try session.write(parsed(operands[0]), bytes)
            case .scan: try session.scan(for: bytes)
            case .map: try session.map()
            case .remap: try session.remap(parsed(operands[0]), to: parsed(operands[1]))
            }
        }
    }

    private func payload() throws(CommandFailure) -> [UInt8] {
        guard let from else { return operands.last.flatMap(Hexadecimal.decode) ?? [] }
        let limit = action == .scan ? MemoryRequest.longestPattern : 1 << 30
        let bytes = try CommandFailure.reading(from, limit: limit, area: "memory")
        guard !bytes.isEmpty else { throw CommandFailure(.malformed, area: "memory", from + " is empty") }
        return bytes
    }

    private func address(_ text: String) throws -> UInt64 {
        guard text.hasPrefix("0x") else { throw ValidationError("'\(text)' is no address with 0x") }
        return try number(text)
    }

    private func number(_ text: String) throws -> UInt64 {
        guard let number = Self.number(text) else { throw ValidationError("'\(text)' is no number") }
        return number
    }

    private static func number(_ text: String) -> UInt64? {
        text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }

    /// After `validate`, every number is one.
    private func parsed(_ text: String) -> UInt64 { Self.number(text) ?? 0 }
}
