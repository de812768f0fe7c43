internal import EventLog

/// The images that were started: those of the boot chain in their order, and drivers beside them.
extension BootCheck {
    /// A driver is loaded from a card or a boot option: PCR 2 and 4. Those of PCR 0 are the firmware's own.
    func driverVerdicts() -> [ComponentVerdict] {
        var verdicts: [ComponentVerdict] = []
        for event in events(in: 2) + events(in: 4) {
            guard case .image(let image) = log.content(of: event), event.pcr == 2 || !Self.isApplication(event) else {
                continue
            }
            let found = digest(of: event)
            let isAllowed = reference.drivers.contains { $0.digest == found }
            verdicts.append(
                ComponentVerdict(
                    .drivers, image.path.description, digest: found, refusal: isAllowed ? nil : .unexpectedDriver))
        }
        return verdicts.isEmpty ? [ComponentVerdict(.drivers, "none")] : verdicts
    }

    private static func isApplication(_ event: Event) -> Bool { event.type == .bootServicesApplication }

    func programVerdicts() -> [ComponentVerdict] {
        var verdicts: [ComponentVerdict] = []
        var stage = -1
        var started: [Reference.Program] = []
        var last: [UInt8] = []
        for event in events(in: 4) where Self.isApplication(event) {
            let found = digest(of: event)
            // GRUB has shim check the kernel, and then starts it through shim: it is measured twice in a row.
            guard found != last else { continue }
            last = found
            guard case .image(let image) = log.content(of: event) else { continue }
            let path = image.path.file ?? image.path.description
            guard let program = reference.programs.first(where: { $0.digest == found }) else {
                verdicts.append(stranger(behind: stage, found, path))
                break
            }
            let isInOrder = program.role.stage > stage
            verdicts.append(
                ComponentVerdict(
                    .program(program.role), Self.subject(program, path), digest: found,
                    refusal: isInOrder ? nil : .wrongStage))
            guard isInOrder else { break }
            stage = program.role.stage
            started.append(program)
        }
        guard verdicts.allSatisfy({ $0.refusal == nil }) else { return verdicts }
        return verdicts + missing(from: started)
    }

    /// An image that nobody knows: it stands where the next stage belongs.
    private func stranger(behind stage: Int, _ found: [UInt8], _ path: String) -> ComponentVerdict {
        let roles = Reference.Role.allCases.filter { $0.stage > stage && !reference.programs(of: $0).isEmpty }
        guard let role = roles.first else {
            return ComponentVerdict(.otherProgram, path, digest: found, refusal: .afterKernel)
        }
        return ComponentVerdict(
            .program(role), path, digest: found, refusal: .otherProgram(expected: reference.programs(of: role)))
    }

    /// Where the reference has a shim, it comes first; the last is a kernel; and a bare kernel needs a boot loader,
    /// which gives it the initramfs.
    private func missing(from started: [Reference.Program]) -> [ComponentVerdict] {
        let isUnified = started.contains { $0.role == .unifiedKernel }
        return [Reference.Role.shim, .grub, .kernel].compactMap { role in
            let candidates: [Reference.Role] =
                switch role {
                case .grub: isUnified ? [] : [.grub, .systemdBoot]
                case .kernel: [.kernel, .unifiedKernel]
                default: [role]
                }
            let expected = candidates.flatMap { reference.programs(of: $0) }
            let isStarted = started.contains { candidates.contains($0.role) }
            guard !isStarted, !expected.isEmpty || role == .kernel else { return nil }
            return ComponentVerdict(.program(role), refusal: .missingProgram(expected: expected))
        }
    }

    /// The file that was started, as far as the log names it, else the one of the reference; and its version.
    private static func subject(_ program: Reference.Program, _ path: String) -> String {
        let file = path.isEmpty ? program.file : path
        return program.version.map { file + ", version " + $0 } ?? file
    }
}
