internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import Prediction

/// The initrds that this machine has made, as its hooks have noted them on the encrypted root. `/boot` is not encrypted:
/// without the list, whatever initrd the host has put there would be approved with the next update.
struct KnownInitrds {
    /// SHA-256, in lower-case hexadecimal.
    private let digests: Set<String>
    private let path: String

    private static let longest = 1 << 16

    /// Reads a file as sha256sum writes it: 64 hexadecimal digits begin each line.
    init(readingFrom path: String) throws(CommandFailure) {
        let bytes = try CommandFailure.reading(path, limit: Self.longest, area: "initrds")
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        digests = Set(lines.map { String($0.prefix(64)) })
        self.path = path
    }

    /// - Throws: 77 where GRUB would load another initrd, whatever its name, or none: then a kernel alone would be approved,
    ///   with any root.
    func check(_ prediction: Prediction) throws(CommandFailure) {
        let initrds = prediction.files(loadedBy: "initrd")
        guard !initrds.isEmpty || !prediction.hasMenu else {
            throw CommandFailure(code: .bootRefused, area: "initrds", detail: "GRUB would load no initrd")
        }
        guard let bank = prediction.algorithms.firstIndex(of: .sha256) else {
            throw CommandFailure(code: .bootRefused, area: "initrds", detail: "the event log has no sha256 bank")
        }
        for initrd in initrds where !digests.contains(Hexadecimal.encode(initrd.digests[bank])) {
            throw CommandFailure(
                code: .bootRefused, area: "initrds",
                detail: Printable.escape(initrd.name) + " is none that this machine has noted in " + path
                    + ": 'update-initramfs -u -k all' or 'dracut --force' makes it anew, 'sealroot reseal' takes what is there"
            )
        }
    }
}
