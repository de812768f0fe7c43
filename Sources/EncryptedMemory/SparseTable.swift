internal import CLinux

/// Many equal values, of which most are zero: only pages of the table that were written take memory.
///
/// The kernel does the work: the table is reserved address space, and a page of it that was only read is the one page of
/// zeros that all share.
@safe struct SparseTable<Element: BitwiseCopyable>: ~Copyable {
    private let storage: UnsafeMutableBufferPointer<Element>

    private init(_ storage: UnsafeMutableBufferPointer<Element>) { unsafe self.storage = storage }

    /// - Parameter count: of elements, whose zero value must be all bits zero.
    static func reserve(count: Int) throws(MemoryModelError) -> SparseTable {
        let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard count > 0, !isTooLarge else { throw .noAddressSpace(bytes: UInt64.max, errno: 0) }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let mapped = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapped = unsafe mapped, unsafe shim_map_failed(mapped) == 0 else {
            throw .noAddressSpace(bytes: UInt64(bytes), errno: shim_errno())
        }
        // A guest's memory is nobody's core file; huge pages would make it cost what it does not touch.
        _ = unsafe madvise(mapped, bytes, MADV_DONTDUMP)
        _ = unsafe madvise(mapped, bytes, MADV_NOHUGEPAGE)
        let elements = unsafe mapped.bindMemory(to: Element.self, capacity: count)
        return unsafe SparseTable(UnsafeMutableBufferPointer(start: elements, count: count))
    }

    var count: Int { unsafe storage.count }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe storage[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe storage[index] = newValue
        }
    }

    /// Lends a part for reading.
    func withSpan<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return try body(unsafe UnsafeBufferPointer(rebasing: storage[range]).span)
    }

    /// Lends a part for writing.
    func withMutableSpan<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let part = unsafe UnsafeMutableBufferPointer(rebasing: storage[range])
        var span = unsafe part.mutableSpan
        return try body(&span)
    }

    /// How many bytes of memory the table takes now, in whole pages. It asks the kernel about every page.
    var residentBytes: UInt64 {
        let page = 4096
        let step = 1 << 28
        let total = count * MemoryLayout<Element>.stride
        guard let base = unsafe UnsafeMutableRawPointer(storage.baseAddress) else { return 0 }
        var resident: UInt64 = 0
        var isPresent = [UInt8](repeating: 0, count: min(step, total + page) / page)
        for start in stride(from: 0, to: total, by: step) {
            let length = min(step, total - start)
            guard unsafe mincore(base + start, length, &isPresent) == 0 else { continue }
            for index in 0..<(length + page - 1) / page where isPresent[index] & 1 == 1 { resident += UInt64(page) }
        }
        return resident
    }

    deinit { unsafe _ = munmap(storage.baseAddress, storage.count * MemoryLayout<Element>.stride) }
}
