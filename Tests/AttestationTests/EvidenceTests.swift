import Attestation
import BoundedBytes
import JSON
import TestSupport
import Testing

@Suite struct EvidenceTests {
    private func error(_ text: String) -> String? {
        do throws(DocumentError) {
            _ = try Evidence(parsing: Array(text.utf8))
            return nil
        } catch { return error.description }
    }

    @Test func readsTheFileThatItDocuments() throws {
        let text = """
            {"version": 1, "provider": "azure-hcl", "report": "AAEC", "certificates": "/w==", "manifest": "e30=",
            "nonce": "00ff"}
            """
        let evidence = try Evidence(parsing: Array(text.utf8))
        #expect(
            evidence
                == Evidence(
                    provider: .azureHCL, report: [0, 1, 2], certificateTable: [0xFF], manifest: Array("{}".utf8),
                    nonce: [0, 0xFF]))
        #expect(try JSONValue(parsing: evidence.json.compact) == JSONValue(parsing: text))
    }

    @Test func leavesOutWhatIsNotThere() throws {
        let evidence = Evidence(provider: .svsm, report: [1])
        #expect(evidence.json.members?.map(\.name) == ["version", "provider", "report"])
        #expect(try Evidence(parsing: Array(evidence.json.compact.utf8)) == evidence)
    }

    @Test(arguments: [
        ("", "evidence: JSON at byte 0: unexpected end of data"),
        ("[]", "evidence: not of type object"),
        (#"{"version":2}"#, "evidence: 'version': version 2 is not known"),
        (#"{"version":1,"provider":"tdx","report":""}"#, "'provider': not one of svsm, azure-hcl, ek-cert, sev-guest"),
        (#"{"version":1,"provider":"svsm"}"#, "evidence: 'report': missing"),
        (#"{"version":1,"provider":"svsm","report":"AA"}"#, "evidence: 'report': not Base64"),
        (#"{"version":1,"provider":"svsm","report":"AAA=","manifest":7}"#, "'manifest': not of type string"),
        (#"{"version":1,"provider":"svsm","report":"AAA=","nonce":"0"}"#, "'nonce': not at most 128 "),
        (#"{"version":1,"provider":"svsm","report":"AAA=","quote":""}"#, "evidence: 'quote': unknown"),
    ])
    func refusesWhatIsNotOne(_ text: String, _ reason: String) {
        #expect(error(text)?.contains(reason) == true, "\(error(text) ?? "accepted")")
    }

    @Test func refusesANonceThatNoReportHoldsAndAnEndlessFile() {
        let nonce = String(repeating: "00", count: 65)
        #expect(
            error(#"{"version":1,"provider":"svsm","report":"AAA=","nonce":"\#(nonce)"}"#)
                == "evidence: 'nonce': not at most 128 hexadecimal digits")
        #expect(error(String(repeating: " ", count: 1 << 19) + "{}") == "evidence: not at most 524288 bytes long")
    }

    /// FIPS 180-4 examples: SHA-512 and SHA-256 of "abc".
    @Test func bindsTheManifestAsItsProviderDoes() throws {
        let (nonce, manifest) = (Array("ab".utf8), Array("c".utf8))
        let long =
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        let short = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        func data(_ provider: Evidence.Provider, _ manifest: [UInt8]) throws -> String {
            let evidence = Evidence(provider: provider, report: [], manifest: manifest, nonce: nonce)
            return Hexadecimal.encode(try evidence.expectedReportData())
        }
        let zeros = String(repeating: "0", count: 64)
        #expect(try data(.svsm, manifest) == long)
        #expect(try data(.ekCertificate, manifest) == long)
        #expect(try data(.azureHCL, Array("abc".utf8)) == short + zeros)
        #expect(try data(.guestDevice, manifest) == "6162" + String(repeating: "0", count: 124))
    }
}
