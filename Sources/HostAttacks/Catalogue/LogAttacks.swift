internal import SNPEmulator

extension Attack {
    /// At the event log of the guest's boot: `LogAttack`.
    static let logAttacks: [Attack] = LogAttack.allCases.map { attack in
        let trial = Trial(
            options: ["--attack", attack.rawValue], provider: nil, hasDisk: true, isBootChecked: true)
        let culprit =
            switch attack {
            case .empty: "event log"
            case .retype: "EV_IPL"
            default: "PCR "
            }
        return Attack(
            attack.rawValue, .eventLog, attack.summary, attack.outcome, exit: attack == .empty ? 65 : 77,
            naming: culprit,
            trial, control: .through(trial.bootUnchecked, "the check of the boot off"), on: Enrolment(hasDisk: true))
    }
}
