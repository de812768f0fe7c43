import Foundation
import VirtualMachine

/// `make demo`: a confidential VM in the emulator goes from its launch to its encrypted root, with nobody at the console.
@main
struct Demo {
    static func main() {
        let root = FileManager.default.currentDirectoryPath
        do throws(DemoFailure) {
            try run(
                ConfidentialDisk(in: root + "/.build/images"),
                emulator: root + "/.build-owner/release/snp-emulator", folder: root + "/.build/demo")
        } catch {
            FileHandle.standardError.write(Data("demo: \(error)\n".utf8))
            exit(70)
        }
    }

    /// - Parameter folder: for the machine's state and what is kept of the demo; what is there is lost.
    private static func run(
        _ disk: ConfidentialDisk, emulator: String, folder: String
    ) throws(DemoFailure) {
        try DemoFailure.files {
            try? FileManager.default.removeItem(atPath: folder)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let session = try DemoFailure.machine { () throws(VirtualMachineError) in
            try disk.deliver(to: folder + "/chip")
            print("The disk was encrypted and sealed before this machine has ever booted. Nobody types anything.\n")
            let session = Session(
                try disk.boot(
                    emulator: emulator, state: folder + "/chip", options: ["--console", folder + "/console.log"]))
            try session.follow()
            try session.awaitExchange()
            return session
        }
        let answers = try DemoFailure.machine { () throws(VirtualMachineError) in try session.ask() }
        try DemoFailure.files {
            try Data(answers.status.utf8).write(to: URL(filePath: folder + "/status.json"))
        }
        let status = try UnlockStatus(parsing: answers.status)
        print("\n" + BootTree(status, policy: try LaunchPolicy(parsing: answers.policy)).text)
        print("\n" + status.steps)
        print("\n" + answers.pcrs.trimmingCharacters(in: .newlines))
        try DemoFailure.machine { () throws(VirtualMachineError) in try session.end() }
        print("\nConsole: \(folder)/console.log, status: \(folder)/status.json")
    }
}

/// Why the demo did not come to its end.
enum DemoFailure: Error, CustomStringConvertible {
    case machine(VirtualMachineError)
    case file(String)
    /// The status of the unlock lacks something, or says that something went wrong.
    case status(String)

    var description: String {
        switch self {
        case .machine(let error): String(describing: error)
        case .file(let reason), .status(let reason): reason
        }
    }

    static func machine<Value>(
        _ body: () throws(VirtualMachineError) -> Value
    ) throws(DemoFailure) -> Value {
        do throws(VirtualMachineError) { return try body() } catch { throw .machine(error) }
    }

    static func files(_ body: () throws -> Void) throws(DemoFailure) {
        do { try body() } catch { throw .file("cannot write: \(error)") }
    }
}
