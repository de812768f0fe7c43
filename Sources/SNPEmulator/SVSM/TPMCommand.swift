internal import BoundedBytes
internal import Cryptography

/// The TPM commands that the SVSM itself gives, as bytes: it has no software stack, as no firmware has.
///
/// Source: TCG TPM 2.0 Library, Part 3; handles and constants: Part 2, sections 6 and 7. All integers are big-endian.
enum TPMCommand {
    /// TPM_CC.
    enum Code: UInt32 {
        case evictControl = 0x120
        case nvUndefineSpace = 0x122
        case hierarchyChangeAuth = 0x129
        case nvDefineSpace = 0x12A
        case createPrimary = 0x131
        case nvWrite = 0x137
        case shutdown = 0x145
        case flushContext = 0x165
        case nvReadPublic = 0x169
        case readPublic = 0x173
        case getRandom = 0x17B
        case pcrExtend = 0x182
    }

    /// TPM_RH.
    enum Hierarchy: UInt32 {
        case owner = 0x4000_0001
        case endorsement = 0x4000_000B
        case platform = 0x4000_000C
    }

    /// The bytes of a command; `isAuthorized` has one authorization: the empty password, of the first handle.
    static func encode(
        _ code: Code, handles: [UInt32] = [], isAuthorized: Bool = false, parameters: [UInt8] = []
    ) -> [UInt8] {
        var body = ByteWriter()
        for handle in handles { body.bigEndian(handle) }
        if isAuthorized {
            // TPMS_AUTH_COMMAND of 9 bytes: TPM_RS_PW, no nonce, no attributes, no password.
            body.bigEndian(UInt32(9))
            body.bigEndian(UInt32(0x4000_0009))
            body.append([UInt8](repeating: 0, count: 5))
        }
        body.append(parameters)
        var frame = ByteWriter()
        // TPM_ST_SESSIONS or TPM_ST_NO_SESSIONS.
        frame.bigEndian(UInt16(isAuthorized ? 0x8002 : 0x8001))
        frame.bigEndian(UInt32(TPMFrame.headerByteCount + body.bytes.count))
        frame.bigEndian(code.rawValue)
        return frame.bytes + body.bytes
    }

    static func getRandom(byteCount: UInt16) -> [UInt8] {
        var parameters = ByteWriter()
        parameters.bigEndian(byteCount)
        return encode(.getRandom, parameters: parameters.bytes)
    }

    /// TPM2_CreatePrimary of an object with empty authorization, no data and no PCRs in its creation record.
    static func createPrimary(_ hierarchy: Hierarchy, template: [UInt8]) -> [UInt8] {
        var parameters = ByteWriter()
        // TPM2B_SENSITIVE_CREATE: neither a password nor data.
        parameters.append([0, 4, 0, 0, 0, 0])
        parameters.sized(template)
        parameters.sized([])
        parameters.bigEndian(UInt32(0))
        return encode(
            .createPrimary, handles: [hierarchy.rawValue], isAuthorized: true, parameters: parameters.bytes)
    }

    /// TPM2_EvictControl: makes the loaded object `handle` persistent.
    static func makePersistent(_ handle: UInt32, at persistent: UInt32) -> [UInt8] {
        var parameters = ByteWriter()
        parameters.bigEndian(persistent)
        return encode(
            .evictControl, handles: [Hierarchy.owner.rawValue, handle], isAuthorized: true,
            parameters: parameters.bytes)
    }

    /// TPM2_PCR_Extend, with one digest for each bank.
    static func extend(_ pcr: UInt32, _ digests: [(algorithm: DigestAlgorithm, bytes: [UInt8])]) -> [UInt8] {
        var parameters = ByteWriter()
        parameters.bigEndian(UInt32(digests.count))
        for (algorithm, bytes) in digests {
            parameters.bigEndian(algorithm.tpmIdentifier)
            parameters.append(bytes)
        }
        return encode(.pcrExtend, handles: [pcr], isAuthorized: true, parameters: parameters.bytes)
    }

    static func flush(_ handle: UInt32) -> [UInt8] {
        var parameters = ByteWriter()
        parameters.bigEndian(handle)
        return encode(.flushContext, parameters: parameters.bytes)
    }

    /// TPM2_Shutdown(TPM_SU_CLEAR).
    static var shutDown: [UInt8] { encode(.shutdown, parameters: [0, 0]) }
}

extension DigestAlgorithm {
    /// TPM_ALG_ID.
    fileprivate var tpmIdentifier: UInt16 {
        switch self {
        case .sha1: 0x0004
        case .sha256: 0x000B
        case .sha384: 0x000C
        case .sha512: 0x000D
        }
    }
}

extension ByteWriter {
    /// Appends a TPM2B: a 16-bit size, and as many bytes. No caller has more than 65535 bytes.
    mutating func sized(_ more: [UInt8]) {
        bigEndian(UInt16(more.count))
        append(more)
    }
}

extension ByteReader {
    /// Reads a TPM2B.
    mutating func sized() throws(ByteError) -> [UInt8] {
        let count: UInt16 = try bigEndian()
        return try bytes(Int(count))
    }
}
