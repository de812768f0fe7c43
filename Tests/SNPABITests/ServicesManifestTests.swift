import BoundedBytes
import SNPABI
import TestSupport
import Testing

@Suite struct ServicesManifestTests {
    /// Made by hand, from the table of the document: two services of 3 and 2 bytes.
    private let bytes: [UInt8] =
        [0xBB, 0x9E, 0x84, 0x63, 0x92, 0x3D, 0x70, 0x46, 0xA1, 0xFF, 0x58, 0xF9, 0xC9, 0x4B, 0x87, 0xBB]
        + [77, 0, 0, 0, 2, 0, 0, 0]
        + [0xEB, 0xF1, 0x76, 0xC4, 0x23, 0x01, 0xA5, 0x45, 0x96, 0x41, 0xB4, 0xE7, 0xDD, 0xE5, 0xBF, 0xE3]
        + [72, 0, 0, 0, 3, 0, 0, 0]
        + [0x59, 0x3A, 0x45, 0xA4, 0x1B, 0x9E, 0x87, 0x47, 0xA0, 0x33, 0x19, 0x86, 0xD6, 0xAD, 0xBE, 0x55]
        + [75, 0, 0, 0, 2, 0, 0, 0] + [1, 2, 3, 4, 5]

    @Test func isReadAndWritten() throws {
        let manifest = try ServicesManifest([
            ServicesManifest.Entry(ServicesManifest.vtpm, [1, 2, 3]),
            ServicesManifest.Entry(ServicesManifest.uefiMM, [4, 5]),
        ])
        #expect(manifest.encoded() == bytes)
        #expect(try ServicesManifest(parsing: bytes) == manifest)
        #expect(manifest[ServicesManifest.uefiMM] == [4, 5])
        #expect(manifest[.zero] == nil)
        let empty = try ServicesManifest([])
        #expect(try ServicesManifest(parsing: empty.encoded()) == empty)
    }

    @Test func isRefusedAtEveryOtherLength() {
        for count in 0..<bytes.count {
            #expect(throws: SNPFormatError.self) { try ServicesManifest(parsing: Array(bytes[..<count])) }
        }
        #expect(throws: SNPFormatError("services manifest", .size(expected: 77, found: 78))) {
            try ServicesManifest(parsing: bytes + [0])
        }
    }

    @Test func isRefusedWhereItLeadsAstray() {
        let name = "services manifest"
        let vtpm = "entry " + ServicesManifest.vtpm.description
        for (offset, value, error) in [
            (0, 0, SNPFormatError(name, .missing("header"))),
            (20, 65, SNPFormatError(name, .value(field: "entries", 65))),
            (23, 0xFF, SNPFormatError(name, .value(field: "entries", 0xFF00_0002))),
            (40, 71, SNPFormatError(name, .range(field: vtpm, 71))),
            (44, 6, SNPFormatError(name, .range(field: vtpm, 72))),
            (43, 0xFF, SNPFormatError(name, .range(field: vtpm, 0xFF00_0048))),
            (47, 0xFF, SNPFormatError(name, .range(field: vtpm, 72))),
        ] as [(Int, UInt8, SNPFormatError)] {
            var changed = bytes
            changed[offset] = value
            #expect(throws: error) { try ServicesManifest(parsing: changed) }
        }
        // Which of two manifests of one service a reader takes is nobody's to say.
        var twice = bytes
        twice.replaceSubrange(48..<64, with: bytes[24..<40])
        #expect(throws: SNPFormatError(name, .value(field: vtpm, 1))) { try ServicesManifest(parsing: twice) }
        let entry = ServicesManifest.Entry(.zero, [])
        #expect(throws: SNPFormatError(name, .value(field: "entries", 65))) {
            try ServicesManifest(Array(repeating: entry, count: 65))
        }
    }

    /// The endorsement key as tpm2-tools makes it in a TPM.
    @Test func manifestOfAVTPMIsTheEndorsementKey() throws {
        let tpm = try SoftwareTPM()
        let scratch = try Scratch()
        try scratch.shell(
            "TPM2TOOLS_TCTI='\(tpm.tcti)' tpm2_createek -Q -G rsa -c ek.ctx -u ek -f tpmt")
        let bytes = try scratch.bytes("ek")
        let manifest = try VTPMManifest(parsing: bytes)
        #expect(manifest.encoded() == bytes)
        #expect(manifest.modulus == Array(bytes.suffix(256)))
        for count in 0..<bytes.count {
            #expect(throws: SNPFormatError.self) { try VTPMManifest(parsing: Array(bytes[..<count])) }
        }
        for offset in bytes.indices where offset < 58 {
            var changed = bytes
            changed[offset] ^= 1
            #expect(throws: SNPFormatError("vTPM manifest", .value(field: "byte \(offset)", UInt64(changed[offset])))) {
                try VTPMManifest(parsing: changed)
            }
        }
        for offset in [58, 313] {
            var changed = bytes
            changed[offset] = 0
            #expect(throws: SNPFormatError("vTPM manifest", .missing("modulus"))) { try VTPMManifest(parsing: changed) }
        }
    }
}
