public import EFI

/// The reference manifest: what may run before the root key appears.
///
/// It is made when an initramfs is built and lies inside it, so it is measured with it. It explains and enforces; the
/// policy in the TPM is what protects the key. Source: architecture, section 4.3.
public struct Reference: Equatable, Sendable {
    /// What a program is for. Those of an earlier stage start those of a later one.
    public enum Role: String, Sendable, CaseIterable {
        case shim, grub
        case systemdBoot = "systemd-boot"
        /// A unified kernel image. The kernel inside it is started, and measured, once more by itself.
        case unifiedKernel = "uki"
        case kernel

        var stage: Int {
            switch self {
            case .shim: 0
            case .grub, .systemdBoot: 1
            case .unifiedKernel: 2
            case .kernel: 3
            }
        }
    }

    /// One EFI program that is allowed.
    public struct Program: Equatable, Sendable {
        public let role: Role
        /// SHA-256 by Authenticode, 32 bytes.
        public let digest: [UInt8]
        /// Where it was found: explains, decides nothing.
        public let file: String
        public let version: String?
        /// Common names of its signers, which nobody has verified.
        public let signers: [String]

        public init(role: Role, digest: [UInt8], file: String, version: String? = nil, signers: [String] = []) {
            self.role = role
            self.digest = digest
            self.file = file
            self.version = version
            self.signers = signers
        }
    }

    /// An EFI driver that may be loaded, such as the option ROM of a network card.
    public struct Driver: Equatable, Sendable {
        /// SHA-256, 32 bytes, as it is measured.
        public let digest: [UInt8]
        public let file: String

        public init(digest: [UInt8], file: String) {
            self.digest = digest
            self.file = file
        }
    }

    /// What one variable must hold.
    public struct Pinned: Equatable, Sendable {
        public let name: String
        /// SHA-256 of its contents, 32 bytes.
        public let digest: [UInt8]

        public init(name: String, digest: [UInt8]) {
            self.name = name
            self.digest = digest
        }
    }

    public let programs: [Program]
    public let drivers: [Driver]
    /// Of PK, KEK, db and dbx those that are pinned; Secure Boot must be on in any case.
    public let variables: [Pinned]
    /// Generations that shim must demand at least.
    public let sbat: [SBATLevel.Requirement]
    /// shim's lists as PCR 14 has them; nil where nobody knows them yet.
    public let mok: [Pinned]?

    /// Names of `variables`, in the order of their measurement.
    public static let pinnable = ["PK", "KEK", "db", "dbx"]

    public init(
        programs: [Program], drivers: [Driver] = [], variables: [Pinned] = [], sbat: [SBATLevel.Requirement] = [],
        mok: [Pinned]? = nil
    ) {
        self.programs = programs
        self.drivers = drivers
        self.variables = variables
        self.sbat = sbat
        self.mok = mok
    }

    func programs(of role: Role) -> [Program] { programs.filter { $0.role == role } }
}
