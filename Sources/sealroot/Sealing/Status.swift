internal import ArgumentParser
internal import BoundedBytes
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import TPM

/// `sealroot status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether the next boot will unlock, or why not.",
        discussion: """
            The exit status is 0 where the next boot will unlock, 77 where it will not.

            With --json, standard output is one object: version, will_unlock, code, policy (the label of the one that \
            the next boot meets), obstacles (area, detail), warnings, policies (label, pcrs, count, live), counter \
            (handle, value) and authority_name.
            """)

    @OptionGroup var device: DeviceArgument
    @OptionGroup var system: SystemOptions
    @OptionGroup var tpm: TPMOptions

    @Option(
        help: ArgumentHelp("The log of the last boot (default: the kernel's).", valueName: "file"), completion: .file())
    var eventlog: String?

    @Option(help: ArgumentHelp("Ask about the boot of this kernel and not of the default.", valueName: "version"))
    var kernel: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        var willUnlock = true
        try reporting(json: json) { () throws(CommandFailure) in
            let status = try examine()
            willUnlock = status.willUnlock
            if json { Console.print(status.json.compact) } else { status.lines.forEach(Console.print) }
        }
        guard willUnlock else { throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.bootRefused.rawValue) }
    }

    private func examine() throws(CommandFailure) -> VolumeStatus {
        let configuration = try device.configuration()
        let path = try device.path(configuration)
        let settings = StatusSettings(configuration)
        let tpm = try tpm.connect()
        var next: ExpectedBoot?
        var obstacle: VolumeStatus.Obstacle?
        do throws(CommandFailure) {
            next = try predicted(path, settings.fencePCR, configuration, tpm)
        } catch {
            // A volume without a token has worse to tell than that its boot cannot be predicted.
            obstacle = VolumeStatus.Obstacle(area: error.area, detail: error.detail)
        }
        var status = VolumeStatus.examine(path, next: next, settings: settings, tpm: tpm)
        if let obstacle, !status.obstacles.contains(obstacle) { status.obstacles.append(obstacle) }
        return status
    }

    private func predicted(
        _ path: String, _ fencePCR: Int, _ configuration: GuestConfiguration?, _ tpm: borrowing TPM
    ) throws(CommandFailure) -> ExpectedBoot {
        let resealing = Resealing(device: path, store: AuthorityStore(), fencePCR: fencePCR)
        let present = try enrolling { () throws(EnrollmentError) in try resealing.present(tpm) }
        return try NextBoots(
            of: system, eventlog: eventlog, present: present,
            references: NotedReferences(in: AuthorityStore.defaultFolder, configuration)
        ).boot(kernel: kernel)
    }
}

extension StatusSettings {
    init(_ configuration: GuestConfiguration?) {
        self.init(
            fencePCR: configuration?.fencePCR ?? GuestConfiguration.defaultFencePCR,
            parentName: configuration?.parentName, authorityName: configuration?.authorityName,
            isPrompting: configuration?.unenrolled == .prompt)
    }
}

extension VolumeStatus {
    fileprivate var lines: [String] {
        var lines = [
            willUnlock
                ? "the next boot will unlock: policy '" + Printable.escape(policy ?? "") + "'"
                : "the next boot will NOT unlock:"
        ]
        lines += obstacles.map { "  " + $0.area + ": " + $0.shownDetail }
        lines += warnings.map { "warning: " + $0 }
        for policy in policies {
            let until = policy.count.map { ", until the counter passes " + String($0) } ?? ""
            lines.append(
                "policy '" + Printable.escape(policy.label) + "': " + (policy.isLive ? "live" : "dead") + until)
        }
        if let counter {
            lines.append(
                "revocation counter " + Hexadecimal.prefixed(counter.handle) + ": "
                    + (counter.value.map { String($0) } ?? "unusable"))
        }
        return lines
    }

    fileprivate var json: JSONValue {
        .object([
            JSONMember("version", .integer(1)), JSONMember("will_unlock", .bool(willUnlock)),
            JSONMember(
                "code",
                .integer(
                    Int64(
                        (willUnlock ? InitramfsRuntime.ExitCode.done : InitramfsRuntime.ExitCode.bootRefused).rawValue))
            ),
            JSONMember("policy", policy.map { .string($0) } ?? .null),
            JSONMember(
                "obstacles",
                .array(
                    obstacles.map {
                        .object([JSONMember("area", .string($0.area)), JSONMember("detail", .string($0.detail))])
                    })),
            JSONMember("warnings", .array(warnings.map { .string($0) })),
            JSONMember("policies", .array(policies.map { $0.json })),
            JSONMember(
                "counter",
                counter.map { counter in
                    .object([
                        JSONMember("handle", .string(Hexadecimal.prefixed(counter.handle))),
                        JSONMember("value", counter.value.map { .integer(Int64(clamping: $0)) } ?? .null),
                    ])
                } ?? .null),
            JSONMember("authority_name", authorityName.map { .string(Hexadecimal.encode($0)) } ?? .null),
        ])
    }
}

extension VolumeStatus.Obstacle {
    /// What a failure says is fit to be shown already, with backslashes of its own.
    var shownDetail: String { Printable.escape(detail, limit: 4096, keepingBackslashes: true) }
}

extension VolumeStatus.Policy {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("label", .string(label)), JSONMember("pcrs", .array(pcrs.map { .integer(Int64($0)) })),
            JSONMember("count", count.map { .integer(Int64(clamping: $0)) } ?? .null),
            JSONMember("live", .bool(isLive)),
        ])
    }
}
