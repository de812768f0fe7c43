extension LUKSHeader {
    /// The copy that counts, once both can be read: they say the same, or one is the next version of the other.
    ///
    /// libcryptsetup writes the primary copy and then the secondary; a power cut between the two leaves one
    /// sequence number of difference, and the newer copy counts, as it does for libcryptsetup. The host gains
    /// nothing by making such a pair: it could as well put the newer copy, or the older, in both places.
    static func agreedCopy(_ copies: HeaderCopies) throws(HeaderError) -> HeaderCopy {
        let primary = read(copies.primary, .primary)
        let secondary = read(copies.secondary, .secondary)
        switch (primary, secondary) {
        case (.failure(let first), .failure(let second)): throw .malformed(primary: first, secondary: second)
        case (.failure(let defect), .success): throw .copyInvalid(.primary, defect)
        case (.success, .failure(let defect)): throw .copyInvalid(.secondary, defect)
        case (.success(let primary), .success(let secondary)):
            return try newerCopy(primary, secondary)
        }
    }

    private static func read(_ bytes: [UInt8], _ kind: HeaderCopy.Kind) -> Result<HeaderCopy, HeaderDefect> {
        do throws(HeaderDefect) {
            return .success(try HeaderCopy(parsing: bytes, kind: kind))
        } catch {
            return .failure(error)
        }
    }

    /// The primary copy where both are of one age and alike to the byte, but for magic, salt, position and
    /// checksum; else the one that is a single write ahead, which must be of the same volume.
    private static func newerCopy(_ primary: HeaderCopy, _ secondary: HeaderCopy) throws(HeaderError) -> HeaderCopy {
        let isSecondaryNewer = secondary.sequenceID > primary.sequenceID
        let (newer, older) = isSecondaryNewer ? (secondary, primary) : (primary, secondary)
        let age = newer.sequenceID - older.sequenceID
        guard age <= 1 else {
            let found = "primary \(primary.sequenceID), secondary \(secondary.sequenceID)"
            throw .refused(.sequenceDiffers, object: "header", found: found)
        }
        if let field = firstDifference(newer, older, isOneAge: age == 0) {
            throw .refused(.copiesDiffer, object: field, found: "two versions")
        }
        return newer
    }

    private static func firstDifference(_ first: HeaderCopy, _ second: HeaderCopy, isOneAge: Bool) -> String? {
        if first.byteCount != second.byteCount { return "size" }
        if !first.uuid.utf8.elementsEqual(second.uuid.utf8) { return "uuid" }
        guard isOneAge else { return nil }
        if !first.label.utf8.elementsEqual(second.label.utf8) { return "label" }
        if !first.subsystem.utf8.elementsEqual(second.subsystem.utf8) { return "subsystem" }
        return first.metadataText == second.metadataText ? nil : "metadata"
    }
}
