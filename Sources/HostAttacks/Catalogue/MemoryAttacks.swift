extension Attack {
    /// At the guest's memory, as the model of encrypted memory shows it to the host.
    static let memoryAttacks: [Attack] = [
        memory(
            "read-memory", "reads all of the guest's memory", "what the guest has there is not to be seen", exit: nil,
            naming: "nothing is to be seen",
            """
            look --from pattern --as guest | grep -q "^$place$"
            ! look --from pattern | grep -q "^$place$" || exit 0
            echo "nothing is to be seen" >&2; exit 1
            """, under: "none"),
        memory(
            "write-memory", "writes into the guest's memory", "the write faults, 74, and changes nothing", exit: 74,
            naming: "#PF (RMP)",
            """
            "$emulator" memory --state state write "$place" 00
            ! look --from pattern --as guest | grep -q "^$place$"
            """, under: "sev-es"),
        memory(
            "replay-memory", "puts the ciphertext of earlier data back", "the write faults, 74", exit: 74,
            naming: "#PF (RMP)",
            """
            old=$(bytes "$page" 16 --as guest); cipher=$(bytes "$page" 16)
            "$emulator" memory --state state write "$page" 00112233445566778899aabbccddeeff --as guest >wrote
            "$emulator" memory --state state write "$page" "$cipher"
            [ "$(bytes "$page" 16 --as guest)" = "$old" ]
            """, under: "sev-es"),
        memory(
            "remap-memory", "puts another of the guest's pages where one of them was",
            "the guest's next access faults, 74",
            exit: 74, naming: "#NPF at 0xfffff0",
            """
            other=$(bytes 0xffffe060 16 --as guest)
            "$emulator" memory --state state remap "$page" 0xffffe060
            "$emulator" memory --state state read "$page" 16 --as guest >seen
            [ "$(cut -d ' ' -f 3 seen)" = "$other" ]
            """, under: "sev-es"),
        Attack(
            "read-vmsa", .memory, "reads the registers of a virtual CPU that does not run",
            "what the guest has there is not to be seen", exit: nil, naming: "nothing is to be seen",
            Trial(action: .script(running("sev-snp", registers("")))),
            control: .through(
                Trial(action: .script(running("sev-snp", registers("--as guest")))), "the guest's own eyes")),
    ]

    /// A host that looks at its guest meanwhile. 64 bytes of the firmware lie at `$place`, from 16 bytes at `$page` on.
    private static func running(_ protection: String, _ script: String) -> String {
        """
        place=0xfffff064; page=0xfffff060; rm -f ready end; tail -c +4197 guest.fd | head -c 64 >pattern
        look() { "$emulator" memory --state state scan "$@"; }
        bytes() { "$emulator" memory --state state read "$@" | cut -d ' ' -f 3; }
        ("$emulator" exec --state state --ovmf guest.fd --vtpm none --protection \(protection) -- \
            sh -c 'touch ready; until [ -e end ]; do sleep 0.02; done' >log 2>&1 || true; touch done) &
        trap 'touch end; until [ -e done ]; do sleep 0.02; done' EXIT
        until [ -e ready ] || [ -e done ]; do sleep 0.02; done
        \(script)
        """
    }

    /// What VMSA has from 0x240 on, G_PAT in it. Source: AMD 24593, table "VMSA Layout".
    private static func registers(_ observer: String) -> String {
        """
        bytes 0x100000240 64 --as guest | tr -d '\\n' >registers
        ! look "$(cat registers)" \(observer) | grep -q '^0x100000240$' || exit 0
        echo "nothing is to be seen" >&2; exit 1
        """
    }

    private static func memory(
        _ name: String, _ summary: String, _ outcome: String, exit code: Int32?, naming reason: String,
        _ script: String, under weaker: String
    ) -> Attack {
        Attack(
            name, .memory, summary, outcome, exit: code, naming: reason,
            Trial(action: .script(running("sev-snp", script))),
            control: .through(Trial(action: .script(running(weaker, script))), "the protection \(weaker)"))
    }
}
