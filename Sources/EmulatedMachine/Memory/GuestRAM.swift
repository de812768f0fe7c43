internal import CLinux
internal import EncryptedMemory
internal import InitramfsRuntime
internal import SNPEmulator
internal import Synchronization

/// A guest's memory: an anonymous file that QEMU and the emulator share, and that is gone with them.
struct GuestRAM: ~Copyable {
    let file: FileDescriptor
    private let byteCount: UInt64

    static func make(byteCount: UInt64) throws(MachineError) -> GuestRAM {
        do throws(FileError) {
            let file = try FileDescriptor.createInMemory(named: "guest memory")
            try file.resize(to: byteCount)
            return GuestRAM(file: file, byteCount: byteCount)
        } catch { throw .file(error) }
    }

    /// Where the guest has which part of the file.
    ///
    /// Source: QEMU 7.2, `hw/i386/pc_q35.c`, pc_q35_init: with 2.75 GiB or more, all but the first 2 GiB lie above
    /// 4 GiB.
    static func regions(byteCount: UInt64) -> [RAMFile.Region] {
        let low = byteCount >= 0xB000_0000 ? 0x8000_0000 : byteCount
        var regions = [RAMFile.Region(address: GuestAddress(0), offset: 0, byteCount: low)]
        if byteCount > low {
            regions.append(
                RAMFile.Region(address: GuestAddress(1 << 32), offset: low, byteCount: byteCount - low))
        }
        return regions
    }

    /// Answers `snp-emulator memory` under `folder`, as SEV-SNP would have it.
    func serve(in folder: String) throws(MachineError) -> MemoryWindow {
        let copy = shim_duplicate(file.rawValue)
        guard copy >= 0 else { throw .file(FileError(.open, file.path, errno: shim_errno())) }
        let view: RAMFile
        do throws(MemoryModelError) {
            view = try RAMFile(
                FileDescriptor(owning: copy, path: file.path), protection: .sevSNP,
                regions: Self.regions(byteCount: byteCount))
        } catch { throw .memory(error.description) }
        do throws(FileError) { return try MemoryWindow(view, in: folder) } catch { throw .file(error) }
    }
}

/// The server of a guest's memory, on a thread of its own until it is closed.
final class MemoryWindow: Sendable {
    private let server: MemoryServer
    private let running: Mutex<ServiceThread?>

    // Only the thread uses it: hence unchecked.
    private struct Service: @unchecked Sendable {
        let service: MemoryService<RAMFile>
    }

    init(_ view: RAMFile, in folder: String) throws(FileError) {
        let server = try MemoryServer(in: folder)
        let service = Service(service: MemoryService(view))
        guard let thread = ServiceThread.start({ server.run { service.service.answer($0) } }) else {
            server.stop()
            throw FileError(.run, "the memory's thread", errno: EAGAIN)
        }
        self.server = server
        running = Mutex(thread)
    }

    deinit { close() }

    func close() {
        server.stop()
        running.withLock { $0 = nil }
    }
}
