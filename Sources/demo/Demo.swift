import Foundation
import VirtualMachine

/// `make demo`: a VM goes from signed shim to its encrypted root, the second time with nobody at the console.
@main
struct Demo {
    static func main() {
        let root = FileManager.default.currentDirectoryPath + "/.build"
        do throws(VirtualMachineError) {
            try run(DemoDisk(in: root + "/images"), state: root + "/demo")
        } catch {
            FileHandle.standardError.write(Data("demo: \(error)\n".utf8))
            exit(70)
        }
    }

    private static func run(_ disk: DemoDisk, state: String) throws(VirtualMachineError) {
        // Nothing of an earlier demo: its disk may have been made from other packages.
        try? FileManager.default.removeItem(atPath: state)
        let computer = DemoComputer(disk: disk, folder: state)
        print("boot 1: the recovery key is typed at Debian's own prompt, then `sealroot enroll` seals the volume")
        let start = Date()
        print(try computer.enroll())
        print(String(format: "boot 1 took %.0f s\n", Date().timeIntervalSince(start)))

        print("boot 2: nobody types anything")
        let second = Date()
        let machine = try computer.boot()
        let reached = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        guard reached == DemoDisk.shell else { throw .start("boot 2 did not unlock:\n" + machine.transcript) }
        print(String(format: "login prompt after %.0f s\n", Date().timeIntervalSince(second)))
        let status = try machine.run("cat /run/sealroot/status.json").output
        print(status)
        print(try machine.run("tpm2_pcrread sha256:4,7,8,9,12,14").output)
        do {
            try Data(status.utf8).write(to: URL(filePath: state + "/status.json"))
        } catch { throw .start("cannot write the status: \(error)") }
        try machine.powerOff()
        print("the console is in \(state)/console.log, the status in \(state)/status.json")
    }
}
