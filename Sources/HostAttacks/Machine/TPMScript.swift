internal import SNPEmulator

/// Shell scripts about TPMs, by tpm2-tools.
enum TPMScript {
    /// TPM2_Unseal of 0x81000010 as a password session sends it. Ends with 0 where the answer that is taken has `text`
    /// in it; `sealed` was sealed.
    static func unsealByPassword(_ attack: TPMAttack, _ text: String) -> String {
        #"""
        "$emulator" exec --state state --ovmf guest.fd --attack \#(attack.rawValue) -- sh -euc '
        tpm2_createprimary -Q -C o -c primary
        printf sealed | tpm2_create -Q -C primary -i - -u u -r r
        tpm2_flushcontext -t; tpm2_load -Q -C primary -u u -r r -c object
        tpm2_evictcontrol -Q -C o -c object 0x81000010; tpm2_flushcontext -t
        printf "\200\2\0\0\0\33\0\0\1\136\201\0\0\20\0\0\0\11\100\0\0\11\0\0\0\0\0" | tpm2_send >answer'
        grep -qa "\#(text)" answer
        """#
    }

    /// TPM2_StartAuthSession without a salt, and TPM2_Unseal in that session, whose key everybody can compute. Ends with 0
    /// where the host hears what was sealed under the attack, and does not hear it otherwise.
    static let unsealUnsalted = #"""
        cat >client <<'END'
        tpm2_createprimary -Q -C o -c primary
        printf "what was sealed" | tpm2_create -Q -C primary -i - -u u -r r
        tpm2_flushcontext -t; tpm2_load -Q -C primary -u u -r r -c object
        tpm2_evictcontrol -Q -C o -c object 0x81000010; tpm2_flushcontext -t
        nonce=001000000000000000000000000000000000
        echo "80010000002f000001764000000740000007${nonce}000000000600800043000b" | xxd -r -p | tpm2_send >session
        echo "80020000002b0000015e810000100000001902000000${nonce}410000" | xxd -r -p | tpm2_send >answer
        tpm2_evictcontrol -Q -C o -c 0x81000010
        END
        heard() {
            "$emulator" exec --state state --ovmf guest.fd --record-tpm bus "$@" -- sh -eu client
            tail -c 2000 bus | grep -qa "what was sealed"
        }
        if heard; then exit 1; fi
        heard --attack strip-tpm-encryption
        """#

    /// A script of the host's with its own TPM, on whose resource manager no guest depends meanwhile.
    static func withTPM(_ script: String) -> String {
        """
        mkdir -p tpm
        cat >with-tpm <<'END'
        swtpm socket --daemon --tpm2 --tpmstate dir="$PWD/tpm" --server type=unixio,path="$PWD/tpm.sock" \
            --ctrl type=unixio,path="$PWD/tpm.sock.ctrl" --flags not-need-init,startup-clear
        export TPM2TOOLS_TCTI="swtpm:path=$PWD/tpm.sock"
        \(script)
        END
        "$emulator" exec --state state --protection none -- sh -euc '. ./with-tpm; tpm2_shutdown'
        """
    }
}
