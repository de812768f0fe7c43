public import BootPolicy
internal import BoundedBytes
internal import Cryptography
public import EFI
public import EventLog
internal import InitramfsRuntime
public import InstalledSystem

/// Makes the reference manifest of an installed system: what it has is what may run.
public struct ReferenceBuilder {
    /// What is known besides the files.
    public struct Facts {
        /// The kernels that the reference allows, by version; all that are installed where it is empty.
        public var kernels: [String] = []
        /// Of a boot of this machine: its drivers, the level of SBAT, shim's lists.
        public var log: EventLog?
        /// The firmware's variables as they are now; where there are none, those of the log count.
        public var variables: [Variable] = []

        public init() {}
    }

    let system: InstalledSystem
    let facts: Facts

    public init(_ system: InstalledSystem, _ facts: Facts) {
        self.system = system
        self.facts = facts
    }

    /// - Throws: `.noSuchKernel`, `.noKernel`, or what the files are refused for.
    public func build() throws(ReferenceBuildingError) -> Reference {
        let recorded = try facts.log.map { (log) throws(ReferenceBuildingError) in try RecordedFacts(log) }
        var programs = try packaged()
        programs += try installed(beside: programs, started: recorded?.programs ?? [])
        programs += try kernels()
        guard programs.contains(where: { $0.role == .kernel || $0.role == .unifiedKernel }) else { throw .noKernel }
        var variables = try currentVariables()
        if variables.isEmpty { variables = recorded?.variables ?? [] }
        return Reference(
            programs: programs, drivers: recorded?.drivers ?? [], variables: variables,
            sbat: recorded?.sbat ?? currentSBAT, mok: recorded.flatMap { Self.mok($0, programs) })
    }

    /// shim's lists as it measured them, unless another shim may run next: its own keys are in them.
    private static func mok(_ recorded: RecordedFacts, _ programs: [Reference.Program]) -> [Reference.Pinned]? {
        let isSameShim = programs.allSatisfy { $0.role != .shim || recorded.programs.contains($0.digest) }
        return isSameShim ? recorded.mok : nil
    }

    private func currentVariables() throws(ReferenceBuildingError) -> [Reference.Pinned] {
        var pinned: [Reference.Pinned] = []
        for name in Reference.pinnable {
            guard let variable = facts.variables.first(where: { $0.name == name && $0.isSecureBootKey }) else {
                continue
            }
            let digest = try Self.hashing { () throws(CryptographyError) in
                try DigestAlgorithm.sha256.hash(variable.data)
            }
            pinned.append(Reference.Pinned(name: name, digest: digest))
        }
        return pinned
    }

    private var currentSBAT: [SBATLevel.Requirement] {
        let level = facts.variables.first { $0.name == "SbatLevelRT" && $0.vendor == .shim }
        return level.flatMap { try? SBATLevel(parsing: $0.data) }?.requirements ?? []
    }

    static func hashing<Value>(
        _ body: () throws(CryptographyError) -> Value
    ) throws(ReferenceBuildingError) -> Value {
        try rethrow(as: ReferenceBuildingError.cryptography, body)
    }

    static func reading<Value>(
        _ body: () throws(InstalledSystemError) -> Value
    ) throws(ReferenceBuildingError) -> Value {
        try rethrow(as: ReferenceBuildingError.system, body)
    }
}
