internal import BoundedBytes
public import Secrets

/// The page in which the firmware gives the guest its keys: 4096 bytes, little-endian, private to the guest.
///
/// Source: AMD 56860, "Secrets Page"; the area for the operating system as Linux uses it (`arch/x86/include/asm/sev.h`);
/// the fields of the SVSM: AMD 58019, "Secrets Page Fields".
public struct SecretsPage: ~Copyable {
    public static let byteCount = 4096
    public static let messageKeyCount = 4
    public static let messageKeyByteCount = 32
    static let name = "secrets page"

    public var version: UInt32 = 3  // 0x000
    /// Whether a migration agent's image is part of the guest.
    public var isMigrationImageEnabled = false  // 0x004
    /// EAX of CPUID function 1.
    public var processorSignature: UInt32 = 0  // 0x008
    /// GOSVW: which workarounds the guest needs, 16 bytes.
    public var workarounds = [UInt8](repeating: 0, count: 16)  // 0x010
    /// The last number of each VMPCK that Linux has used; it is of 32 bits, and adds 2 a message.
    public var sequenceNumbers: [UInt32] = [0, 0, 0, 0]  // 0x0A0
    /// Where virtual CPUs wait, guest physical.
    public var jumpTable: UInt64 = 0  // 0x0B0
    /// Which words of a save area the processor has tweaked, 64 bytes.
    public var vmsaTweaks = [UInt8](repeating: 0, count: 64)  // 0x100
    /// nil where the guest runs at VMPL 0.
    public var svsm: SVSMLocation?  // 0x140
    /// How much slower than its name the guest's clock runs, in parts of 100000.
    public var tscFactor: UInt32 = 0  // 0x160
    /// VMPCK0 to VMPCK3.
    private var keys: SecretBytes  // 0x020

    /// A page with the keys that `fill` writes: 128 bytes, VMPCK0 first.
    public init<Failure: Error>(
        keysFilledBy fill: (inout MutableSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        keys = try SecretBytes(count: Self.messageKeyCount * Self.messageKeyByteCount, filledBy: fill)
    }

    /// Reads a page. Bytes without a name may be anything.
    public static func read(_ page: borrowing SecretBytes) throws(SNPFormatError) -> SecretsPage {
        guard page.count == byteCount else {
            throw SNPFormatError(name, .size(expected: byteCount, found: page.count))
        }
        let lent = page.bytes
        var result = SecretsPage { keys in
            for index in 0..<keys.count { keys[index] = lent[0x020 + index] }
        }
        do throws(ByteError) { try result.readFields(ByteReader(page.bytes)) } catch {
            throw SNPFormatError(name, .bytes(error))
        }
        return result
    }

    /// VMPCK of that level; nil for one that has been wiped, or never was.
    public func messageKey(_ level: Int) -> SecretBytes? {
        guard (0..<Self.messageKeyCount).contains(level) else { return nil }
        let start = level * Self.messageKeyByteCount
        let lent = keys.bytes
        var sum: UInt8 = 0
        let key = SecretBytes(count: Self.messageKeyByteCount) { span in
            for index in 0..<span.count {
                span[index] = lent[start + index]
                sum |= lent[start + index]
            }
        }
        guard sum != 0 else { return nil }
        return key
    }

    /// Sets the VMPCK of that level to zero, for good.
    public mutating func wipeMessageKey(_ level: Int) {
        let start = level * Self.messageKeyByteCount
        keys = Self.copy(keys, without: start..<start + Self.messageKeyByteCount)
    }

    private static func copy(_ keys: borrowing SecretBytes, without wiped: Range<Int>) -> SecretBytes {
        let lent = keys.bytes
        return SecretBytes(count: keys.count) { span in
            for index in 0..<span.count where !wiped.contains(index) { span[index] = lent[index] }
        }
    }

    /// The 4096 bytes.
    public func encoded() -> SecretBytes {
        let (head, tail) = (head, tail)
        let lent = keys.bytes
        return SecretBytes(count: Self.byteCount) { span in
            for index in head.indices { span[index] = head[index] }
            for index in 0..<lent.count { span[0x020 + index] = lent[index] }
            for index in tail.indices { span[0x0A0 + index] = tail[index] }
        }
    }
}
