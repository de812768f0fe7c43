extension Attack {
    /// At what the AMD-SP launches, and at the vTPM that belongs to that launch.
    static let firmwareAttacks: [Attack] = [
        Attack(
            "swap-firmware", .firmware, "starts the guest with firmware of its own",
            "the guest does not start, 77: its vTPM cannot be opened by another launch", exit: 77,
            naming: "another launch", Trial(firmware: "other.fd", provider: nil),
            control: .through(
                Trial(options: ["--vtpm", "none"], firmware: "other.fd", tpm: .host, provider: nil),
                "a TPM outside of the guest, which is bound to no launch", outside)
        ).inMachine(.swapFirmware),
        Attack(
            "foreign-vtpm-state", .firmware, "puts the vTPM's state of another launch in the place of the guest's own",
            "the guest does not start, 77: the state cannot be opened", exit: 77, naming: "another launch",
            Trial(preparation: foreignState, provider: nil),
            control: .through(
                Trial(
                    action: .script(
                        foreignState
                            + #"exec "$emulator" exec --state state --ovmf other.fd -- tpm2_getrandom -o random 4"#)),
                "the launch that the state is of")),
        Attack(
            "id-block-mismatch", .firmware, "launches firmware of its own with the ID block that the owner signed",
            "the AMD-SP refuses the launch, 64: the block is for another digest", exit: 64, naming: "BAD_MEASUREMENT",
            Trial(
                options: ["--vtpm", "none"], firmware: "other.fd", tpm: .host, provider: nil, identity: "guest.fd"),
            control: .through(
                Trial(options: ["--vtpm", "none"], firmware: "other.fd", tpm: .host, provider: nil), "no ID block"),
            on: outside),
        Attack(
            "swap-chip", .firmware, "moves the disk, and the TPM that is outside of the guest, to another chip",
            "the unlock ends with 79: the other chip derives another second factor", exit: 79,
            naming: "another chip, guest or launch", moved,
            control: .through(moved, "no second factor", outside),
            on: Enrolment(options: ["--vtpm", "none"], tpm: .host, arguments: "--second-factor snp")),
    ]

    private static let outside = Enrolment(options: ["--vtpm", "none"], tpm: .host)

    private static let moved = Trial(
        preparation: #""$emulator" init elsewhere >made"#, options: ["--vtpm", "none"], chip: "elsewhere", tpm: .host,
        provider: nil)

    private static let foreignState = """
        rm -rf state/vtpm; "$emulator" exec --state state --ovmf other.fd -- true

        """
}
