internal import BoundedBytes

/// The frame of a response, where it is what a TPM may send to the command: header, sizes, sessions.
///
/// tpm2-tss takes responses that are too long, and reads on in its own buffer where one is too short.
///
/// Source: TCG TPM 2.0 Library, Part 1, section 18; Part 2, section 6.6; Part 3, each command. All integers are
/// big-endian.
struct ResponseFrame {
    /// Longest response that is let through, in bytes. It is a little less than the 4096 bytes of the TSS
    /// buffers, since tpm2-tss checks each session's bounds only after it has read the next size.
    static let limit = 4080

    let code: UInt32

    /// Nil where the tag does not fit the command and code, the size is another one than announced, or the
    /// code is one that no TPM sends.
    init?(_ response: [UInt8], to command: [UInt8]) {
        guard let answer = Header(response), let question = Header(command),
            Int(answer.size) == response.count
        else { return nil }
        code = answer.code
        if code == 0 {
            // A success without sessions would skip the check of the session's HMAC.
            guard answer.tag == question.tag,
                ResponseFrame.isComplete(response, to: question.code, withSessions: answer.tag == Header.sessions)
            else { return nil }
        } else {
            guard answer.tag == Header.noSessions, response.count == Header.byteCount,
                ResponseFrame.isPossible(code)
            else { return nil }
        }
    }

    /// A format-zero or format-one code, from the TPM or through a resource manager (layers 11 and 12).
    ///
    /// tpm2-tss takes some other codes for its own: 9 in any layer makes it wait for ever.
    private static func isPossible(_ code: UInt32) -> Bool {
        let layer = code >> 16
        return (layer == 0 || layer == 11 || layer == 12) && code & 0xF000 == 0 && code & 0x180 != 0
    }

    /// Whether the bytes behind the header are as many as they must be.
    private static func isComplete(_ response: [UInt8], to command: UInt32, withSessions: Bool) -> Bool {
        var reader = ByteReader(response.span)
        do throws(ByteError) {
            try reader.skip(Header.byteCount)
            if withSessions {
                try skipSessions(&reader, command)
            } else {
                if command == Command.startAuthSession || command == Command.loadExternal { try reader.skip(4) }
                try skipParameters(&reader, command)
            }
            try reader.finish()
            return true
        } catch { return false }
    }

    /// A handle where the command makes an object, the parameters behind their size, at least one session.
    private static func skipSessions(_ reader: inout ByteReader, _ command: UInt32) throws(ByteError) {
        if command == Command.load || command == Command.createPrimary { try reader.skip(4) }
        let size: UInt32 = try reader.bigEndian()
        let parameters = try reader.bytes(Int(size))
        var inner = ByteReader(parameters.span)
        try skipParameters(&inner, command)
        try inner.finish()
        repeat {
            _ = try reader.sized()  // nonce
            try reader.skip(1)  // attributes
            _ = try reader.sized()  // HMAC
        } while reader.remaining > 0
    }

    /// Parameters of commands whose replies nothing authenticates; what a session authenticates is right as it is.
    private static func skipParameters(_ reader: inout ByteReader, _ command: UInt32) throws(ByteError) {
        switch command {
        case Command.flushContext, Command.policyPCR, Command.policyNV, Command.policyNVWritten,
            Command.policyCommandCode, Command.policyAuthorize, Command.increment, Command.defineSpace,
            Command.undefineSpace:
            break
        case Command.startAuthSession, Command.loadExternal, Command.readIndex, Command.importObject:
            _ = try reader.sized()
        case Command.policySecret:
            _ = try reader.sized()  // timeout
            try reader.skip(6)  // tag and hierarchy
            _ = try reader.sized()
        case Command.verifySignature:
            try reader.skip(6)  // tag and hierarchy
            _ = try reader.sized()
        case Command.certify:
            _ = try reader.sized()  // what is signed
            try skipSignature(&reader)
        case Command.readPCRs:
            try reader.skip(4)  // counter
            try skipSelections(&reader)
            let count: UInt32 = try reader.bigEndian()
            for _ in 0..<count { _ = try reader.sized() }
        case Command.capability:
            try reader.skip(1)  // whether there is more
            let capability: UInt32 = try reader.bigEndian()
            switch capability {
            case 1: try reader.skip(4 * Int(try reader.bigEndian(UInt32.self)))  // TPML_HANDLE
            case 5: try skipSelections(&reader)
            case 6: try reader.skip(8 * Int(try reader.bigEndian(UInt32.self)))  // TPML_TAGGED_TPM_PROPERTY
            default: try reader.skip(reader.remaining)
            }
        case Command.readIndexPublic: for _ in 0..<2 { _ = try reader.sized() }
        case Command.readPublic: for _ in 0..<3 { _ = try reader.sized() }
        default: try reader.skip(reader.remaining)
        }
    }

    /// TPMT_SIGNATURE.
    private static func skipSignature(_ reader: inout ByteReader) throws(ByteError) {
        switch try reader.bigEndian(UInt16.self) {
        case 0x0014, 0x0016:  // TPM_ALG_RSASSA, TPM_ALG_RSAPSS
            try reader.skip(2)
            _ = try reader.sized()
        case 0x0018:  // TPM_ALG_ECDSA
            try reader.skip(2)
            for _ in 0..<2 { _ = try reader.sized() }
        // What we would not check either.
        default: try reader.skip(reader.remaining)
        }
    }

    /// TPML_PCR_SELECTION.
    private static func skipSelections(_ reader: inout ByteReader) throws(ByteError) {
        let count: UInt32 = try reader.bigEndian()
        for _ in 0..<count {
            try reader.skip(2)  // bank
            try reader.skip(Int(try reader.bigEndian(UInt8.self)))
        }
    }

    /// TPM_CC. Source: Part 2, table 12.
    enum Command {
        static let undefineSpace: UInt32 = 0x122
        static let defineSpace: UInt32 = 0x12A
        static let createPrimary: UInt32 = 0x131
        static let increment: UInt32 = 0x134
        static let certify: UInt32 = 0x148
        static let policyNV: UInt32 = 0x149
        static let readIndex: UInt32 = 0x14E
        static let policySecret: UInt32 = 0x151
        static let importObject: UInt32 = 0x156
        static let load: UInt32 = 0x157
        static let flushContext: UInt32 = 0x165
        static let loadExternal: UInt32 = 0x167
        static let readIndexPublic: UInt32 = 0x169
        static let policyAuthorize: UInt32 = 0x16A
        static let policyCommandCode: UInt32 = 0x16C
        static let readPublic: UInt32 = 0x173
        static let startAuthSession: UInt32 = 0x176
        static let verifySignature: UInt32 = 0x177
        static let capability: UInt32 = 0x17A
        static let readPCRs: UInt32 = 0x17E
        static let policyPCR: UInt32 = 0x17F
        static let policyNVWritten: UInt32 = 0x18F
    }

    private struct Header {
        static let byteCount = 10
        static let noSessions: UInt16 = 0x8001
        static let sessions: UInt16 = 0x8002
        let tag: UInt16
        let size: UInt32
        let code: UInt32

        init?(_ bytes: [UInt8]) {
            var reader = ByteReader(bytes.span)
            do throws(ByteError) {
                tag = try reader.bigEndian()
                size = try reader.bigEndian()
                code = try reader.bigEndian()
            } catch { return nil }
        }
    }
}
