internal import ArgumentParser
internal import Enrollment
internal import Imaging
internal import InitramfsRuntime
internal import JSON
internal import Prediction
internal import RecoveryKeys
internal import Secrets
internal import Terminal

/// `sealroot encrypt-image`.
struct EncryptImage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Encrypt the root of a disk image, as any user.",
        discussion: """
            Needs neither root rights nor loop devices nor device-mapper. The work is done on a copy in the \
            folder IMAGE.sealroot (or FILE.sealroot); the image is written when that copy is complete. A run \
            that was cut off goes on with --resume.

            The recovery key opens the volume: it is printed once, before the image is written.

            With --json, standard output is one object: image, partition, partition_name, uuid, \
            header_bytes, grown_bytes, and recovery_key, or recovery_key_file where one was asked for. It \
            comes with the key, before the image is written: exit code 0 says that the image is complete. A \
            failure prints one object of its own.
            """)

    @Argument(help: "The raw image, with a GUID partition table.", completion: .file())
    var image: String

    @Option(
        help: ArgumentHelp(
            "Number or name of the root partition, where it is not plain which one.", valueName: "n|name"))
    var partition: String?

    @Option(
        help: ArgumentHelp("Write the result to a new file and leave the image alone.", valueName: "file"),
        completion: .file())
    var out: String?

    @Option(
        help: ArgumentHelp("Write the recovery key to a new file instead of standard output.", valueName: "file"),
        completion: .file())
    var recoveryKeyOut: String?

    @OptionGroup var sealing: SealToOptions

    @Option(
        help: ArgumentHelp(
            "With --seal-to: who approves boots: local, or a PEM private key, whose name the image's init.conf can pin.",
            valueName: "local|pem"))
    var authority = "local"

    @Option(
        help: ArgumentHelp("With --seal-to: the log of a boot of such an image there.", valueName: "file"),
        completion: .file())
    var eventlog: String?

    @Option(
        help: ArgumentHelp(
            "With --seal-to: the firmware whose log stands in for a missing one (default: "
                + "\(Template.standard)).", valueName: "name|file"), completion: .file())
    var template: String?

    @Option(
        help: ArgumentHelp("With --seal-to: approve the boot of this kernel, too.", valueName: "version"))
    var kernel: [String] = []

    @Flag(help: "Finish a run that was cut off.")
    var resume = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        Interruption.watch()
        try reporting(json: json) { () throws(CommandFailure) in
            // All that can fail without the image fails before hours of work.
            let plan = try sealingPlan()
            do throws(ImagingError) { try encrypt(plan) } catch {
                throw CommandFailure(code: error.exitCode, area: "image", detail: error.description)
            }
        }
    }

    /// What the image is sealed to, for which boots, and who approves them; nil without `--seal-to`.
    private func sealingPlan() throws(CommandFailure) -> ImageSealing? {
        guard let target = try sealing.target() else { return nil }
        let owner = try SealToOptions.owner(authority)
        return ImageSealing(
            target: target, owner: owner,
            boots: try NextBoots.ofImage(
                image, eventlog: eventlog, template: template, kernels: kernel,
                pcrs: PCRList.parse(sealing.pcrs) ?? []))
    }

    private func seal(
        _ volume: String, _ passphrase: borrowing SecretBytes, _ plan: ImageSealing?
    ) throws(ImagingError) {
        guard let plan else { return }
        let enrollment = sealing.enrollment(of: volume, for: plan.target)
        do throws(EnrollmentError) {
            let result = try enrollment.enroll(passphrase: passphrase, for: plan.boots, owner: plan.owner)
            plan.report(result)
        } catch { throw .sealing(area: error.area, detail: error.description, error.exitCode) }
    }

    private func encrypt(_ plan: ImageSealing?) throws(ImagingError) {
        let bar = ProgressBar()
        defer { bar.clear() }
        let encryption = ImageEncryption(
            image: image, partition: partition, output: out, recoveryKeyFile: recoveryKeyOut, isResumed: resume)
        var isPrinted = false
        let result = try encryption.run { progress in
            bar.show(Self.title(progress.phase), done: progress.done, total: progress.total)
            return !Interruption.isRequested
        } seal: { (volume, passphrase) throws(ImagingError) in
            bar.clear()
            try seal(volume, passphrase, plan)
        } announce: { (key, result) throws(ImagingError) in
            bar.clear()
            try print(result, key)
            isPrinted = true
        }
        bar.clear()
        if !json {
            Console.print("\(result.path): partition \(result.partition) is LUKS2 volume \(result.uuid)")
        } else if !isPrinted {
            Console.print(JSONValue.object(members(of: result)).compact)
        }
    }

    /// The recovery key on standard output, byte by byte from where it is kept, never in a string.
    private func print(_ result: EncryptedImage, _ key: borrowing RecoveryKey) throws(ImagingError) {
        let before =
            json ? JSONValue.object(members(of: result)).compact.dropLast() + ",\"recovery_key\":\"" : "recovery key: "
        do throws(FileError) {
            try StandardOutput.write(Array(String(before).utf8).span)
            try StandardOutput.write(key.text.bytes)
            try StandardOutput.write(Array((json ? "\"}\n" : "\n").utf8).span)
        } catch {
            throw .file(error)
        }
    }

    private func members(of result: EncryptedImage) -> [JSONMember] {
        var members = [
            JSONMember("image", .string(result.path)),
            JSONMember("partition", .integer(Int64(result.partition))),
            JSONMember("partition_name", .string(result.partitionName)),
            JSONMember("uuid", .string(result.uuid)),
            JSONMember("header_bytes", .integer(Int64(clamping: result.headerByteCount))),
            JSONMember("grown_bytes", .integer(Int64(clamping: result.grownByteCount))),
        ]
        if let file = result.recoveryKeyFile { members.append(JSONMember("recovery_key_file", .string(file))) }
        return members
    }

    private static func title(_ phase: ImagingProgress.Phase) -> String {
        switch phase {
        case .copy: "copying the partition"
        case .check: "checking the file system"
        case .shrink: "shrinking the file system"
        case .encrypt: "encrypting"
        case .write: "writing the image"
        }
    }
}
