import Foundation
import TestSupport
import Testing

/// What QEMU is given, seen by a program in its place: it stands for the host, and for the guest's encrypted memory.
@Suite(.enabled(if: DebianImages.isPresent)) struct BootHandOverTests {
    private let machine: BootableScratch
    private var scratch: Scratch { machine.scratch }

    init() throws { machine = try BootableScratch() }

    @Test func runsTheVeryBytesThatWereMeasured() throws {
        let result = try machine.boot(
            qemu: """
                for word in "$@"; do
                    case $word in *unit=0*) cat "${word##*file=}" > firmware; echo x >> "${word##*file=}";; esac
                done 2> refusal
                exit 1
                """)
        #expect(result.status == 69)
        #expect(try scratch.shell("cmp firmware /usr/share/OVMF/OVMF_CODE_4M.secboot.fd && echo same") == "same")
        #expect(try scratch.shell("cat refusal").contains("Operation not permitted"))
    }

    /// The page is in no file, and gone as soon as QEMU has said that it runs.
    @Test func handsOnTheSecretsPageOnce() throws {
        _ = try machine.boot(
            "--vmpl", "2",
            qemu: """
                for word in "$@"; do
                    case $word in
                    *secrets-page*) page=${word##*file=}; cat $page > page;;
                    *sealroot/vmpl*) od -An -tu1 "${word##*file=}" > level;;
                    *id=monitor*) monitor=${word##*fd=};;
                    esac
                done
                printf '{"QMP": {}}\\n{"return": {}}\\n' >&$monitor
                for try in $(seq 100); do [ -s $page ] || break; sleep 0.05; done
                wc -c < $page > left
                exit 1
                """)
        let page = try scratch.bytes("page")
        #expect(page.count == 4096)
        // VMPCK0 to 3 from 0x20 on, 32 bytes each: those of the levels above the guest's are not its own.
        let keys = (0..<4).map { Array(page[0x20 + 32 * $0..<0x40 + 32 * $0]) }
        #expect(keys.map { $0.contains { $0 != 0 } } == [false, false, true, true])
        #expect(try scratch.shell("echo $(cat level left)") == "2 0")
    }

    @Test func inheritsNothingElse() throws {
        _ = try machine.boot(qemu: "readlink /proc/$$/fd/* > links; printf '%s\\n' \"$@\" > words; exit 1")
        // Its own output twice, and firmware, memory, secrets page and level; five sockets; no lock, nothing of the TPM's.
        let open = try scratch.shell("grep -v /programs/ links | sed 's/:.*//' | sort | uniq -c | sed 's/^ *//'")
        #expect(open == "1 /dev/null\n6 /memfd\n5 socket")
        let words = try scratch.shell("cat words")
        #expect(words.contains("memory-backend-file,id=ram,share=on,size=1073741824,mem-path=/proc/self/fd/"))
        #expect(words.contains("org.sealroot.amd-sp") && words.contains("org.sealroot.svsm"))
    }

    @Test func writesToNoDiskButItsOwn() throws {
        try scratch.shell("sha256sum disk > sum")
        let qemu = "printf '%s\\n' \"$@\" | grep -o '[^=]*[.]qcow2' > overlay; exit 1"
        var overlays: [String] = []
        for change in ["true", "true", "touch disk"] {
            try scratch.shell(change)
            _ = try machine.boot(qemu: qemu)
            overlays.append(try scratch.shell("cat overlay"))
        }
        // The same one at the second boot; a disk that has changed is another.
        #expect(overlays[0] == overlays[1])
        #expect(overlays[1] != overlays[2])
        #expect(overlays[0].hasPrefix(scratch.file("state/machine/")))
        #expect(try scratch.shell("qemu-img info -U '\(overlays[2])' | grep -c \"backing file: $PWD/disk\"") == "1")
        #expect(try scratch.shell("sha256sum -c --quiet sum && echo same") == "same")
        #expect(
            try scratch.shell("cmp state/machine/vars-*.fd /usr/share/OVMF/OVMF_VARS_4M.ms.fd && echo same") == "same")
    }
}
