import Foundation
import TestSupport
import Testing

@testable import HostAttacks

/// A guest with a TPM whose kernel was not handed the firmware's log, as every guest of `exec` without a disk is.
@Suite struct MissingLogTests {
    private static let reference = """
        cat >reference.json <<'END'
        {"version": 1, "drivers": [], "variables": {}, "sbat": {},
         "programs": [{"role": "kernel", "sha256": "\(String(repeating: "5a", count: 32))", "file": "/kernel"}]}
        END
        """
    private let trial = Trial(preparation: reference, provider: nil, isBootChecked: true)

    @Test func isRefusedBeforeAnythingIsUnsealed() throws {
        let machine = try AttackedMachine.enrolled()
        let (status, errorText, report) = try machine.attempt(trial)
        #expect(status == 77, "\(errorText)")
        #expect(errorText.contains("sealroot: boot: refused: no event log: "), "\(errorText)")
        #expect(!errorText.contains("measurements changed"), "they are those of the enrolment")
        #expect(report?.steps.last.map { $0.name + " " + $0.result } == "check-boot failed")

        // What makes the difference is the check: nothing else speaks against this boot.
        let unchecked = try machine.attempt(trial.bootUnchecked)
        #expect(unchecked.status == 0, "\(unchecked.errorText)")

        var named = trial
        named.arguments = "--eventlog no-such-log"
        let missing = try machine.attempt(named)
        #expect(missing.status == 66, "a file that was named is just not there: \(missing.errorText)")
    }

    @Test func isToldWhichMeasurementsDiffer() throws {
        let machine = try AttackedMachine.enrolled()
        try machine.shell.succeed(trial.preparation, step: "preparing")
        try machine.configure(trial, nil)
        let script = """
            \(AttackedMachine.measure)tpm2_pcrextend 7:sha256=\(String(repeating: "5a", count: 32))
            exec "$init" unlock --config init.conf --no-activate --tcti "$SEALROOT_TCTI" --reference reference.json
            """
        let result = try machine.boot(script, chip: "state", firmware: "guest.fd", options: [])
        #expect(result.status == 77, "\(result.errorText)")
        #expect(result.errorText.contains("no event log: "), "\(result.errorText)")
        #expect(result.errorText.contains("measurements changed: PCR 7 ("), "\(result.errorText)")
        #expect(!result.errorText.contains("PCR 4 ("), "\(result.errorText)")
    }
}
