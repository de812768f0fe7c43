import Foundation
import JSON
import TestSupport

/// Runs `snp-emulator attack` on a chip that is made once for all tests of a run.
struct AttackBench {
    let scratch: Scratch
    static let program = Scratch.product("snp-emulator").path

    private static let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    static let control = package.appending(path: ".build-control/release/sealroot-init").standardized.path()
    static var hasControl: Bool { FileManager.default.isExecutableFile(atPath: control) }

    /// The Embedded build, which is the one that boots; without it the ordinary build of the same sources.
    static var guest: String {
        let embedded = package.appending(path: ".build-embedded/release/sealroot-init").standardized.path()
        return FileManager.default.isExecutableFile(atPath: embedded)
            ? embedded : Scratch.product("sealroot-init").path
    }

    private static let template = package.appending(path: "Packaging/templates/ovmf-debian12-secureboot.json")
        .standardized.path()
    private static var disk: [String] {
        DebianImages.file("disk.raw").map { ["--image", $0, "--template", template] } ?? []
    }

    init() throws {
        scratch = try Scratch()
        try EmulatedChipFolder.copy(to: scratch)
    }

    func run(_ name: String, guest: String = Self.guest, _ options: String...) throws -> CommandResult {
        try run([name], guest: guest, options)
    }

    /// One run for all of `names`: those on the same volume share its enrolment.
    func run(_ names: [String], guest: String = Self.guest, _ options: [String]) throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "900", Self.program, "attack", "run"] + names
                + ["--json", "--chip", scratch.file("state"), "--sealroot-init", guest] + options + Self.disk)
    }

    /// As `run`, on a thread of its own, so that other tests have this one's meanwhile.
    func runBeside(_ name: String, _ options: String...) async throws -> CommandResult {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try run([name], options) }) }
        }
    }

    /// The machine that `make image` makes, for attacks on whole ones.
    static let machine = DebianImages.file("confidential.raw").flatMap { disk in
        DebianImages.file("chip").map { ["--mode", "vm", "--image", disk, "--chip", $0] }
    }

    /// The one verdict of a run.
    func verdict(_ result: CommandResult) throws -> JSONValue { try JSONValue(parsing: result.output) }
}
