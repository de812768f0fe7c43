import Foundation
import TestSupport

@testable import HostAttacks

/// The confidential machine of `snp-emulator attack`, here for what it does where nobody attacks it, and for the reports of
/// its unlocks.
extension AttackedMachine {
    static func enrolled(_ enrolment: Enrolment = Enrolment()) throws -> AttackedMachine {
        let programs = try AttackPrograms(
            emulator: Scratch.product("snp-emulator").path, sealroot: Scratch.product("sealroot").path,
            sealrootInit: Machine.guestProgram, controlInit: nil)
        return try make(enrolment, chip: EmulatedChipFolder.shared(), disk: nil, programs)
    }

    /// Boots and unlocks, up to the mapping.
    func attempt(_ trial: Trial) throws -> (status: Int32, errorText: String, report: UnlockReport?) {
        let result = try run(trial)
        let report = try? JSONDecoder().decode(UnlockReport.self, from: Data(result.output))
        return (result.status, result.errorText, report)
    }
}

struct UnlockReport: Decodable {
    struct Attestation: Decodable, Equatable {
        let provider, verdict: String
    }
    struct Step: Decodable {
        let name, result: String
    }
    let attestation: Attestation?
    let steps: [Step]
}
