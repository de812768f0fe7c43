public import Cryptography
public import EFI

/// A PE program of the boot chain, and where it lies.
public struct BootProgram {
    /// What it is, by the sections that only its kind has.
    public enum Kind: String, Sendable {
        /// It carries its vendor's certificate in a section.
        case shim
        /// It carries GRUB's modules.
        case grub
        /// A kernel with its initrd and command line, behind systemd's stub.
        case unifiedKernel = "unified kernel image"
        case other = "EFI program"
    }

    public let volume: Volume
    public let path: String
    public let kind: Kind
    public let image: BootImage
    /// The file, open.
    public let file: VolumeFile

    init(_ path: String, on volume: Volume) throws(InstalledSystemError) {
        self.volume = volume
        self.path = path
        file = try volume.open(path)
        do throws(ImageFailure<InstalledSystemError>) { image = try BootImage(reading: file) } catch {
            throw InstalledSystemError(error, volume.name, path)
        }
        let names = Set(image.sectionNames)
        kind =
            names.contains(".linux")
            ? .unifiedKernel : names.contains(".vendor_cert") ? .shim : names.contains("mods") ? .grub : .other
    }

    /// Bytes of the file, at most `limit`.
    public func bytes(_ range: Range<Int>, limit: Int) throws(InstalledSystemError) -> [UInt8] {
        guard range.count <= limit else {
            throw .tooLarge(volume: volume.name, path: path, byteCount: UInt64(range.count), limit: UInt64(limit))
        }
        var bytes = [UInt8](repeating: 0, count: range.count)
        try file.read(range, into: &bytes)
        return bytes
    }

    /// The Authenticode digests, as firmware and shim measure them: one an algorithm, in their order.
    public func digests(_ algorithms: [DigestAlgorithm]) throws(InstalledSystemError) -> [[UInt8]] {
        try volume.known.digests(of: .program(path), algorithms) { (missing) throws(InstalledSystemError) in
            do throws(ImageFailure<InstalledSystemError>) {
                return try missing.map { (algorithm) throws(ImageFailure<InstalledSystemError>) in
                    try image.layout.digest(algorithm, of: file)
                }
            } catch { throw InstalledSystemError(error, volume.name, path) }
        }
    }

    public func digest(_ algorithm: DigestAlgorithm) throws(InstalledSystemError) -> [UInt8] {
        try digests([algorithm])[0]
    }

    /// For messages: the volume and the path in it.
    public var name: String { volume.name + path }
}

extension Volume {
    /// Opens the PE program of that path.
    public func program(_ path: String) throws(InstalledSystemError) -> BootProgram { try BootProgram(path, on: self) }
}

extension InstalledSystemError {
    /// A program of the boot chain that is no PE image.
    init(_ error: ImageFailure<InstalledSystemError>, _ volume: String, _ path: String) {
        switch error {
        case .source(let error): self = error
        case .format(let error): self = .program(volume: volume, path: path, error)
        case .cryptography(let error): self = .cryptography(error)
        }
    }
}
