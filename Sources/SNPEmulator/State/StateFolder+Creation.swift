internal import CLinux
internal import Cryptography
internal import InitramfsRuntime
public import SNPABI
internal import Secrets
internal import SecureProcessor

extension StateFolder {
    /// What `create` can be told about the chip.
    public struct Options: Sendable {
        public var generation = ProcessorGeneration.milan
        /// nil for what real machines of the generation run.
        public var firmware: FirmwareVersion?
        /// cspID of the VLEK.
        public var provider = "CN=cc.emulated.invalid"

        public init() {}
    }

    /// Makes a new chip, its authorities and certificates; it takes some seconds. All of it is there in one step, or
    /// nothing.
    ///
    /// - Parameters:
    ///   - path: nothing, or an empty folder.
    ///   - now: seconds since 1970; certificates are valid from then on.
    public static func create(
        at path: String, _ options: Options = Options(), now: Int64
    ) throws(StateError) -> StateFolder {
        let final = path.hasSuffix("/") && path.utf8.count > 1 ? String(path.dropLast()) : path
        try requireFree(final)
        let layout = StateLayout(path: final + ".new")
        let lock = try claim(layout)
        do throws(StateError) {
            try write(layout, options, now: now)
            try files { () throws(FileError) in
                try lock.synchronize()
                guard unsafe rename(layout.path, final) == 0 else {
                    throw FileError(.rename, final, errno: shim_errno())
                }
                try FileDescriptor.open(readingAt: final + "/..").synchronize()
            }
        } catch {
            // What went wrong first is what counts.
            do throws(FileError) { try layout.remove() } catch { _ = error }
            if case .file(let reason) = error, reason.operation == .rename,
                reason.errno == ENOTEMPTY || reason.errno == EEXIST || reason.errno == ENOTDIR
            {
                throw .exists(final)
            }
            throw error
        }
        return try load(final)
    }

    private static func requireFree(_ path: String) throws(StateError) {
        let isFree: Bool
        do throws(FileError) {
            let folder = try FileDescriptor.open(readingAt: path)
            isFree = try folder.kind == .folder ? try folder.names().isEmpty : false
        } catch {
            guard error.isMissing else { throw .file(error) }
            isFree = true
        }
        guard isFree else { throw .exists(path) }
    }

    /// Makes the temporary folder and locks it; one that a killed process left is emptied.
    private static func claim(_ layout: StateLayout) throws(StateError) -> FileDescriptor {
        while true {
            try files { () throws(FileError) in try FileBytes.makeDirectory(layout.path) }
            let lock = try lock(layout.path)
            // Whoever had the lock before may have given the folder its name, or have removed it.
            guard names(layout.path, lock) else { continue }
            try files { () throws(FileError) in try layout.empty() }
            return lock
        }
    }

    private static func names(_ path: String, _ file: borrowing FileDescriptor) -> Bool {
        var (named, opened) = (stat(), stat())
        return unsafe lstat(path, &named) == 0 && fstat(file.rawValue, &opened) == 0 && named.st_ino == opened.st_ino
            && named.st_dev == opened.st_dev
    }

    private static func write(_ layout: StateLayout, _ options: Options, now: Int64) throws(StateError) {
        var platform = PlatformState(options.generation)
        if let firmware = options.firmware {
            (platform.currentFirmware, platform.committedFirmware) = (firmware, firmware)
        }
        let authority = try computing { () throws(CryptographyError) in
            try CertificateAuthority.generate(options.generation)
        }
        let chip = try computing { () throws(CryptographyError) in try Chip.generate(options.generation) }
        let seed = try computing { () throws(CryptographyError) in
            try Random.secret(count: LoadedEndorsementKey.seedByteCount)
        }
        var description = ChipDescription(
            chipID: chip.identifier, platform: platform, provider: options.provider, issued: now)
        try files { () throws(FileError) in
            try layout.makeFolders()
            try FileBytes.replace(layout.chipSeed, with: chip.seed)
            try FileBytes.replace(layout.vlekSeed, with: seed)
        }
        guard let vlek = LoadedEndorsementKey(provider: options.provider, seed: seed) else {
            throw .malformed("--vlek-provider", reason: "not 1 to 64 characters of ASCII")
        }
        for member in CertificateAuthority.Member.allCases {
            let pem = try computing { () throws(CryptographyError) in try authority.pem(member) }
            try files { () throws(FileError) in try FileBytes.replace(layout.key(member), with: pem) }
        }
        try CertificateStore(layout).writeAuthorities(authority, issued: now)
        try CertificateStore(layout).write(CertificateFile.allCases, authority, chip, vlek, &description)
        let text = description.encoded()
        try files { () throws(FileError) in try FileBytes.replace(layout.description, with: text, mode: 0o644) }
    }
}
