import BoundedBytes
import Cryptography
import EFI
import EventLog
import InstalledSystem
import TestSupport
import Testing

@testable import Prediction

/// A later shim: the same program with another byte, signed by a key that db now has.
@Suite(.enabled(if: DebianImages.isPresent)) struct ShimChangeTests {
    private let tree: DemoTree
    private let database: [UInt8]

    init() throws {
        tree = try DemoTree()
        try tree.scratch.shell(
            """
            openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=owner 2>/dev/null
            openssl x509 -in cert -outform der -out cert.der
            """)
        let certificate = try tree.scratch.bytes("cert.der")
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        database =
            SignatureList.x509.bytes + number(44 + certificate.count) + number(0) + number(16 + certificate.count)
            + [UInt8](repeating: 9, count: 16) + certificate
    }

    /// Signs shim after a change to its data.
    private func sign(_ change: String) throws {
        try tree.scratch.shell(
            """
            cp usr/lib/shim/shimx64.efi shim
            \(change)
            sbsign --key key --cert cert --output boot/efi/EFI/BOOT/BOOTX64.EFI shim 2>/dev/null
            """)
    }

    /// Finds the bytes in the file and puts others of the same length there.
    private func replace(_ old: String, _ new: String) -> String { "sed -i 's/\(old)/\(new)/' shim" }

    private func predict() throws -> Prediction {
        try tree.predict(variables: ["db-d719b2cb-3d3a-4596-a3bc-dad00e67656f": database])
    }

    @Test func keepsWhatTheNewShimProves() throws {
        try sign(replace("UEFI SHIM", "UEFI shim"))
        let prediction = try predict()
        #expect(prediction.gaps.isEmpty)
        #expect(prediction.events.first { $0.text == "MokList" }?.reason == .keptFromLastLog)
        #expect(prediction.events.first { $0.text == "MokListX" }?.reason == .keptFromLastLog)
        #expect(prediction.events.first { $0.text == "SbatLevel" }?.reason == .keptFromLastLog)
        // The firmware's authority is now the owner's entry: header of 38 bytes and the entry itself.
        let authority = try #require(prediction.events.first { $0.text == "db, for shim" })
        try tree.scratch.write(Array(database.dropFirst(28)), to: "entry")
        let length = database.count - 28
        let octal = [length & 0xFF, length >> 8].map { "\\" + String($0, radix: 8) }.joined()
        let digest = try tree.scratch.shell(
            """
            { printf '\\313\\262\\031\\327\\072\\075\\226\\105\\243\\274\\332\\320\\016\\147\\145\\157'
            printf '\\002\\000\\000\\000\\000\\000\\000\\000'
            printf '\(octal)\\000\\000\\000\\000\\000\\000d\\000b\\000'
            cat entry; } | sha256sum | cut -d' ' -f1
            """)
        #expect(Hexadecimal.encode(authority.digests[1]) == digest)
        #expect(try prediction.value(of: 14, .sha256).map { Hexadecimal.encode($0) } == DemoBoot.values(.sha256)[14])
    }

    @Test func raisesTheLevelThatANewerShimBrings() throws {
        try sign(replace("sbat,1,2025021800", "sbat,1,2025091800"))
        let prediction = try predict()
        #expect(prediction.gaps.isEmpty)
        let event = try #require(prediction.events.first { $0.text == "SbatLevel" })
        #expect(event.reason == .contents("shim, section .sbatlevel"))
        let text = "sbat,1,2025091800\nshim,4\ngrub,5\n"
        let value = VariableMeasurement(vendor: .shim, name: "SbatLevel", value: Array(text.utf8))
        #expect(event.digests[1] == (try DigestAlgorithm.sha256.hash(value.bytes)))
    }

    /// An older shim lowers nothing, but it brings its own level to a machine that never booted.
    @Test func keepsTheLevelOfAMachineAndNotOfATemplate() throws {
        try sign(replace("sbat,1,2025021800", "sbat,1,2024021800"))
        #expect(try predict().events.first { $0.text == "SbatLevel" }?.reason == .keptFromLastLog)
        let known = try DemoBoot.history(["db-d719b2cb-3d3a-4596-a3bc-dad00e67656f": database])
        let fresh = BootHistory(log: known.log, template: "demo", variables: known.variables)
        let event = try tree.predict(fresh).events.first { $0.text == "SbatLevel" }
        #expect(event?.reason == .contents("shim, section .sbatlevel"))
    }

    @Test func refusesWhatTheLevelRevokes() throws {
        let log = try DemoBoot.log()
        let level = VariableMeasurement(
            vendor: .shim, name: "SbatLevel", value: Array("sbat,1,2025021800\nshim,4\ngrub,5\n".utf8))
        let event = try #require(log.events.first { log.data(of: $0).elementsEqual(level.bytes) })
        // The same length, so that the log stays a log: GRUB of generation 9 is wanted.
        var bytes = log.bytes
        bytes[event.data.upperBound - 2] = 0x39
        let history = BootHistory(log: try EventLog(parsing: bytes))
        let prediction = try tree.predict(history)
        #expect(prediction.gaps.first?.reason.contains("revoked by SBAT: grub is of generation") == true)
        #expect(prediction.gaps.first?.pcrs == Prediction.pcrs)
    }

    /// shim's lists in the log are those that its sections hold.
    @Test func makesTheListsThatShimMeasured() throws {
        let history = try DemoBoot.history()
        let shim = try #require(try tree.system(history).bootChain().shim)
        let contents = try ShimContents(shim)
        for (name, list) in [("MokList", contents.allowedLists), ("MokListX", contents.forbiddenLists)] {
            let log = history.log
            let event = try #require(log.events.first { log.content(of: $0) == .shimVariable(name) })
            #expect(
                try log.digest(of: event, in: log.banks[1])?.elementsEqual(DigestAlgorithm.sha256.hash(list)) == true)
        }
        #expect(contents.automaticLevel == Array("sbat,1,2025021800\nshim,4\ngrub,5\n".utf8))
    }
}
