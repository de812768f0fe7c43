import BoundedBytes
import Cryptography
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

/// The emulated certificates, as the openssl command sees them and beside AMD's own.
@Suite struct CertificateTests {
    /// Writes ark, ask, asvk, vcek, vlek and crl as DER, and the authorities as PEM, too.
    private func issue(
        _ generation: ProcessorGeneration, revoked: [CertificateAuthority.Member] = []
    ) throws -> Scratch {
        let folder = try Scratch()
        let authority = try EmulatedKeys.authority(generation)
        let (tcb, issued) = (EmulatedKeys.tcb(generation), EmulatedKeys.issued)
        for member in CertificateAuthority.Member.allCases {
            try folder.write(try authority.certificate(member, issued: issued), to: member.rawValue + ".der")
        }
        let chip = try EmulatedKeys.chip(generation)
        let vlek = try EmulatedKeys.vlek()
        try folder.write(try authority.vcekCertificate(of: chip, tcb: tcb, issued: issued), to: "vcek.der")
        try folder.write(try authority.vlekCertificate(of: vlek, tcb: tcb, issued: issued), to: "vlek.der")
        try folder.write(try authority.revocationList(revoked, number: 3, issued: issued), to: "crl.der")
        try folder.shell(
            """
            for f in ark ask asvk vcek vlek; do openssl x509 -inform der -in $f.der -out $f.pem; done
            openssl crl -inform der -in crl.der -out crl.pem
            """)
        return folder
    }

    @Test(arguments: ProcessorGeneration.allCases) func opensslVerifiesBothChains(
        _ generation: ProcessorGeneration
    ) throws {
        let folder = try issue(generation)
        let time = "-attime \(EmulatedKeys.issued + 60)"
        try folder.shell(
            """
            openssl verify \(time) -CAfile ark.pem -untrusted ask.pem vcek.pem
            openssl verify \(time) -CAfile ark.pem -untrusted asvk.pem vlek.pem
            openssl verify \(time) -CAfile ark.pem ask.pem
            cat ark.pem crl.pem > both.pem
            openssl verify \(time) -crl_check -CAfile both.pem ask.pem asvk.pem
            openssl crl -in crl.pem -CAfile ark.pem -noout
            ! openssl verify \(time) -CAfile ark.pem -untrusted asvk.pem vcek.pem
            ! openssl verify -attime \(EmulatedKeys.issued - 1) -CAfile ark.pem -untrusted ask.pem vcek.pem
            """)
        let names = try folder.shell(
            "for f in ark ask asvk vcek vlek; do openssl x509 -in $f.pem -noout -subject; done")
        let product = generation.rawValue
        let common = ["ARK-" + product, "SEV-" + product, "SEV-VLEK-" + product, "SEV-VCEK", "SEV-VLEK"]
        #expect(
            names.split(separator: "\n").map(String.init)
                == common.map {
                    "subject=OU = Emulated, C = US, L = Santa Clara, ST = CA, O = Sealroot Emulated Devices, CN = \($0)"
                })
    }

    @Test func saysWhichAuthorityIsRevoked() throws {
        for (revoked, names) in [([CertificateAuthority.Member.ask], ["ask"]), ([.ask, .asvk], ["ask", "asvk"])] {
            let folder = try issue(.genoa, revoked: revoked)
            try folder.shell("cat ark.pem crl.pem > both.pem")
            for name in ["ask", "asvk"] {
                let result = try Command.run(
                    [
                        "openssl", "verify", "-attime", "\(EmulatedKeys.issued + 60)", "-crl_check", "-CAfile",
                        "both.pem",
                        name + ".pem",
                    ], folder: folder.path)
                #expect((result.status == 0) != names.contains(name), "\(name)")
                #expect(result.errorText.contains("certificate revoked") == names.contains(name), "\(name)")
            }
            let text = try folder.shell("openssl crl -in crl.pem -noout -text")
            #expect(text.contains("X509v3 CRL Number: \n                3"))
            #expect(text.contains("Serial Number: 020002"))
        }
    }

    /// One line an element: what openssl reads, without the values that differ by nature.
    private func shape(_ der: [UInt8], _ folder: Scratch, _ name: String) throws -> [String] {
        try folder.write(der, to: name)
        let text = try folder.shell("openssl asn1parse -inform der -in \(name)")
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            let depth = parts[1].split(separator: " ").first.map(String.init) ?? ""
            let kind = (parts[1] + ":" + (parts.count > 2 ? parts[2] : "")).drop { $0 != "p" && $0 != "c" }
            let isFree = ["UTCTIME", "GENERALIZEDTIME", "BIT STRING", "OCTET STRING", "UTF8STRING"].contains {
                kind.contains($0)
            }
            let shown = isFree ? String(kind.prefix { $0 != ":" || kind.first == ":" }) : String(kind)
            return depth + " " + (isFree ? String(shown.split(separator: "[")[0].prefix(24)) : shown)
        }
    }

    /// Identifiers, order, tags and signature parameters are those of the real leaf of each generation; values are free.
    @Test(
        .enabled(if: SharedData.isPresent),
        arguments: [
            (ProcessorGeneration.milan, "vcek", "snp/reports/milan-v3-vcek-oak-cb/vek.der"),
            (.genoa, "vcek", "snp/reports/genoa-v5-vcek-oak/vek.der"),
            (.turin, "vcek", "snp/reports/turin-v5-vcek-oak/vek.der"),
            (.milan, "vlek", "snp/reports/milan-v3-vlek-aws-trustee-vmpl1/vek.der"),
        ]) func aLeafHasTheShapeOfARealOne(_ generation: ProcessorGeneration, _ name: String, _ real: String) throws
    {
        let folder = try issue(generation)
        let ours = try shape(try folder.bytes(name + ".der"), folder, "ours")
        let theirs = try shape(try SharedData.bytes(real), folder, "theirs")
        #expect(ours == theirs)
        #expect(ours.count > 60)
    }

    @Test(.enabled(if: SharedData.isPresent)) func authoritiesHaveTheShapeOfRealOnes() throws {
        for generation in ProcessorGeneration.allCases {
            let product = generation.rawValue.lowercased()
            let folder = try issue(generation)
            for (name, real) in [("ark", "\(product)_ark.pem"), ("ask", "\(product)_ask.pem")] {
                try folder.write(try SharedData.bytes("snp/certs/" + real), to: "real.pem")
                try folder.shell("openssl x509 -in real.pem -outform der -out real.der")
                let ours = try shape(try folder.bytes(name + ".der"), folder, "ours")
                let theirs = try shape(try folder.bytes("real.der"), folder, "theirs")
                // 25 years from 2026 lead behind 2049, where the coding of time changes.
                #expect(ours.map { $0.replacing("GENERALIZEDTIME", with: "UTCTIME") } == theirs, "\(real)")
            }
        }
    }

    @Test(.enabled(if: SharedData.isPresent)) func theListHasTheShapeOfARealOne() throws {
        let folder = try issue(.genoa, revoked: [.ask])
        let ours = try shape(try folder.bytes("crl.der"), folder, "ours")
        let theirs = try shape(try SharedData.bytes("snp/crl/ARK-Genoa.crl.der"), folder, "theirs")
        // AMD's lists the first ASK; ours has the number of its successor.
        #expect(ours.map { $0.replacing("020002", with: "020001") } == theirs)
        #expect(ours.count > 50)
    }
}
