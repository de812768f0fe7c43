internal import SNPEmulator

extension Attack {
    /// At the TPM and the way to it.
    static let tpmAttacks: [Attack] = [
        Attack(
            TPMAttack.other.rawValue, .tpm, TPMAttack.other.summary, TPMAttack.other.outcome, exit: 77,
            naming: "another TPM", Trial(options: ["--attack", TPMAttack.other.rawValue], provider: nil),
            control: .impossible(elsewhere)),
        Attack(
            TPMAttack.swap.rawValue, .tpm, TPMAttack.swap.summary, TPMAttack.swap.outcome, exit: 76,
            naming: "not the TPM that was vouched for", swapped,
            control: .through(swapped.unattested, "attestation off")),
        Attack(
            "fresh-tpm", .tpm, "removes the vTPM's state, so that a new one is made",
            "the unlock ends with 77: the volume's key is not in that TPM", exit: 77, naming: "another TPM",
            Trial(preparation: "rm -rf state/vtpm", provider: nil), control: .impossible(elsewhere)
        ).inMachine(.freshTPM),
        Attack(
            "roll-back-tpm", .tpm, "puts back the vTPM's state of before the volume was enrolled",
            "the unlock ends with 77: the volume's revocation counter is not in that TPM", exit: 77, naming: "counter",
            rolledBack,
            control: .through(
                rolledBack, "a volume without a revocation counter",
                Enrolment(preparation: keptState, arguments: "--counter none")),
            on: Enrolment(preparation: keptState)),
        Attack(
            "replay-pcrs", .tpm,
            "has a TPM outside of the guest, resets it, and extends its PCRs as the owner's boot would have",
            "the unlock ends with 76: nobody vouches for that TPM", exit: 76,
            naming: "not the TPM that was vouched for", Trial(tpm: .host),
            control: .through(Trial(tpm: .host, provider: nil), "attestation off"), on: Enrolment(tpm: .host)),
        Attack(
            "lock-out", .tpm, "fails authorizations until the TPM takes none for a while",
            "the unlock succeeds: the volume's key is not subject to lockout", exit: 0, naming: "", lockedOut,
            control: .through(
                lockedOut, "a storage key that is subject to it",
                Enrolment(preparation: guarded, options: ["--vtpm", "none"], tpm: .host)),
            on: Enrolment(options: ["--vtpm", "none"], tpm: .host)),
        unsealing(
            .flipResponse, TPMScript.unsealByPassword(.flipResponse, "realed"),
            "a client whose session is no more than a password"),
        unsealing(
            .replaceResponse, TPMScript.unsealByPassword(.replaceResponse, "a secret of the host's"),
            "a client whose session is no more than a password"),
        unsealing(.stripEncryption, TPMScript.unsealUnsalted, "a client whose session is not salted"),
        Attack(
            TPMAttack.delay.rawValue, .tpm, TPMAttack.delay.summary, TPMAttack.delay.outcome, exit: 0, naming: "",
            Trial(options: ["--attack", TPMAttack.delay.rawValue]),
            control: .impossible("nothing is refused: a TPM may be slow, and the guest must stand it")),
        Attack(
            "record-tpm", .tpm,
            "keeps all that passes between the guest and its TPM, and looks for the key in it",
            "no eight bytes of the secret are there, nor of the passphrase that it makes", exit: nil,
            naming: "no key byte in ", listening,
            control: .through(listening.unchecked, "the same program without encryption of parameters")),
    ]

    /// A change of TPM2_Unseal on the way.
    ///
    /// - Parameters:
    ///   - client: a script that unseals under the same attack, and gets what it wants.
    ///   - lack: what that client does without.
    private static func unsealing(_ attack: TPMAttack, _ client: String, _ lack: String) -> Attack {
        Attack(
            attack.rawValue, .tpm, attack.summary, attack.outcome, exit: 69, naming: "Esys_Unseal",
            Trial(options: ["--attack", attack.rawValue], provider: nil),
            control: .through(Trial(action: .script(client)), lack))
    }

    private static let listening = Trial(
        action: .listen, options: ["--record-tpm", AttackedMachine.recording], provider: nil)

    private static let keptState = """
        "$emulator" exec --state state --ovmf guest.fd -- true; cp -a state/vtpm earlier

        """
    private static let rolledBack = Trial(preparation: "rm -r state/vtpm; mv earlier state/vtpm", provider: nil)

    private static let elsewhere =
        "no check refuses it: the key that opens the sealed secret has never been in that TPM"
    private static let swapped = Trial(options: ["--attack", TPMAttack.swap.rawValue])

    /// tpm2_createprimary makes a storage key that is subject to lockout, unlike ours.
    private static let guarded = TPMScript.withTPM(
        """
        tpm2_createprimary -Q -C o -G ecc -c primary; tpm2_evictcontrol -Q -C o -c primary 0x81000002
        """)

    private static let lockedOut = Trial(
        preparation: TPMScript.withTPM(
            """
            tpm2_dictionarylockout -s -n 1 -t 1000 -l 500
            tpm2_createprimary -Q -C o -p right -c victim
            ! tpm2_create -Q -C victim -P wrong -u u -r r 2>refused
            """),
        options: ["--vtpm", "none"], tpm: .host, provider: nil)
}
