internal import ArgumentParser
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

/// `snp-emulator tcb`.
struct TCB: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tcb",
        abstract: "Show or move the levels of a chip's firmware.",
        discussion: """
            show (default). install: run another firmware (--firmware, --levels), newer or older, but none below the \
            committed one. commit: give up all older ones, and report what runs. configure: report lower levels than \
            the committed ones (--levels; --committed takes that back), hide the chip's identifier or its key \
            (--mask-chip-id, --mask-chip-key), load or unload the provider's key (--vlek).

            Levels are fmc (Turin), bl, tee, snp and ucode: --levels snp=25,ucode=220. Those that are not named stay. \
            Other reported levels have other keys: VCEK and VLEK get new certificates, and the chip no longer derives \
            the keys that guests got before.

            Exit status 64 where the firmware refuses.
            """)

    enum Action: String, ExpressibleByArgument {
        case show, install, commit, configure
    }

    enum Switch: String, ExpressibleByArgument {
        case on, off
    }

    @OptionGroup var options: StateOptions

    @Argument(help: ArgumentHelp("show, install, commit or configure.", valueName: "action"))
    var action: Action = .show

    @Option(help: "The firmware's version.", transform: { try firmwareVersion($0) })
    var firmware: FirmwareVersion?

    @Option(help: ArgumentHelp("Levels by name.", valueName: "name=n,…"))
    var levels: String?

    @Flag(help: "Report the committed levels.")
    var committed = false

    @Option(help: ArgumentHelp("Leave the chip's identifier out of reports.", valueName: "on|off"))
    var maskChipID: Switch?

    @Option(help: ArgumentHelp("Do not sign by the VCEK, nor derive keys from it.", valueName: "on|off"))
    var maskChipKey: Switch?

    @Option(help: ArgumentHelp("Whether the VLEK is loaded.", valueName: "on|off"))
    var vlek: Switch?

    func validate() throws {
        let isConfiguring = committed || maskChipID != nil || maskChipKey != nil || vlek != nil
        switch action {
        case .show, .commit:
            if isConfiguring || firmware != nil || levels != nil {
                throw ValidationError(action.rawValue + " takes no option")
            }
        case .install:
            if isConfiguring { throw ValidationError("install takes --firmware and --levels only") }
            if firmware == nil, levels == nil { throw ValidationError("install needs --firmware or --levels") }
        case .configure:
            if firmware != nil { throw ValidationError("configure takes no --firmware") }
            if levels != nil, committed { throw ValidationError("either --levels or --committed") }
            if levels == nil, !isConfiguring { throw ValidationError("configure needs an option") }
        }
    }

    func run() throws {
        try reporting { () throws(CommandFailure) in
            var state = try options.load()
            if action != .show {
                do throws(StateError) {
                    try state.update(now: WallClock.seconds) { description throws(FirmwareStatus) in
                        try change(&description)
                    }
                } catch { throw CommandFailure(state: error) }
            }
            options.show(state)
        }
    }

    private func change(_ description: inout ChipDescription) throws(FirmwareStatus) {
        var platform = description.platform
        switch action {
        case .show: return
        case .commit: platform.commit()
        case .install:
            try platform.install(
                firmware ?? platform.currentFirmware, tcb: try replaced(platform.currentTCB, platform.generation))
        case .configure:
            try platform.configure(
                reportedTCB: committed
                    ? platform.committedTCB : try replaced(platform.reportedTCB, platform.generation),
                isChipIDMasked: maskChipID.map { $0 == .on } ?? platform.isChipIDMasked,
                isChipKeyMasked: maskChipKey.map { $0 == .on } ?? platform.isChipKeyMasked)
            description.isVLEKLoaded = vlek.map { $0 == .on } ?? description.isVLEKLoaded
        }
        description.platform = platform
    }

    /// The levels with those replaced that the command line names.
    private func replaced(
        _ tcb: TCBVersion, _ generation: ProcessorGeneration
    ) throws(FirmwareStatus) -> TCBVersion {
        guard let levels else { return tcb }
        guard let replaced = tcb.components(for: generation).replacing(levels) else { throw .invalidParameter }
        return TCBVersion(replaced, for: generation)
    }
}
