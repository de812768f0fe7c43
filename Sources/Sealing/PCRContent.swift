/// What a PCR holds on a machine that boots by shim and GRUB. Source: architecture, section 2.
public enum PCRContent {
    public static func describe(_ index: Int) -> String {
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
}
