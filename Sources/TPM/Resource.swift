internal import CTSS2

/// ESYS's record of a key, object or session; what is transient in the TPM is flushed with it.
struct Resource: ~Copyable {
    let id: ESYS_TR
    private let link: Link
    /// The connection that ESYS's record belongs to: the next one uses the same numbers for other resources.
    private let generation: Int
    /// The TPM's own handle of what is flushed.
    private(set) var transient: UInt32?

    /// A record only: the TPM keeps the object.
    init(_ id: ESYS_TR, _ link: Link) {
        self.id = id
        self.link = link
        generation = link.generation
    }

    /// Its connection is still the one that it was made on.
    var isCurrent: Bool { generation == link.generation }

    /// A transient object or session.
    static func transient(_ id: ESYS_TR, _ link: Link, _ esys: OpaquePointer) throws(TPMError) -> Resource {
        var resource = Resource(id, link)
        var handle: UInt32 = 0
        try link.check(unsafe Esys_TR_GetTpmHandle(esys, id, &handle), .resourceHandle)
        resource.transient = handle
        return resource
    }

    /// The TPM has ended the session by itself.
    mutating func expire() { transient = nil }

    deinit {
        if let transient { link.flush(transient) }
        if isCurrent { link.forget(id) }
    }
}
