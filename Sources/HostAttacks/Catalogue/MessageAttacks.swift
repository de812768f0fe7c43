internal import SNPEmulator

extension Attack {
    /// At the messages between the guest and the AMD-SP: `MessageAttack`.
    static let messageAttacks: [Attack] = MessageAttack.allCases.map { attack in
        let trial = Trial(options: ["--attack", attack.rawValue])
        switch attack {
        // The guest stands these: it waits, or does with a plain report and the owner's certificates.
        case .throttle:
            return Attack(
                attack.rawValue, .messages, attack.summary, "the unlock waits, and succeeds", exit: 0, naming: "",
                trial,
                control: .impossible("nothing is refused: a host may be slow, and the guest must stand it"))
        default:
            // Who is at fault, the guest's kernel cannot tell: it gives no report.
            let culprit =
                switch attack {
                case .hideCertificates: "no certificate of a VCEK was given"
                case .withholdKey: "No such device or address"
                default: "/outblob: "
                }
            return Attack(
                attack.rawValue, .messages, attack.summary, "the unlock ends with 76: the guest cannot be attested",
                exit: 76, naming: culprit, trial, control: .through(trial.unattested, "attestation off"))
        }
    }
}
