internal import Cryptography

extension LUKSHeader {
    /// The copy that counts: both say the same, or one is the next version of the other, or one was torn.
    ///
    /// For each change of a header, libcryptsetup 2.6.1 writes the primary copy and, once that is on the medium, the
    /// secondary; each in three parts: the binary header with its checksum zero, the JSON area, the binary header. So
    /// a power cut leaves one copy whose checksum is wrong, or one that is a single sequence number behind. The other
    /// copy is whole; the newer of those that are whole counts, as it does for libcryptsetup.
    ///
    /// The host gains nothing by making such a pair: whoever writes the disk could as well put the one copy, or an
    /// older one, in both places. What counts must keep every rule, and the header MAC decides whether it is the
    /// owner's. But a copy with the right checksum that cannot be read is no leftover of a power cut: libcryptsetup may
    /// understand it in a way of its own, so it is refused.
    static func agreedCopy(_ copies: HeaderCopies) throws(HeaderError) -> (whole: HeaderCopy, torn: TornCopy?) {
        let primary = read(copies.primary, .primary)
        let secondary = read(copies.secondary, .secondary)
        switch (primary, secondary) {
        case (.failure(let first), .failure(let second)): throw .malformed(primary: first, secondary: second)
        case (.failure(let defect), .success(let whole)):
            return (whole, try torn(.primary, copies.primary, defect))
        case (.success(let whole), .failure(let defect)):
            return (whole, try torn(.secondary, copies.secondary, defect))
        case (.success(let primary), .success(let secondary)):
            return (try newerCopy(primary, secondary), nil)
        }
    }

    private static func read(_ bytes: [UInt8], _ kind: HeaderCopy.Kind) -> Result<HeaderCopy, HeaderDefect> {
        do throws(HeaderDefect) {
            return .success(try HeaderCopy(parsing: bytes, kind: kind))
        } catch {
            return .failure(error)
        }
    }

    /// - Throws: `.copyInvalid` where no interrupted write explains the defect.
    private static func torn(
        _ kind: HeaderCopy.Kind, _ bytes: [UInt8], _ defect: HeaderDefect
    ) throws(HeaderError) -> TornCopy {
        let isTorn: Bool
        do throws(CryptographyError) {
            isTorn =
                switch defect {
                case .magic, .checksum: true
                // With the magic in its place, a copy of another format, whose checksum is not ours to judge.
                case .version, .size, .checksumAlgorithm, .cryptography: false
                default: try !HeaderCopy.hasRightChecksum(bytes)
                }
        } catch { throw .copyInvalid(kind, .cryptography(error)) }
        guard isTorn else { throw .copyInvalid(kind, defect) }
        return TornCopy(kind: kind, defect: defect)
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
        if let field = firstDifference(newer, older, isOneAge: age == 0), !HeaderCheck.accepts(false) {
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
