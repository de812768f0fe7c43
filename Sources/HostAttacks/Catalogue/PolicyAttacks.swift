internal import JSON

extension Attack {
    /// Guests and chips that the owner's attestation policy does not accept; each is one that the volume was enrolled in, so
    /// that nothing but the policy stands in the way.
    static let policyAttacks: [Attack] = [
        Attack(
            "wrong-measurement", .policy, "launches the guest with other firmware than the owner's",
            "the unlock ends with 76: the launch digest is another one", exit: 76, naming: "measurement",
            Trial(firmware: "other.fd"),
            control: .through(
                Trial(firmware: "other.fd", policy: OwnerPolicy(firmware: "other.fd")),
                "a policy that accepts the other firmware"),
            on: Enrolment(firmware: "other.fd")),
        lookedInto("debug-guest", "debug", "0xb0000", "launches the guest so that it may read it with debug commands"),
        lookedInto(
            "migration-agent", "migration-agent", "0x70000", "launches the guest with a migration agent beside it"),
        Attack(
            "low-tcb", .policy, "runs the guest on a chip with older microcode than the owner asks for",
            "the unlock ends with 76: the component whose level is too low is named", exit: 76, naming: "microcode",
            Trial(policy: OwnerPolicy(microcode: 219)),
            control: .through(
                Trial(policy: OwnerPolicy(microcode: 115)), "a policy that is content with the old level"),
            on: Enrolment(preparation: olderMicrocode)),
        Attack(
            "revoked-chip", .policy, "runs the guest on a chip whose signing authority AMD has revoked",
            "the unlock ends with 76: the certificate is revoked", exit: 76, naming: "revoked",
            Trial(preparation: #""$emulator" certs --state state revoke ask >revoked"#, policy: revocations),
            control: .through(Trial(policy: revocations), "an authority that is not revoked")),
        Attack(
            "expired-certificate", .policy, "runs the guest on a chip whose certificate has expired",
            "the unlock ends with 76: the certificate is named", exit: 76, naming: "expired",
            Trial(preparation: reissued(2922)),
            control: .through(Trial(preparation: reissued(1461)), "a certificate that is half as old")),
        Attack(
            "no-id-block", .policy, "launches the guest without the ID block that its owner signed",
            "the unlock ends with 76: the policy demands the owner's key", exit: 76, naming: "id_keys",
            Trial(identity: "guest.fd", isIdentityWithheld: true),
            control: .through(
                Trial(identity: "guest.fd"), "the launch with the ID block", Enrolment(identity: "guest.fd"))),
        Attack(
            "foreign-root", .policy, "runs the guest on a chip of its own making, with certificates of its own",
            "the unlock ends with 76: the chain does not lead to the owner's root", exit: 76, naming: "root",
            Trial(chip: "foreign"),
            control: .through(
                Trial(chip: "foreign", policy: OwnerPolicy(root: "foreign")), "a policy that trusts the host's root"),
            on: Enrolment(preparation: #""$emulator" init foreign >made"#, chip: "foreign")),
    ]

    /// A chip's certificate is valid for seven years.
    private static func reissued(_ days: Int) -> String {
        #""$emulator" certs --state state reissue \#(days) >reissued"#
    }

    private static let revocations = OwnerPolicy(members: [JSONMember("revocation_list", .string("fresh"))])

    /// A real chip of the generation had this one before 219.
    private static let olderMicrocode = """
        "$emulator" tcb --state state configure --levels bl=4,tee=0,snp=24,ucode=115 >configured
        """

    private static func lookedInto(_ name: String, _ rule: String, _ bits: String, _ summary: String) -> Attack {
        let trial = Trial(options: ["--policy", bits])
        let allowing = OwnerPolicy(members: [
            JSONMember("guest_policy", .object([JSONMember(rule, .string("allowed"))]))
        ])
        return Attack(
            name, .policy, summary, "the unlock ends with 76: the guest's policy allows what the owner's does not",
            exit: 76, naming: rule, trial, control: .through(trial.under(allowing), "a policy that allows it"),
            on: Enrolment(options: ["--policy", bits]))
    }
}
