/// A disk that guests boot from, by the emulator's model of the firmware.
public struct BootDisk: Sendable {
    /// A raw disk image as `make image` builds it; it is only read and copied.
    let path: String
    /// The firmware: a template's name or file; nil for the usual one.
    let template: String?

    public init(path: String, template: String?) throws(AttackRunError) {
        self.path = try AttackPrograms.fullPath(path)
        self.template =
            if let template, template.utf8.contains(0x2F) { try AttackPrograms.fullPath(template) } else { template }
    }

    /// Options of `snp-emulator exec` that boot from `image`.
    ///
    /// - Parameter changed: other firmware than the usual.
    func options(_ image: String, template changed: String? = nil) -> [String] {
        ["--image", image] + ((changed ?? template).map { ["--template", $0] } ?? [])
    }
}
