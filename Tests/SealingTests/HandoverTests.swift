import Foundation
import Sealing
import Secrets
import Testing

/// The secret goes from a unit in the initramfs to another one in the system, of which each has a session of its own,
/// as systemd gives it: neither possesses what is in the user keyring.
@Suite(.enabled(if: geteuid() == 0, "only root has the keyring that is meant"))
struct HandoverTests {
    private let uuid = UUID().uuidString

    @Test func reachesAnotherSessionOnceAndForALimitedTime() throws {
        let uuid = uuid
        try #require(inSession { Self.leave(for: uuid) } == true)
        let keys = try String(contentsOfFile: "/proc/keys", encoding: .utf8).split(separator: "\n")
        let key = try #require(keys.first { $0.contains("sealroot:" + uuid) })
        // Identifier, flags, uses, time left, rights, owner.
        let fields = key.split(separator: " ")
        #expect(["14m", "15m"].contains(fields[3]), "\(key)")
        #expect(fields[4...5] == ["3f2b0000", "0"], "\(key)")
        #expect(inSession { Self.take(for: uuid) } == SealedSecret.byteCount)
        #expect(inSession { Self.take(for: uuid + "x") } == 0)
        _ = inSession { Handover.forget(for: uuid) }
        #expect(inSession { Self.take(for: uuid) } == 0)
    }

    private static func leave(for uuid: String) -> Bool {
        do {
            let secret = try SealedSecret.random()
            return Handover.leave(secret, for: uuid)
        } catch { return false }
    }

    /// - Returns: how many bytes there are, 0 without a secret.
    private static func take(for uuid: String) -> Int {
        guard let secret = Handover.take(for: uuid) else { return 0 }
        return secret.count
    }

    /// A thread has its own credentials, and may leave the session of its process.
    private func inSession<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value? {
        let (done, box) = (DispatchSemaphore(value: 0), Box<Value>())
        let thread = Thread {
            typealias SystemCall = @convention(c) (Int, Int, Int) -> Int
            // keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)
            let call = unsafe unsafeBitCast(dlsym(nil, "syscall"), to: SystemCall.self)
            if call(250, 1, 0) >= 0 { box.value = body() }
            done.signal()
        }
        thread.start()
        done.wait()
        return box.value
    }
}

private final class Box<Value>: @unchecked Sendable { var value: Value? }
