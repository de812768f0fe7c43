internal import BoundedBytes
internal import JSON

/// Why a volume is not opened because of its header.
public enum HeaderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Neither copy can be read: not a LUKS2 volume, or one that is badly damaged.
    case malformed(primary: HeaderDefect, secondary: HeaderDefect)
    /// One copy is sound, the other is not, and no interrupted write explains it. libcryptsetup may read it in another
    /// way than we do, so the owner has to decide.
    case copyInvalid(HeaderCopy.Kind, HeaderDefect)
    /// Both copies can be read, and break a rule. `object` is a path such as `keyslots.0.kdf.hash`; `found` is
    /// what stands there instead of what is allowed. Both hold text from the disk: `description` escapes it.
    case refused(HeaderRule, object: String, found: String)

    /// Exit code 65, malformed input; everything else is 79, volume refused.
    public var isMalformed: Bool { if case .malformed = self { true } else { false } }

    /// The stable name for messages and JSON.
    public var reason: String {
        switch self {
        case .malformed: "malformed"
        case .copyInvalid: "copy-invalid"
        case .refused(let rule, object: _, found: _): rule.rawValue
        }
    }

    public var description: String {
        switch self {
        case .malformed(let primary, let secondary):
            "malformed: primary header: \(primary.description); secondary header: \(secondary.description)"
        case .copyInvalid(let kind, let defect):
            "copy-invalid: \(kind.rawValue) header: \(defect.description); "
                + "if nobody tampered with the disk, restore it with 'cryptsetup repair'"
        case .refused(.sequenceDiffers, object: _, let found):
            "sequence-differs: \(Printable.escape(found)); "
                + "if a write was interrupted, restore both headers with 'cryptsetup repair'"
        case .refused(let rule, let object, let found):
            "\(rule.rawValue): \(Printable.escape(object)): found \(Printable.escape(found))"
        }
    }

    static func member(_ error: MemberError) -> HeaderError {
        switch error.problem {
        case .missing: .refused(.memberMissing, object: error.path, found: "nothing")
        case .unknown: .refused(.memberUnknown, object: error.path, found: "an unknown member")
        case .wrongType(let kind): .refused(.memberType, object: error.path, found: "no " + kind.rawValue)
        }
    }
}
