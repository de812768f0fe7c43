import BoundedBytes
import Cryptography
import TestSupport
import Testing

/// Certificates, lists and signatures that the openssl command makes.
@Suite struct CertificateSignatureTests {
    private static let pss = "-sigopt rsa_padding_mode:pss"

    /// A root with the key `key.pem` in `file`, signed with these options of openssl-req(1).
    private func root(_ folder: Scratch, _ options: String) throws -> [UInt8] {
        try folder.shell(
            """
            test -f key.pem || openssl genrsa -out key.pem 2048 2>/dev/null
            openssl req -x509 -new -key key.pem -subj /CN=Root -outform DER -out root.der -days 10 \(options)
            """)
        return try folder.bytes("root.der")
    }

    private func isSelfSigned(_ bytes: [UInt8]) throws -> Bool {
        try isSigned(bytes, by: bytes)
    }

    @Test func onlyAMDsSchemeCounts() throws {
        let folder = try Scratch()
        let all = "\(Self.pss) -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha384"
        #expect(try isSelfSigned(root(folder, "-sha384 \(all)")))
        for options in [
            "-sha384", "-sha256 \(Self.pss) -sigopt rsa_pss_saltlen:48",
            "-sha384 \(Self.pss) -sigopt rsa_pss_saltlen:32",
            "-sha384 \(Self.pss) -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha256",
            "-sha512 \(Self.pss) -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha384",
        ] { #expect(try !isSelfSigned(root(folder, options)), "\(options)") }
        try folder.shell("openssl ecparam -name secp384r1 -genkey -noout -out key.pem")
        #expect(try !isSelfSigned(root(folder, "-sha384")))
    }

    @Test func authorityIsWhatConstraintsAndUsageSay() throws {
        let folder = try Scratch()
        func authority(_ extensions: String...) throws -> (Bool, Int?, Bool) {
            let options = extensions.map { "-addext '\($0)'" }.joined(separator: " ")
            let certificate = try readCertificate(try root(folder, "-config /dev/null -set_serial -0x12ab " + options))
            #expect(certificate.serialNumber == "-12ab")
            return (certificate.isAuthority, certificate.pathLength, certificate.hasUnknownCriticalExtension)
        }
        #expect(try authority("basicConstraints=critical,CA:TRUE,pathlen:3") == (true, 3, false))
        #expect(try authority("basicConstraints=CA:TRUE", "keyUsage=keyCertSign") == (true, nil, false))
        #expect(try authority("basicConstraints=CA:TRUE", "keyUsage=cRLSign") == (false, nil, false))
        #expect(try authority("basicConstraints=CA:FALSE") == (false, nil, false))
        #expect(try authority("1.2.3.4=critical,DER:0500") == (false, nil, true))
    }

    @Test func aP384SignatureIsCheckedByItsTwoNumbers() throws {
        let folder = try Scratch()
        try folder.write(Array("message".utf8), to: "message")
        try folder.shell("openssl ecparam -name secp384r1 -genkey -noout -out key.pem")
        let key = try root(folder, "-sha384")
        // asn1parse prints the two numbers of the DER as hexadecimal digits.
        let numbers = try folder.shell(
            """
            openssl dgst -sha384 -sign key.pem -out signature message
            openssl asn1parse -inform DER -in signature | sed -n 's/.*INTEGER *://p'
            """
        ).split(separator: "\n").map { digits in
            let bytes = Hexadecimal.decode(String(digits)) ?? []
            return [UInt8](repeating: 0, count: 48 - bytes.count) + bytes
        }
        let (r, s, message) = (numbers[0], numbers[1], Array("message".utf8))
        func isAccepted(_ r: [UInt8], _ s: [UInt8], _ message: [UInt8], by key: [UInt8]) throws -> Bool {
            try readCertificate(key).isSignatureP384(r: r, s: s, over: message)
        }
        #expect(try isAccepted(r, s, message, by: key))
        #expect(try !isAccepted(s, r, message, by: key))
        #expect(try !isAccepted(r, s, message + [0], by: key))
        #expect(try !isAccepted([0] + r, s, message, by: key))
        let zero = [UInt8](repeating: 0, count: 48)
        #expect(try !isAccepted(zero, zero, message, by: key))
        try folder.shell("rm key.pem")
        #expect(try !isAccepted(r, s, message, by: root(folder, "-sha384")))
    }

    /// A delta, and one for some kinds of certificates only.
    @Test(arguments: ["2.5.29.27=critical,DER:020101", "issuingDistributionPoint=critical,onlyuser:TRUE"])
    func aListThatIsNotCompleteIsNone(_ line: String) throws {
        let folder = try Scratch()
        _ = try root(folder, "-sha384")
        func list(_ extensions: String) throws -> Bool {
            try folder.shell(
                """
                openssl x509 -inform DER -in root.der -out root.pem && : >index && echo 01 >number
                printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha384\\n[e]\\n%s\\n' \
                    '\(extensions)' >configuration
                openssl ca -config configuration -gencrl -crldays 3 -crlexts e -keyfile key.pem -cert root.pem -out list
                openssl crl -in list -outform DER -out list.der
                """)
            guard RevocationList.parse(try folder.bytes("list.der")) != nil else { return false }
            return true
        }
        #expect(try list("authorityKeyIdentifier=keyid"))
        #expect(try !list(line))
    }

    @Test func aBundleIsReadWithTheCommentsBetweenItsParts() throws {
        let folder = try Scratch()
        let bytes = try root(folder, "-sha384")
        let text = try folder.shell("openssl x509 -inform DER -in root.der") + "\n"
        let bundle = Array(("issuer: x\n" + text + "\nmore\n" + text + "end\n").utf8)
        let parts = try #require(PEMBundle.parse(bundle))
        #expect(parts.map(\.contents) == [bytes, bytes] && parts.allSatisfy(\.isCertificate))
        #expect(PEMBundle.parse(Array(text.utf8.prefix(text.utf8.count / 2))) == nil)
        #expect(PEMBundle.parse(Array(text.utf8) + Array("-----BEGIN CERTIFICATE-----\nAA".utf8)) == nil)
        #expect(PEMBundle.parse([]) == nil && PEMBundle.parse(bytes) == nil)
        let many = Array(String(repeating: text, count: 64).utf8)
        #expect(PEMBundle.parse(many)?.count == 64)
        #expect(PEMBundle.parse(many + Array(text.utf8)) == nil)
        let encrypted = try folder.shell("openssl rsa -in key.pem -aes128 -passout pass:x -traditional 2>/dev/null")
        #expect(PEMBundle.parse(Array((encrypted + "\n").utf8)) == nil)
    }
}
