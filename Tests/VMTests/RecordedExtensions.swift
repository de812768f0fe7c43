import Foundation
import TestSupport

/// Reads the file of `boot --record-tpm` by the TPM's own specification, and computes with openssl what the PCRs must be.
enum RecordedExtensions {
    /// The SHA-256 bank after the last TPM2_PCR_Extend of each PCR, in hexadecimal.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, TPM2_PCR_Extend: handle, authorizations behind their size, a count, and for
    /// each an algorithm of 2 bytes and its digest.
    static func values(in bytes: [UInt8]) throws -> [Int: String] {
        var values: [Int: [UInt8]] = [:]
        var offset = 0
        while offset < bytes.count {
            let command = try message(bytes, &offset)
            let response = try message(bytes, &offset)
            guard number(command, 6) == 0x182, number(response, 6) == 0 else { continue }
            let pcr = number(command, 10)
            var place = 18 + number(command, 14)
            let count = number(command, place)
            place += 4
            for _ in 0..<count {
                let algorithm = Int(command[place]) << 8 | Int(command[place + 1])
                guard let size = [4: 20, 0xB: 32, 0xC: 48, 0xD: 64][algorithm], place + 2 + size <= command.count else {
                    throw CommandFailure(description: "algorithm \(algorithm)")
                }
                if algorithm == 0xB {
                    let digest = command[place + 2..<place + 2 + size]
                    values[pcr] = try sha256((values[pcr] ?? [UInt8](repeating: 0, count: 32)) + digest)
                }
                place += 2 + size
            }
        }
        return values.mapValues { $0.map { String(format: "%02x", $0) }.joined() }
    }

    private static func message(_ bytes: [UInt8], _ offset: inout Int) throws -> [UInt8] {
        guard offset + 10 <= bytes.count else { throw CommandFailure(description: "cut off at \(offset)") }
        let size = number(bytes, offset + 2)
        guard size >= 10, offset + size <= bytes.count else {
            throw CommandFailure(description: "cut off at \(offset)")
        }
        defer { offset += size }
        return Array(bytes[offset..<offset + size])
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> Int {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
        let scratch = try Scratch()
        try scratch.write(bytes, to: "bytes")
        try scratch.shell("openssl dgst -sha256 -binary -out digest bytes")
        return try scratch.bytes("digest")
    }
}
