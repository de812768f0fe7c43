extension LUKSHeader {
    /// The digest vouches for the segment and for every keyslot; tokens name only keyslots that exist.
    ///
    /// A keyslot that no digest vouches for opens nothing, and one of another digest holds another key.
    static func checkReferences(
        keyslots: [Keyslot], tokens: [Token], segment: Segment, digest: VolumeKeyDigest
    ) throws(HeaderError) {
        let ids = keyslots.map { $0.id }
        guard digest.keyslots == ids else {
            throw .refused(.digestKeyslots, object: "digests.\(digest.id).keyslots", found: text(digest.keyslots))
        }
        guard digest.segments == [segment.id] else {
            throw .refused(.digestSegments, object: "digests.\(digest.id).segments", found: text(digest.segments))
        }
        for token in tokens where !token.keyslots.allSatisfy(ids.contains) {
            throw .refused(.tokenKeyslots, object: "tokens.\(token.id).keyslots", found: text(token.keyslots))
        }
    }

    /// Header copies, keyslot areas and data, in this order and without overlap.
    static func checkLayout(
        configuration: Configuration, keyslots: [Keyslot], segment: Segment
    ) throws(HeaderError) {
        guard configuration.keyslotsArea.end <= segment.extent.offset else {
            throw .refused(.segmentOverlap, object: "segments.\(segment.id)", found: segment.extent.text)
        }
        for slot in keyslots where !configuration.keyslotsArea.contains(slot.area) {
            throw .refused(.keyslotAreaBounds, object: "keyslots.\(slot.id).area", found: slot.area.text)
        }
        let ordered = keyslots.sorted { $0.area.offset < $1.area.offset }
        for (slot, next) in zip(ordered, ordered.dropFirst()) where slot.area.end > next.area.offset {
            throw .refused(.keyslotAreaOverlap, object: "keyslots.\(next.id).area", found: next.area.text)
        }
    }

    private static func text(_ ids: [Int]) -> String { "[" + ids.map { "\($0)" }.joined(separator: ", ") + "]" }
}
