internal import JSON
internal import SNPEmulator

extension Attack {
    /// At the volume.
    static let diskAttacks: [Attack] = [
        forged(
            "cipher-null-segment", "sets the data segment's cipher to none, so that the guest would write in the clear",
            "the cipher of the segment is named", naming: "segment-encryption: segments.0.encryption",
            Trial(provider: nil, forgery: nullCipher)),
        forged(
            "chosen-volume-key",
            "puts a volume key of its own into the sealed keyslot, with no cipher, so that every passphrase opens it",
            "the cipher of the keyslot is named", naming: "keyslot-area-encryption: keyslots.1.area.encryption",
            Trial(provider: nil, isKeyChosen: true)),
        forged(
            "second-copy-differs", "changes the second copy of the header only",
            "the copies do not say the same", naming: "copies-differ: metadata",
            Trial(
                provider: nil,
                forgery: HeaderForgery.Change(
                    path: "segments.0.encryption", value: .string("cipher_null-ecb"), isSecondaryOnly: true))),
        forged(
            "sector-size", "sets the sector size to another one that is allowed, so that the guest would read garbage",
            "the header MAC is wrong", naming: "header MAC is wrong",
            Trial(
                provider: nil,
                forgery: HeaderForgery.Change(path: "segments.0.sector_size", value: .integer(512)))),
        forged(
            "allow-discards", "sets a flag that has the guest tell the host which blocks are free",
            "the header MAC is wrong", naming: "header MAC is wrong",
            Trial(
                provider: nil,
                forgery: HeaderForgery.Change(path: "config.flags", value: .array([.string("allow-discards")])))),
        Attack(
            "swap-header", .disk, "changes the header as soon as the guest has judged it",
            "the unlock succeeds: no byte of the header is read a second time", exit: 0, naming: "",
            Trial(
                options: ["--attack", TPMAttack.delay.rawValue, "--record-tpm", AttackedMachine.recording],
                provider: nil, forgery: nullCipher, isForgedLate: true),
            control: .through(Trial(provider: nil, forgery: nullCipher), "the same change, made before")),
        Attack(
            "replay-token", .disk, "puts back the header of before a reseal, token and keyslots",
            "the unlock ends with 77: the token was revoked", exit: 77, naming: "the revocation counter has moved on",
            replayed,
            control: .through(
                replayed, "a volume without a revocation counter", Enrolment(arguments: "--counter none", hasDisk: true)
            ),
            on: Enrolment(hasDisk: true)),
        Attack(
            "evil-twin", .disk,
            "puts a volume of its own making in the place of the owner's, with the same UUID, sealed to the owner's TPM",
            "the unlock ends with 77: another authority approves its boots", exit: 77, naming: "another authority",
            Trial(preparation: twin, provider: nil, isPinned: true),
            control: .through(Trial(preparation: twin, provider: nil), "no authority named in the configuration")),
        Attack(
            "evil-twin-passphrase", .disk,
            "puts a volume of its own making in the place of the owner's, with the same UUID and a passphrase",
            "the unlock ends with 79: it has no token", exit: 79, naming: "no sealroot token",
            Trial(preparation: bareTwin, provider: nil),
            control: .through(asking(bareTwin), "a prompt for volumes without a token")),
        Attack(
            "remove-token", .disk, "removes the token, so that somebody at the console is asked for the passphrase",
            "the unlock ends with 79: there is no token", exit: 79, naming: "no sealroot token",
            Trial(preparation: removal, provider: nil),
            control: .through(asking(removal), "a prompt for volumes without a token")),
        Attack(
            "replace-token", .disk, "puts the token of another of the owner's volumes in the place of this one's",
            "the unlock ends with 79: the header MAC is wrong", exit: 79, naming: "header MAC is wrong",
            Trial(preparation: foreignToken, provider: nil),
            control: .impossible("no check alone stops it: the other volume's secret opens no keyslot of this one")),
        Attack(
            "swap-key-material", .disk, "puts the key material of another keyslot where the sealed one's was",
            "the unlock ends with 79: the key opens no keyslot", exit: 79, naming: "the key opens no keyslot",
            Trial(preparation: materialSwap, provider: nil),
            control: .impossible("no check stops it: the secret does not decrypt what is for another passphrase")),
    ]

    private static func forged(
        _ name: String, _ summary: String, _ outcome: String, naming reason: String, _ trial: Trial
    ) -> Attack {
        Attack(
            name, .disk, summary, "the unlock ends with 79: " + outcome, exit: 79, naming: reason, trial,
            control: .through(trial.unchecked, "a program that checks no header"))
    }

    private static let nullCipher = HeaderForgery.Change(
        path: "segments.0.encryption", value: .string("cipher_null-ecb"))

    private static let replayed = Trial(preparation: withdrawal + "mv old volume", provider: nil, hasDisk: true)

    /// The owner approves an update, and withdraws that again: without a boot that is obsolete nothing is revoked.
    private static let withdrawal =
        DiskScript.copy + DiskScript.addArgument("panic=31") + #"""
            mv disk.raw update.raw
            cat >reseal <<'END'
            cat /sys/kernel/security/tpm0/binary_bios_measurements >log
            printf 'device = %s\nmapping = root\n' "$PWD/volume" >reseal.conf
            set -- "$PWD/volume" --eventlog log --config reseal.conf --state keys
            "$sealroot" reseal "$@" --image update.raw
            cp --sparse=always volume old
            "$sealroot" reseal "$@" --image "$disk" --commit
            END
            "$emulator" exec --state state --ovmf guest.fd --image "$disk" ${template:+--template "$template"} -- \
                sh -eu reseal >resealed

            """#

    private static func asking(_ preparation: String) -> Trial {
        Trial(preparation: preparation, provider: nil, configuration: ["unenrolled = prompt"])
    }

    private static let bareTwin = """
        uuid=$(cryptsetup luksUUID volume); rm volume; truncate -s 32M volume; printf attacker >key
        cryptsetup -q luksFormat --type luks2 --cipher aes-xts-plain64 --key-size 512 --pbkdf pbkdf2 \
            --pbkdf-force-iterations 1000 --uuid "$uuid" --key-file key volume

        """

    /// The PCRs are those of the owner's boot: the host can boot the owner's programs, too.
    private static let twin =
        bareTwin + "cat >enrol <<'END'\n" + AttackedMachine.measure
            + #"""
            "$sealroot" enroll "$PWD/volume" --key-file key --state attacker
            END
            "$emulator" exec --state state --ovmf guest.fd -- sh -eu enrol >enrolled

            """#

    private static let removal = "cryptsetup token remove --token-id 0 volume"

    private static let foreignToken =
        "cp --sparse=always volume genuine\n" + twin
            + """
            cryptsetup token export --token-id 0 volume >token; mv genuine volume
            cryptsetup token remove --token-id 0 volume; cryptsetup token import --token-id 0 --json-file token volume
            """

    /// Both areas have the same size, 256 KiB, one behind the other: keyslot 0 at 32 KiB, the sealed one after it.
    private static let materialSwap = """
        dd if=volume of=volume bs=4096 skip=8 seek=$((8 + 63)) count=63 conv=notrunc status=none
        """
}
