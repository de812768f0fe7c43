internal import BoundedBytes

/// One PCR that differs from its value at enrolment. The old value comes from the token, which nobody has
/// authenticated yet: it explains, it decides nothing.
public struct ChangedPCR: Equatable, Sendable, CustomStringConvertible {
    public let index: Int
    public let enrolled: [UInt8]
    public let found: [UInt8]

    /// What a PCR holds on a machine that boots by shim and GRUB. Source: architecture, section 2.
    public var content: String {
        switch index {
        case 0...3: "firmware"
        case 4: "shim, GRUB or kernel image"
        case 5: "partition table"
        case 7: "Secure Boot state or keys"
        case 8: "GRUB commands or kernel command line"
        case 9: "files that GRUB read: configuration, kernel, initrd"
        case 11: "unified kernel image"
        case 12: "already fenced, or kernel command line"
        case 14: "MOK list"
        default: "other measurements"
        }
    }

    public var description: String {
        "PCR " + String(index) + " (" + content + ") is " + Hexadecimal.encode(found) + ", enrolled as "
            + Hexadecimal.encode(enrolled)
    }
}
