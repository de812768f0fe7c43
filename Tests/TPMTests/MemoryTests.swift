import CLinux
import Foundation
import Secrets
import TPM
import TestSupport
import Testing

@Suite struct MemoryTests {
    /// The secret exists nowhere but where `SecretBytes` puts it, so a copy found is a copy leaked.
    private static func byte(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: (index &* 37) ^ (index << 3) ^ Int(getpid()) &* 0x5B)
    }

    /// How often 16 bytes from the middle of the secret lie in this process's writable memory.
    private func copies() throws -> Int {
        let maps = try Command.run(["cat", "/proc/\(getpid())/maps"]).text
        let memory = unsafe shim_open("/proc/self/mem", O_RDONLY | O_CLOEXEC, 0)
        defer { close(memory) }
        let blockSize = 1 << 20
        // The needle stands before the block, so that one range tells our own copies.
        let space = UnsafeMutablePointer<UInt8>.allocate(capacity: 16 + blockSize)
        defer {
            unsafe memset(space, 0, 16 + blockSize)
            unsafe space.deallocate()
        }
        for index in 0..<16 { unsafe space[index] = Self.byte(8 + index) }
        let block = unsafe space + 16
        let own = UInt(bitPattern: space)..<UInt(bitPattern: space) + UInt(16 + blockSize)
        var found = 0
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ")
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard fields[1].hasPrefix("rw"), ends.count == 2 else { continue }
            for start in stride(from: ends[0], to: ends[1], by: blockSize) {
                let count = unsafe pread(memory, block, min(blockSize, Int(ends[1] - start)), off_t(start))
                var from = 0
                while from < count, let hit = unsafe memmem(block + from, count - from, space, 16) {
                    let offset = unsafe hit - UnsafeMutableRawPointer(block)
                    if !own.contains(start + UInt(offset)) { found += 1 }
                    from = offset + 1
                }
            }
        }
        return found
    }

    @Test func leavesNoCopyOfTheSecretInTheProcess() throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        let key = try session.createStorageKey(at: storageHandle)
        let selection = try pcrs([7])
        let policy = try PolicyDigest.pcr(selection, session.readPCRs(selection))
        let blob = try seal(session, key, policy)
        let afterSealing = try copies()
        #expect(afterSealing == 0)
        try unsealAndScan(session, blob, selection, key)
        let afterUnsealing = try copies()
        #expect(afterUnsealing == 0)
    }

    private func seal(_ session: borrowing TPM, _ key: StorageKey, _ policy: [UInt8]) throws -> SealedBlob {
        let secret = SecretBytes(count: 32) { for index in 0..<32 { $0[index] = Self.byte(index) } }
        // The control: the scan finds what is there.
        let held = try copies()
        #expect(held == 1)
        return try session.seal(secret, policyDigest: policy, under: key)
    }

    private func unsealAndScan(
        _ session: borrowing TPM, _ blob: SealedBlob, _ selection: PCRSelection, _ key: StorageKey
    ) throws {
        let secret = try session.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: key)
        let held = try copies()
        #expect(held == 1)
        let isRight = secret.bytes.indices.allSatisfy { secret.bytes[$0] == Self.byte($0) }
        #expect(isRight)
    }
}
