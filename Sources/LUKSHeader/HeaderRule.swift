/// The rules that a header must keep before any secret exists (architecture.md, 4.2). The raw values are stable
/// names: they show in messages and in JSON, and tests and hooks may depend on them.
public enum HeaderRule: String, Sendable, CaseIterable {
    // Both copies.
    case copiesDiffer = "copies-differ"
    case sequenceDiffers = "sequence-differs"

    // The form of the metadata.
    case memberMissing = "member-missing"
    case memberType = "member-type"
    case memberUnknown = "member-unknown"
    case objectID = "object-id"
    case number = "number"
    case base64 = "base64"

    case configJSONSize = "config-json-size"
    case configKeyslotsSize = "config-keyslots-size"
    case configFlags = "config-flags"
    case requirements = "requirements"

    case segmentCount = "segment-count"
    case segmentType = "segment-type"
    case segmentEncryption = "segment-encryption"
    case segmentSectorSize = "segment-sector-size"
    case segmentIVTweak = "segment-iv-tweak"
    case segmentFlags = "segment-flags"
    case segmentIntegrity = "segment-integrity"
    case segmentAlignment = "segment-alignment"
    case segmentOutsideDevice = "segment-outside-device"
    case segmentOverlap = "segment-overlap"

    case keyslotType = "keyslot-type"
    case keyslotKeySize = "keyslot-key-size"
    case keyslotPriority = "keyslot-priority"
    case keyslotAF = "keyslot-af"
    case keyslotAreaType = "keyslot-area-type"
    case keyslotAreaEncryption = "keyslot-area-encryption"
    case keyslotAreaKeySize = "keyslot-area-key-size"
    case keyslotAreaSize = "keyslot-area-size"
    case keyslotAreaAlignment = "keyslot-area-alignment"
    case keyslotAreaBounds = "keyslot-area-bounds"
    case keyslotAreaOverlap = "keyslot-area-overlap"
    case keyslotKDF = "keyslot-kdf"
    case keyslotKDFHash = "keyslot-kdf-hash"
    case keyslotKDFCost = "keyslot-kdf-cost"
    case keyslotKDFSalt = "keyslot-kdf-salt"

    case digestCount = "digest-count"
    case digestType = "digest-type"
    case digestHash = "digest-hash"
    case digestIterations = "digest-iterations"
    case digestSalt = "digest-salt"
    case digestValue = "digest-value"
    case digestKeyslots = "digest-keyslots"
    case digestSegments = "digest-segments"

    case tokenKeyslots = "token-keyslots"
}
