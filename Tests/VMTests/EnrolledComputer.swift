import Foundation
import TestSupport
import VirtualMachine

/// One computer that is enrolled, once; each test has copies of it. Its firmware knows a key of its owner's, has got another
/// dbx since then, and packages that are signed with that key lie on the EFI system partition.
enum EnrolledComputer {
    private static let original = Result { () throws -> (DemoComputer, OwnUpdates) in
        // It outlives the tests, so it lies beside the disk, where the next run finds and replaces it.
        let computer = DemoComputer(disk: builtDisk, folder: buildFolder + "/enrolled-computer")
        try? FileManager.default.removeItem(atPath: computer.folder)
        try FileManager.default.createDirectory(atPath: computer.folder, withIntermediateDirectories: true)
        let updates = try OwnUpdates(for: computer)
        let machine = try computer.enrollAndStay().machine
        try updates.importKey(on: machine)
        try updates.forbid(on: machine)
        try machine.powerOff()
        return (computer, updates)
    }

    static func copy(to folder: String) throws -> (computer: DemoComputer, updates: OwnUpdates) {
        let (computer, updates) = try original.get()
        let copy = DemoComputer(disk: builtDisk, folder: folder)
        try FileManager.default.copyItem(atPath: computer.folder, toPath: folder)
        return (copy, updates)
    }
}
