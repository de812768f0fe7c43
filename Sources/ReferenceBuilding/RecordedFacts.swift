internal import BootPolicy
internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog

/// What a boot of the same machine tells that no file does.
struct RecordedFacts {
    /// Digests of the applications that were started.
    var programs: [[UInt8]] = []
    var drivers: [Reference.Driver] = []
    var variables: [Reference.Pinned] = []
    var sbat: [SBATLevel.Requirement] = []
    var mok: [Reference.Pinned] = []

    /// - Throws: `.noDigests` for a log without SHA-256.
    init(_ log: EventLog) throws(ReferenceBuildingError) {
        guard let bank = log.banks.first(where: { $0.algorithm == .sha256 }), !log.isIncomplete(bank) else {
            throw .noDigests
        }
        for event in log.events where event.isExtended {
            let digest = log.digest(of: event, in: bank).map { Array($0) } ?? []
            switch (event.pcr, log.content(of: event)) {
            case (2, .image(let image)): add(digest, image)
            case (4, .image) where event.type == .bootServicesApplication: programs.append(digest)
            case (4, .image(let image)): add(digest, image)
            case (7, .variable(let variable)): try add(log.bytes[variable.value], variable, event.type)
            case (14, .shimVariable(let name)): mok.append(Reference.Pinned(name: name, digest: digest))
            default: continue
            }
        }
    }

    private mutating func add(_ digest: [UInt8], _ image: ImageLoad) {
        drivers.append(Reference.Driver(digest: digest, file: image.path.description))
    }

    private mutating func add(
        _ value: ArraySlice<UInt8>, _ variable: VariableData, _ type: EventType
    ) throws(ReferenceBuildingError) {
        if type == .variableDriverConfig, Reference.pinnable.contains(variable.name) {
            let digest = try ReferenceBuilder.hashing { () throws(CryptographyError) in
                try DigestAlgorithm.sha256.hash(value)
            }
            variables.append(Reference.Pinned(name: variable.name, digest: digest))
        } else if variable.vendor == .shim, variable.name == "SbatLevel",
            let level = try? SBATLevel(parsing: Array(value))
        {
            sbat = level.requirements
        }
    }
}
