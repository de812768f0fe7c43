import BoundedBytes
import EFI
import Foundation
import JSON
import TestSupport
import Testing

@Suite struct VariableStoreTests {
    private static let debianStore = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
    private static let haveDebianStore = FileManager.default.fileExists(atPath: debianStore)

    /// Against the content as AWS's python-uefivars decodes it.
    @Test(.enabled(if: SharedData.isPresent)) func findsTheVariablesThatPythonUefivarsFinds() throws {
        let store = try VariableStore(parsing: try SharedData.bytes("efivars/OVMF_VARS_ec2.edk2.fd"))
        let expected = try JSONValue(parsing: try SharedData.bytes("efivars/t02.json"))["variables"]?.array
        #expect(store.isAuthenticated)
        let found = store.variables.map { variable in
            [
                variable.name, variable.vendor.description, String(variable.attributes),
                Hexadecimal.encode(variable.data),
            ]
        }
        let wanted = try #require(expected).map { variable in
            [
                variable["name"]?.string, variable["guid"]?.string, variable["attr"]?.integer.map { String($0) },
                variable["data"]?.string,
            ].compactMap { $0 }
        }
        // Its reader leaves out certdb, which edk2 keeps for itself.
        let names = Set(found.map { $0[0] }).symmetricDifference(wanted.map { $0[0] })
        #expect(names == ["certdb"])
        #expect(found.filter { $0[0] != "certdb" }.sorted { $0[0] < $1[0] } == wanted.sorted { $0[0] < $1[0] })
        #expect(wanted.count == 23)
    }

    /// Debian enrols Microsoft's keys; the certificates are those that Google's go-eventlog carries.
    @Test(.enabled(if: SharedData.isPresent && haveDebianStore)) func findsMicrosoftsKeysInDebiansStore() throws {
        let file = Array(try Data(contentsOf: URL(filePath: Self.debianStore)))
        let store = try VariableStore(parsing: file)
        let db = try SignatureList.parseAll(try #require(store["db", GUID.securityDatabase]).data)
        let known = try ["MicWinProPCA2011_2011-10-19.crt", "MicCorUEFCA2011_2011-06-27.crt"].map {
            try SharedData.bytes("siglist/certs/" + $0)
        }
        #expect(SignatureDatabase(db).certificates.filter(known.contains).count == 2)
        let kek = try SignatureList.parseAll(try #require(store["KEK", GUID.globalVariable]).data)
        let microsoft = try SharedData.bytes("siglist/certs/MicCorKEKCA2011_2011-06-24.crt")
        #expect(SignatureDatabase(kek).certificates.contains(microsoft))
    }

    @Test(.enabled(if: SharedData.isPresent)) func givesTheOldValueWhereAReplacementWasCutOff() throws {
        var file = try SharedData.bytes("efivars/OVMF_VARS_ec2.edk2.fd")
        let old = try VariableStore(parsing: file)
        let starts = file.indices.dropLast(3).filter {
            file[$0] == 0xAA && file[$0 + 1] == 0x55 && file[$0 + 2] == 0x3F
        }
        let start = try #require(starts.first)
        file[start + 2] = 0x3E
        #expect(try VariableStore(parsing: file) == old)
        file[start + 2] = 0x3C
        #expect(try VariableStore(parsing: file).variables == Array(old.variables.dropFirst()))
    }

    @Test(.enabled(if: SharedData.isPresent)) func refusesAStoreCutAnywhere() throws {
        let file = try SharedData.bytes("efivars/OVMF_VARS_ec2.edk2.fd")
        for length in Array(0..<512) + Array(stride(from: 512, to: file.count, by: 4091)) {
            #expect(throws: EFIError.self, "cut to \(length)") {
                try VariableStore(parsing: Array(file.prefix(length)))
            }
        }
    }

    /// Whatever it finds then lies in the file, no byte of it twice.
    @Test(.enabled(if: SharedData.isPresent)) func survivesEveryValueInEveryByteOfTheHeaders() throws {
        let file = try SharedData.bytes("efivars/OVMF_VARS_ec2.edk2.fd")
        for offset in 0..<0xC8 {
            for value: UInt8 in [0, 0xFF, file[offset] ^ 0x80] {
                var bytes = file
                bytes[offset] = value
                // With the sum of the header set right, so that the fields behind it are reached.
                let found = (try? VariableStore(parsing: withSum(bytes)))?.variables ?? []
                #expect(found.map(\.data.count).reduce(0, +) < file.count, "byte \(offset) is \(value)")
            }
        }
    }

    private func withSum(_ file: [UInt8]) -> [UInt8] {
        var (bytes, sum) = (file, UInt16(0))
        (bytes[50], bytes[51]) = (0, 0)
        for index in stride(from: 0, to: 0x48, by: 2) { sum &+= UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8 }
        let rest = 0 &- sum
        (bytes[50], bytes[51]) = (UInt8(rest & 0xFF), UInt8(rest >> 8))
        return bytes
    }

    @Test(.enabled(if: SharedData.isPresent)) func readsTheFilesOfEfivarfs() throws {
        let folder = "efivars/shim-efivars-1/"
        let name = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        let secureBoot = try Variable(efivarfsFile: name, content: try SharedData.bytes(folder + name))
        #expect(secureBoot.name == "SecureBoot" && secureBoot.vendor == GUID.globalVariable)
        #expect(secureBoot.attributes == 6 && secureBoot.data == [1])
        let levelName = "SbatLevelRT-605dab50-e046-4300-abb6-3dd810dd8b23"
        let level = try Variable(efivarfsFile: levelName, content: try SharedData.bytes(folder + levelName))
        #expect(level.vendor == GUID.shim)
        #expect(try SBATLevel(parsing: level.data).date == "2021030218")
        for name in ["PK-8be4df61-93ca-11d2-aa0d-00e098032b8c", "dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f"] {
            let variable = try Variable(efivarfsFile: name, content: try SharedData.bytes(folder + name))
            #expect(try !SignatureList.parseAll(variable.data).isEmpty)
        }
    }

    @Test(arguments: ["PK", "-8be4df61-93ca-11d2-aa0d-00e098032b8c", "PK_8be4df61-93ca-11d2-aa0d-00e098032b8c"])
    func refusesFileNamesWithoutNameOrGUID(_ name: String) {
        #expect(throws: EFIError.self) { try Variable(efivarfsFile: name, content: [7, 0, 0, 0]) }
    }

    @Test func refusesAFileWithoutAttributes() {
        #expect(throws: EFIError.bytes(.variable, .truncated(offset: 0, needed: 4, available: 3))) {
            try Variable(efivarfsFile: "PK-8be4df61-93ca-11d2-aa0d-00e098032b8c", content: [7, 0, 0])
        }
    }
}
