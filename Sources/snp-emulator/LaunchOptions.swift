internal import ArgumentParser
internal import BoundedBytes
internal import InitramfsRuntime
internal import LaunchMeasurement
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

/// What the AMD-SP launches a guest with.
struct LaunchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The type of its virtual CPUs (default: EPYC-v4).", valueName: "type"),
        transform: processorModel)
    var vcpuType: CPUModel?

    @Option(
        help: ArgumentHelp("What its owner allows the host (default: 0x30000).", valueName: "hex"),
        transform: { GuestPolicy(rawValue: try hexadecimal($0, largest: .max)) })
    var policy = GuestPolicy(rawValue: 0x30000)

    @Option(help: ArgumentHelp("ID block: what its owner signed.", valueName: "file"), completion: .file())
    var idBlock: String?

    @Option(help: ArgumentHelp("ID authentication: the signature.", valueName: "file"), completion: .file())
    var idAuth: String?

    @Option(
        help: ArgumentHelp("32 bytes of the host's choice, for reports.", valueName: "hex"),
        transform: { text in
            guard let bytes = Hexadecimal.decode(text), bytes.count == 32 else {
                throw ValidationError("'\(text)' is not 32 bytes in hexadecimal")
            }
            return bytes
        })
    var hostData = [UInt8](repeating: 0, count: 32)

    func validate() throws {
        guard (idBlock == nil) == (idAuth == nil) else {
            throw ValidationError("--id-block and --id-auth need each other")
        }
    }

    /// What a guest with that firmware and so many virtual CPUs is loaded with.
    func pages(
        _ mode: ProtectionMode, _ firmware: FirmwareImage, processorCount: Int
    ) throws(CommandFailure) -> [LaunchPages] {
        do throws(LaunchError) {
            return try LaunchedGuest.pages(
                LaunchConfiguration(
                    mode: mode, firmware: firmware, processorCount: processorCount,
                    processor: vcpuType?.processor ?? CPUModel.Series.naples.processor))
        } catch { throw CommandFailure(error) }
    }

    /// Launches such a guest on the processor of `state`.
    ///
    /// - Parameter isChanged: whether it gets a page more than the firmware's.
    func start(
        on state: StateFolder, _ firmware: FirmwareImage, processorCount: Int, isChanged: Bool = false
    ) throws(CommandFailure) -> LaunchedGuest {
        var pages = try pages(.sevSNP, firmware, processorCount: processorCount)
        if isChanged { pages.append(try Self.furtherPage()) }
        let finish = try finish()
        let processor: SecureProcessor
        do throws(StateError) { processor = try state.processor() } catch { throw CommandFailure(state: error) }
        do throws(FirmwareStatus) {
            return try LaunchedGuest(on: processor, pages, policy: policy, finish: finish)
        } catch { throw CommandFailure(.usage, area: "launch", "the AMD-SP refuses it: " + error.description) }
    }

    private static func furtherPage() throws(CommandFailure) -> LaunchPages {
        do throws(SNPFormatError) { return try LaunchPages(.zero, at: 1 << 20, pageCount: 1) } catch {
            throw CommandFailure(.internalFault, area: "launch", error.description)
        }
    }

    private func finish() throws(CommandFailure) -> LaunchFinish {
        guard let idBlock, let idAuth else { return LaunchFinish(hostData: hostData) }
        let block = try CommandFailure.reading(idBlock, limit: IDBlock.byteCount, area: "ID block")
        let authentication = try CommandFailure.reading(
            idAuth, limit: IDAuthentication.byteCount, area: "ID authentication")
        do throws(SNPFormatError) {
            let hasAuthor = try IDAuthentication(parsing: authentication).author != nil
            return LaunchFinish(identity: (block, authentication), hasAuthorKey: hasAuthor, hostData: hostData)
        } catch { throw CommandFailure(.malformed, area: "ID authentication", error.description) }
    }
}
