import BoundedBytes
import OfflineSealing
import TestSupport
import Testing

@Suite struct DuplicationTargetTests {
    private func defect(of file: [UInt8]) -> TargetDefect? {
        do throws(TargetDefect) {
            _ = try DuplicationTarget(parsing: file)
            return nil
        } catch { return error }
    }

    /// The whole public area of a storage root key follows from its PEM.
    @Test(arguments: [Parent.storageECC, .storageRSA])
    func completesAPEMKeyToTheStandardStorageKey(_ parent: Parent) throws {
        let tpm = try SoftwareTPM()
        try parent.make(in: tpm)
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", parent.handle, "-f", "pem", "-o", "parent.pem")
        let target = try DuplicationTarget(parsing: tpm.read("parent.pem"))
        #expect(try target.publicArea == tpm.read("parent.pub"))
        #expect(try target == DuplicationTarget(parsing: tpm.read("parent.pub")))
    }

    @Test func knowsWhereKeysAreKept() throws {
        for (parent, handle) in [
            (Parent.storageRSA, 0x8100_0001), (.storageECC, 0x8100_0002), (.endorsementRSA, 0x8101_0001),
            (.endorsementECC, 0x8101_0002),
        ] as [(Parent, UInt32)] {
            #expect(try Receiver(parent).target.conventionalHandle == handle)
        }
    }

    /// tpm2_createprimary leaves noDA out, and writes the same format.
    @Test func readsWhatCreatePrimaryWrites() throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary", "-o", "parent.pub")
        #expect(try !DuplicationTarget(parsing: tpm.read("parent.pub")).isEndorsementKey)
    }

    @Test(arguments: Parent.allCases)
    func refusesAFileCutAnywhere(_ parent: Parent) throws {
        let tpm = try SoftwareTPM()
        try parent.make(in: tpm)
        let area = try tpm.read("parent.pub")
        for length in 0..<area.count {
            #expect(throws: TargetDefect.self, "cut to \(length) bytes") {
                try DuplicationTarget(parsing: Array(area.prefix(length)))
            }
            // The same, with a size that agrees.
            guard length >= 2 else { continue }
            let size = [UInt8((length - 2) >> 8), UInt8((length - 2) & 0xFF)]
            #expect(throws: TargetDefect.self, "shortened to \(length) bytes") {
                try DuplicationTarget(parsing: size + area[2..<length])
            }
        }
        #expect(defect(of: area + [0]) == .size(announced: area.count - 2, actual: area.count - 1))
        let longer = [UInt8((area.count - 1) >> 8), UInt8((area.count - 1) & 0xFF)] + area[2...] + [0]
        #expect(defect(of: longer) == .bytes(.trailing(offset: area.count, count: 1)))
    }

    /// One field each, in the bytes of a real key. Offsets: TCG TPM 2.0 Library, Part 2, section 12.2.4.
    @Test func namesWhatIsWrongWithAPointOrItsFrame() throws {
        let tpm = try SoftwareTPM()
        try Parent.storageECC.make(in: tpm)
        let area = try tpm.read("parent.pub")
        func with(_ bytes: [UInt8], at offset: Int) -> TargetDefect? {
            var changed = area
            changed.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            return defect(of: changed)
        }
        #expect(with([0x00, 0x08], at: 2) == .type(8))
        #expect(with([0x00, 0x0C], at: 4) == .nameAlgorithm(0x0C))
        // decrypt, restricted, fixedTPM and userWithAuth taken away; sign and encryptedDuplication added.
        for bits: UInt32 in [0x10472, 0x20472, 0x30470, 0x30432, 0x70472, 0x30C72] {
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(24 - 8 * $0)) }
            #expect(with(bytes, at: 6) == .attributes(bits))
        }
        #expect(with([0x00, 0x10], at: 12) == .symmetric(algorithm: 0x10, bits: 0, mode: 0))
        #expect(with([0x00, 0xC0], at: 14) == .symmetric(algorithm: 6, bits: 192, mode: 0x43))
        #expect(with([0x00, 0x42], at: 16) == .symmetric(algorithm: 6, bits: 128, mode: 0x42))
        #expect(with([0x00, 0x18], at: 18) == .scheme(0x18))
        #expect(with([0x00, 0x04], at: 20) == .curve(4))
        #expect(with([0x00, 0x20], at: 22) == .keyDerivation(0x20))
        #expect(with([area[26] ^ 1], at: 26) == .notOnCurve)
        #expect(with([UInt8](repeating: 0, count: 32), at: 26) == .notOnCurve)
        var short = area
        short.removeLast()
        (short[1], short[59]) = (short[1] - 1, 31)
        #expect(defect(of: short) == .coordinateSize(31))
    }

    @Test func namesWhatIsWrongWithAModulus() throws {
        let tpm = try SoftwareTPM()
        try Parent.storageRSA.make(in: tpm)
        var area = try tpm.read("parent.pub")
        area[21] ^= 4
        #expect(defect(of: area) == .keyBits(0x0804))
        area[21] ^= 4
        area[25] = 3
        #expect(defect(of: area) == .exponent(3))
        area[25] = 0
        #expect(defect(of: area) == nil)
        area[area.count - 1] ^= 1
        #expect(defect(of: area) == .modulus)
        area[area.count - 1] ^= 1
        area[28] &= 0x7F
        #expect(defect(of: area) == .modulus)
    }

    @Test func refusesAPolicyThatIsNotTheOneOfItsKind() throws {
        let tpm = try SoftwareTPM()
        try Parent.endorsementECC.make(in: tpm)
        var area = try tpm.read("parent.pub")
        area[12] ^= 1
        #expect(defect(of: area) == .policy)
    }

    @Test func refusesOtherPEMFiles() throws {
        let folder = try Scratch()
        try folder.shell(
            """
            openssl ecparam -name secp384r1 -genkey -noout | openssl pkey -pubout -out p384.pem
            openssl genrsa 3072 2>/dev/null | openssl pkey -pubout -out rsa3072.pem
            openssl genrsa -3 2048 2>/dev/null | openssl pkey -pubout -out exponent3.pem
            openssl ecparam -name prime256v1 -genkey -noout -out private.pem
            openssl pkey -in private.pem -pubout | head -2 >cut.pem
            """)
        for name in ["p384.pem", "rsa3072.pem", "exponent3.pem", "private.pem", "cut.pem"] {
            #expect(try defect(of: folder.bytes(name)) == .pem, "\(name)")
        }
    }
}
