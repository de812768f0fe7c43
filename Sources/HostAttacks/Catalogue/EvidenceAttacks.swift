internal import SNPEmulator

extension Attack {
    /// At what the guest's SVSM says of its vTPM: `EvidenceAttack`.
    static let evidenceAttacks: [Attack] = EvidenceAttack.allCases.map { attack in
        let trial = Trial(options: ["--attack", attack.rawValue])
        let culprit =
            switch attack {
            case .replay: "another nonce"
            case .otherLevel: "VMPL 1"
            case .otherGuest: "measurement"
            case .otherManifest: "another TPM"
            case .otherKey: "not the TPM that was vouched for"
            }
        return Attack(
            attack.rawValue, .evidence, attack.summary, attack.outcome, exit: 76, naming: culprit, trial,
            control: .through(trial.unattested, "attestation off"))
    }
}
