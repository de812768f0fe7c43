internal import ArgumentParser
internal import BoundedBytes
internal import InitramfsRuntime
internal import JSON
internal import SNPEmulator
internal import SecureProcessor

/// `snp-emulator certs`.
struct Certs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, export, revoke or reissue a chip's certificates.",
        discussion: """
            list (default): a line a file of STATE/certs, with the SHA-256 of its DER. export FOLDER: files under the \
            paths of AMD's key server, such as vcek/v1/Milan/cert_chain. revoke ask, revoke asvk: a new revocation list \
            that has this authority, too; there is no way back. reissue DAYS: new certificates for the chip's \
            keys, dated so many days ago; they are valid for seven years.

            With --json, standard output is one object: certificates (name, sha256), files, or what tcb shows.
            """)

    enum Action: String, ExpressibleByArgument {
        case list, export, revoke, reissue
    }

    @OptionGroup var options: StateOptions

    @Argument(help: ArgumentHelp("list, export, revoke or reissue.", valueName: "action"))
    var action: Action = .list

    @Argument(help: ArgumentHelp("The folder to export to, whom to revoke, or days.", valueName: "operand"))
    var operand: String?

    func validate() throws {
        switch action {
        case .list: if let operand { throw ValidationError("list takes no operand: " + operand) }
        case .export: if operand == nil { throw ValidationError("export needs a folder") }
        case .revoke: if authority == nil { throw ValidationError("revoke needs ask or asvk") }
        case .reissue: if age == nil { throw ValidationError("reissue needs a number of days, up to \(Self.oldest)") }
        }
    }

    /// Days: there were no such chips before.
    private static let oldest: Int64 = 10_000

    private var age: Int64? { operand.flatMap { Int64($0) }.flatMap { (0...Self.oldest).contains($0) ? $0 : nil } }

    private var authority: CertificateAuthority.Member? {
        switch operand {
        case "ask": .ask
        case "asvk": .asvk
        default: nil
        }
    }

    func run() throws {
        try reporting { () throws(CommandFailure) in
            var state = try options.load()
            do throws(StateError) {
                switch action {
                case .list: list(try state.certificates())
                case .export: exported(try state.export(to: operand ?? "."))
                case .revoke:
                    guard let authority else { return }
                    try state.update(now: WallClock.seconds) { description in
                        if !description.revoked.contains(authority) { description.revoked.append(authority) }
                    }
                    options.show(state)
                case .reissue:
                    try state.update(now: WallClock.seconds - (age ?? 0) * 86400, reissuing: true) { _ in }
                    options.show(state)
                }
            } catch { throw CommandFailure(state: error) }
        }
    }

    private func list(_ certificates: [StateFolder.Certificate]) {
        guard options.json else {
            for entry in certificates { Console.print(Hexadecimal.encode(entry.fingerprint) + "  " + entry.name) }
            return
        }
        let entries = certificates.map { entry in
            JSONValue.object([
                JSONMember("name", .string(entry.name)),
                JSONMember("sha256", .string(Hexadecimal.encode(entry.fingerprint))),
            ])
        }
        Console.print(JSONValue.object([JSONMember("certificates", .array(entries))]).compact)
    }

    private func exported(_ paths: [String]) {
        guard options.json else {
            for path in paths { Console.print(path) }
            return
        }
        Console.print(JSONValue.object([JSONMember("files", .array(paths.map { .string($0) }))]).compact)
    }
}
