import Foundation
import VirtualMachine

/// One computer that is enrolled, once; each test has copies of it.
enum EnrolledComputer {
    private static let original = Result { () throws -> DemoComputer in
        // It outlives the tests, so it lies beside the disk, where the next run finds and replaces it.
        let computer = DemoComputer(disk: builtDisk, folder: buildFolder + "/enrolled-computer")
        try? FileManager.default.removeItem(atPath: computer.folder)
        try computer.enroll()
        return computer
    }

    static func copy(to folder: String) throws -> DemoComputer {
        let copy = DemoComputer(disk: builtDisk, folder: folder)
        try FileManager.default.copyItem(atPath: try original.get().folder, toPath: folder)
        return copy
    }
}
