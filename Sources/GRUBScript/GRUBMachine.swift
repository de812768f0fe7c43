/// The GRUB image that will run, and where it was started from.
public struct GRUBMachine: Sendable {
    let image: GRUBImage
    let bootDevice: String
    let bootDirectory: String
    let isSecureBoot: Bool
    let hasFirmwareSetup: Bool?
    let kernel: String?
    let isInSubmenu: Bool

    /// - Parameters:
    ///   - image: what the `mods` section of the signed file holds.
    ///   - bootDevice: the EFI system partition in GRUB's naming, such as `hd0,gpt1`.
    ///   - bootDirectory: the folder on it that the file lies in, such as `/EFI/debian`, without a `/` at the end.
    ///   - isSecureBoot: Secure Boot is on, shim did not disable it, and shim started GRUB.
    ///   - hasFirmwareSetup: bit 0 of the variable OsIndicationsSupported; nil where that is not known.
    ///   - kernel: the file name of a kernel, such as `vmlinuz-6.1.0-56-amd64`: somebody at the console chooses the first
    ///     entry that names it. nil for the default entry and nobody there.
    ///   - isInSubmenu: only an entry in a submenu is meant, such as those of `Advanced options`.
    public init(
        image: GRUBImage, bootDevice: String, bootDirectory: String, isSecureBoot: Bool = true,
        hasFirmwareSetup: Bool? = nil, kernel: String? = nil, isInSubmenu: Bool = false
    ) {
        self.image = image
        self.bootDevice = bootDevice
        self.bootDirectory = bootDirectory
        self.isSecureBoot = isSecureBoot
        self.hasFirmwareSetup = hasFirmwareSetup
        self.kernel = kernel
        self.isInSubmenu = isInSubmenu
    }

    /// The variables before the first command of a script runs, and whether each goes over into a new context.
    ///
    /// Source: GRUB 2.06, `kern/main.c`, `kern/efi/sb.c`, `normal/main.c`, `gettext/gettext.c`, `commands/pgp.c`.
    var variables: [[UInt8]: Variable] {
        let bootFolder = "(" + bootDevice + ")" + bootDirectory
        var exported: [(String, String)] = [
            ("cmdpath", bootFolder), ("root", rootDevice),
            ("prefix", "(" + rootDevice + ")" + prefixPath), ("pager", ""), ("color_normal", "light-gray/black"),
            ("color_highlight", "black/light-gray"), ("grub_cpu", "x86_64"), ("grub_platform", "efi"),
        ]
        if image.looksBesideItself { exported.append(("fw_path", bootFolder)) }
        if isSecureBoot { exported += [("shim_lock", "y"), ("lockdown", "y")] }
        if image.modules.contains("gettext") {
            exported += [("lang", ""), ("locale_dir", ""), ("secondary_locale_dir", "")]
        }
        if image.modules.contains("pgp") { exported.append(("check_signatures", "")) }
        exported += Self.features.map { ("feature_" + $0, "y") }
        var variables: [[UInt8]: Variable] = [:]
        for (name, value) in exported {
            variables[Array(name.utf8)] = Variable(value: Array(value.utf8), isExported: true)
        }
        return variables
    }

    private static let features = [
        "chainloader_bpb", "ntldr", "platform_search_hint", "default_font_path", "all_video_module", "menuentry_id",
        "menuentry_options", "200_final", "nativedisk_cmd", "timeout_style",
    ]

    /// The built-in prefix may name a device, or only a partition of the boot disk: `(,gpt2)/boot/grub`.
    private var rootDevice: String {
        guard image.prefix.hasPrefix("("), let end = image.prefix.lastIndex(of: ")") else { return bootDevice }
        let device = image.prefix[image.prefix.index(after: image.prefix.startIndex)..<end]
        guard device.isEmpty || device.hasPrefix(",") else { return String(device) }
        return bootDevice.prefix { $0 != "," } + String(device)
    }

    private var prefixPath: String {
        guard image.prefix.hasPrefix("("), let end = image.prefix.lastIndex(of: ")") else { return image.prefix }
        return String(image.prefix[image.prefix.index(after: end)...])
    }
}
