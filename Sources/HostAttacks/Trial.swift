internal import JSON

/// How the owner enrolled the volume, in a guest of the owner's own.
struct Enrolment: Sendable, Hashable {
    /// A shell script that makes chips and files, before; see `HostShell` for its variables.
    var preparation = ""
    /// Of `snp-emulator exec`.
    var options: [String] = []
    var firmware = "guest.fd"
    var chip = "state"
    var tpm = TPMPlace.guest
    /// The firmware that the owner has signed an ID block for; nil for no such block.
    var identity: String?
    /// Of `sealroot enroll`.
    var arguments = ""
    /// Whether the guest boots from the disk that the caller has given.
    var hasDisk = false
}

/// Where the TPM is that the guest's programs use.
enum TPMPlace: Sendable, Hashable {
    /// In the guest, run by its SVSM.
    case guest
    /// With the host, which extends its PCRs as it likes.
    case host
}

/// One boot of the guest, with what the host did before and does meanwhile.
struct Trial: Sendable {
    enum Action: Sendable {
        /// `sealroot-init unlock`, up to the mapping.
        case unlock
        /// A shell script of the host's, which starts guests itself. It ends with 0 where the host has got what it wants.
        case script(String)
        /// `.unlock` while the host records what passes to the TPM and back; it tries what it hears on the volume.
        case listen
    }

    /// Which program the guest starts.
    enum Program: Sendable {
        case real
        /// The one of the same sources with the checks compiled out.
        case control
    }

    var action = Action.unlock
    /// A shell script, before the boot.
    var preparation = ""
    /// Of `snp-emulator exec`.
    var options: [String] = []
    /// Of `sealroot-init unlock`.
    var arguments = ""
    var firmware = "guest.fd"
    var chip = "state"
    var tpm = TPMPlace.guest
    var program = Program.real
    /// Who vouches for the TPM; nil where nobody asks.
    var provider: String? = "svsm"
    /// Lines of the configuration.
    var configuration: [String] = []
    /// Whether the configuration names the authority that approves boots.
    var isPinned = false
    /// What the host does to the volume's header.
    var forgery: HeaderForgery.Change?
    /// Whether it does so once the guest has read and judged the header.
    var isForgedLate = false
    /// Whether the host puts a volume key of its own into the sealed keyslot.
    var isKeyChosen = false
    var policy = OwnerPolicy()
    /// The firmware that the owner has signed an ID block for, by a key that the policy demands; nil for no such block.
    var identity: String?
    /// Whether the host launches the guest without it.
    var isIdentityWithheld = false
    /// Whether the guest boots from that disk.
    var hasDisk = false
    /// A shell script that changes a copy of the disk, `disk.raw`.
    var diskChange: String?
    /// What the host does to the variables of the firmware that boots it.
    var variables: VariableChange?
    /// Whether the guest checks the boot.
    var isBootChecked = false

    /// The same where the guest does not check the boot.
    var bootUnchecked: Trial {
        var trial = self
        trial.isBootChecked = false
        return trial
    }

    /// The same where the guest asks nobody for evidence.
    var unattested: Trial {
        var trial = self
        trial.provider = nil
        return trial
    }

    /// The same with the program that has its checks compiled out.
    var unchecked: Trial {
        var trial = self
        trial.program = .control
        return trial
    }

    /// The same under another policy of the owner's.
    func under(_ policy: OwnerPolicy) -> Trial {
        var trial = self
        trial.policy = policy
        return trial
    }
}

/// What the owner's attestation policy says.
struct OwnerPolicy: Sendable {
    /// The firmware that it accepts.
    var firmware = "guest.fd"
    /// The chip whose root it trusts.
    var root = "state"
    /// Lowest microcode level that it accepts, of those that the chip reports.
    var microcode: Int64 = 0
    /// Further members.
    var members: [JSONMember] = []
}
