import Foundation
import Glibc
import InitramfsRuntime
import TestSupport
import Testing

@testable import SNPEmulator

/// A medium that takes no more, or nothing at all. Mounting needs root.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct DiskTests {
    /// A file system of so many KiB in `disk`, for as long as `body` runs.
    private func onDisk(_ kibibytes: Int, _ body: (Scratch, VTPMState) throws -> Void) throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir disk; mount -t tmpfs -o size=\(kibibytes)k none disk")
        defer { _ = try? scratch.shell("umount -l disk") }
        try body(scratch, VTPMState(folder: scratch.file("disk/vtpm")))
    }

    private func open(_ state: VTPMState) throws -> VirtualTPM {
        try state.open(identity: VTPMFolder.identity(), tcb: VTPMFolder.tcb, key: VTPMFolder.key(7)).tpm
    }

    @Test func makesNoTPMOnAFullDisk() throws {
        try onDisk(256) { scratch, state in
            let error = #expect(throws: SVSMError.self) { try open(state) }
            #expect(error?.exitCode == .inputOutput)
            #expect(error?.description.contains("No space left") == true)
            #expect(!scratch.exists("disk/vtpm"))
            try scratch.shell("mount -o remount,size=2048k disk")
            try open(state).close()
        }
    }

    /// What was acknowledged is there afterwards; what was not may be missing, and the TPM opens.
    @Test func losesNothingWhenTheDiskFillsUp() throws {
        try onDisk(1024) { scratch, state in
            let tpm = try open(state)
            let tools = try TPMTools(transport: tpm, folder: scratch.path)
            try scratch.write(Array("kept".utf8), to: "kept")
            try tools.run("tpm2_nvdefine", "-C", "o", "-s", "4", "0x1500001")
            try tools.run("tpm2_nvwrite", "-C", "o", "-i", "kept", "0x1500001")
            _ = try? scratch.shell("head -c 4M /dev/zero > disk/filler")
            #expect(try tools.attempt(["tpm2_nvdefine", "-C", "o", "-s", "2048", "0x1500002"]).status != 0)
            tpm.close()
            try scratch.shell("rm disk/filler")
            let again = try TPMTools(transport: open(state), folder: scratch.path)
            #expect(try again.run("tpm2_nvread", "-C", "o", "-s", "4", "0x1500001").text == "kept")
        }
    }

    @Test func saysThatAFolderIsReadOnly() throws {
        try onDisk(2048) { scratch, state in
            try scratch.shell("mount -o remount,ro disk")
            let error = #expect(throws: SVSMError.self) { try open(state) }
            #expect(error?.exitCode == .inputOutput)
            try scratch.shell("mount -o remount,rw disk")
            try open(state).close()
            try scratch.shell("mount -o remount,ro disk")
            #expect(throws: SVSMError.self) { try open(state) }
            try scratch.shell("mount -o remount,rw disk")
            try open(state).close()
        }
    }
}
