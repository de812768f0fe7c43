extension LUKSHeader {
    /// The primary copy, once both can be read and say the same.
    static func agreedCopy(_ copies: HeaderCopies) throws(HeaderError) -> HeaderCopy {
        let primary = read(copies.primary, .primary)
        let secondary = read(copies.secondary, .secondary)
        switch (primary, secondary) {
        case (.failure(let first), .failure(let second)): throw .malformed(primary: first, secondary: second)
        case (.failure(let defect), .success): throw .copyInvalid(.primary, defect)
        case (.success, .failure(let defect)): throw .copyInvalid(.secondary, defect)
        case (.success(let primary), .success(let secondary)):
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

    /// Everything but magic, salt, position and checksum must be the same to the byte.
    private static func compare(_ first: HeaderCopy, _ second: HeaderCopy) throws(HeaderError) {
        guard first.sequenceID == second.sequenceID else {
            throw .refused(
                .sequenceDiffers, object: "header", found: "primary \(first.sequenceID), secondary \(second.sequenceID)"
            )
        }
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
