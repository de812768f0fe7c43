import Foundation
import TestSupport

/// How long all attacks of a cheating host take, each with its control.
enum AttackSuiteBench {
    private static let folder = FileManager.default.currentDirectoryPath
    private static let images = folder + "/.build/images/"
    private static let words = [
        folder + "/.build-owner/release/snp-emulator", "attack", "run", "--all", "--sealroot-init",
        folder + "/.build-embedded/release/sealroot-init",
    ]

    static func processes() throws {
        try run(
            "on processes",
            [
                "--control-init", folder + "/.build-control/release/sealroot-init", "--image", images + "disk.raw",
                "--template", folder + "/Packaging/templates/ovmf-debian12-secureboot.json",
            ])
    }

    static func machines() throws {
        try run(
            "on whole machines",
            ["--mode", "vm", "--image", images + "confidential.raw", "--chip", images + "chip"])
    }

    private static func run(_ name: String, _ options: [String]) throws {
        guard FileManager.default.fileExists(atPath: images + "confidential.raw") else {
            return print("attacks \(name): SKIPPED, `make image` makes the disks")
        }
        let text = try Bench.succeed(words + options).text
        print("attacks \(name): " + (text.split(separator: "\n").last.map(String.init) ?? ""))
    }
}
