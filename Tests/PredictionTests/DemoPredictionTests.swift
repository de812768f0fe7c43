import BoundedBytes
import Cryptography
import EventLog
import InstalledSystem
import TestSupport
import Testing

@testable import Prediction

/// A real boot is the truth: the prediction from the disk must be what the machine measured.
@Suite(.enabled(if: DebianImages.isPresent)) struct DemoPredictionTests {
    @Test func predictsTheValuesThatTheTPMHad() throws {
        let prediction = try Prediction.make(of: DemoBoot.disk(), after: BootHistory(log: DemoBoot.log()))
        #expect(prediction.gaps.isEmpty)
        #expect(prediction.entry == ["Debian GNU/Linux"])
        for algorithm in [DigestAlgorithm.sha1, .sha256, .sha384] {
            let values = try DemoBoot.values(algorithm)
            for pcr: UInt32 in [4, 7, 8, 9, 11, 14] {
                let value = try prediction.value(of: pcr, algorithm).map { Hexadecimal.encode($0) }
                #expect(value == values[pcr], "PCR \(pcr), \(algorithm)")
            }
        }
        // The fence was put into PCR 12 later.
        #expect(try prediction.value(of: 12, .sha256) == [UInt8](repeating: 0, count: 32))
        #expect(try prediction.value(of: 0, .sha256) == [UInt8](repeating: 0, count: 32))
    }

    @Test func predictsEventByEvent() throws {
        let log = try DemoBoot.log()
        let prediction = try Prediction.make(of: DemoBoot.disk(), after: BootHistory(log: log))
        for pcr in Prediction.pcrs {
            let logged = log.events.filter { $0.pcr == pcr && $0.isExtended }
            let predicted = prediction.events.filter { $0.pcr == pcr }
            #expect(predicted.count == logged.count, "PCR \(pcr)")
            for (one, other) in zip(predicted, logged) {
                var digests = log.banks.compactMap { log.digest(of: other, in: $0).map(Array.init) }
                if pcr == 9, other == logged.last { digests = try DigestAlgorithm.allCases.map(DemoBoot.initrdDigest) }
                #expect(one.digests == digests, "event \(other.index): \(one.text)")
                #expect(one.type == other.type)
            }
        }
    }
}
