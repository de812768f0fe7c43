internal import CLinux

/// Key material that exists once, is kept out of swap and core files, and is wiped when it goes away.
///
/// It is noncopyable, is not `CustomStringConvertible`, and has no `==`: it can be lent, as a span, and
/// nothing else. It has whole pages of its own, so that unlocking one secret never unlocks a neighbour.
@safe public struct SecretBytes: ~Copyable {
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private let mappedBytes: Int

    /// Maps `count` zero bytes and lets `fill` write them.
    public init<E: Error>(count: Int, filledBy fill: (inout MutableSpan<UInt8>) throws(E) -> Void) throws(E) {
        let secret = SecretBytes(zeros: count)
        let storage = unsafe secret.storage
        var span = unsafe storage.mutableSpan
        try fill(&span)
        self = secret
    }

    private init(zeros count: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        mappedBytes = max(1, (count + page - 1) / page) * page
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let mapped = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        // Without memory nothing of the unlock can go on, and there is no caller who could help.
        guard let mapped = unsafe mapped, unsafe shim_map_failed(mapped) == 0 else { abort() }
        // Both may be refused in a container; the secret is then only as safe as the process.
        _ = unsafe mlock(mapped, mappedBytes)
        _ = unsafe madvise(mapped, mappedBytes, MADV_DONTDUMP)
        let bytes = unsafe mapped.bindMemory(to: UInt8.self, capacity: count)
        unsafe storage = UnsafeMutableBufferPointer(start: bytes, count: count)
    }

    /// The secret, lent.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { unsafe storage.span }
    }

    /// Length in bytes.
    public var count: Int { unsafe storage.count }

    deinit {
        if let base = unsafe storage.baseAddress {
            unsafe explicit_bzero(base, storage.count)
            _ = unsafe munmap(base, mappedBytes)
        }
    }
}
