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
            let newer = try newerCopy(primary, secondary)
            if let newer { return newer }
            try compare(primary, secondary)
            return primary
        }
    }

    private static func read(_ bytes: [UInt8], _ kind: HeaderCopy.Kind) -> Result<HeaderCopy, HeaderDefect> {
        do throws(HeaderDefect) {
            return .success(try HeaderCopy(parsing: bytes, kind: kind))
        } catch {
            return .failure(error)
        }
    }

    /// The one that is a single write ahead; nil where both are of one age.
    private static func newerCopy(_ first: HeaderCopy, _ second: HeaderCopy) throws(HeaderError) -> HeaderCopy? {
        if first.sequenceID == second.sequenceID { return nil }
        let newer = first.sequenceID > second.sequenceID ? first : second
        let older = first.sequenceID > second.sequenceID ? second : first
        guard newer.sequenceID - older.sequenceID == 1 else {
            throw .refused(
                .sequenceDiffers, object: "header", found: "primary \(first.sequenceID), secondary \(second.sequenceID)"
            )
        }
        guard newer.byteCount == older.byteCount, newer.uuid.utf8.elementsEqual(older.uuid.utf8) else {
            throw .refused(
                .copiesDiffer, object: newer.byteCount == older.byteCount ? "uuid" : "size", found: "two versions")
        }
        return newer
    }

    /// Everything but magic, salt, position and checksum must be the same to the byte.
    private static func compare(_ first: HeaderCopy, _ second: HeaderCopy) throws(HeaderError) {
        let field: String? =
            if first.byteCount != second.byteCount {
                "size"
            } else if !first.uuid.utf8.elementsEqual(second.uuid.utf8) {
                "uuid"
            } else if !first.label.utf8.elementsEqual(second.label.utf8) {
                "label"
            } else if !first.subsystem.utf8.elementsEqual(second.subsystem.utf8) {
                "subsystem"
            } else if first.metadataText != second.metadataText {
                "metadata"
            } else {
                nil
            }
        if let field { throw .refused(.copiesDiffer, object: field, found: "two versions") }
    }
}
