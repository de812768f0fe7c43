import CFuzzer

/// The promise of every parser: no more than ten times the memory of its input.
///
/// What the hooks of the sanitizer's allocator tell is counted, in bytes as they were asked for; so the bound is exact,
/// and the same on each machine. The hooks must not allocate.
enum MemoryBound {
    private static let factor = 10
    /// What small inputs may take besides: tables of libcrypto and json-c, buffers of fixed size.
    private static let base = 128 << 10

    private nonisolated(unsafe) static var isCounting = false
    private nonisolated(unsafe) static var live = 0
    private nonisolated(unsafe) static var peak = 0
    private nonisolated(unsafe) static var inputCount = 0

    static func install() {
        let allocated: @convention(c) (UnsafeRawPointer?, Int) -> Void = { _, count in MemoryBound.add(count) }
        let freed: @convention(c) (UnsafeRawPointer?) -> Void = { allocation in
            guard let allocation = unsafe allocation else { return }
            unsafe MemoryBound.add(-__sanitizer_get_allocated_size(allocation))
        }
        demand(unsafe __sanitizer_install_malloc_and_free_hooks(allocated, freed) != 0, "the sanitizer takes our hooks")
    }

    private static func add(_ count: Int) {
        guard unsafe isCounting else { return }
        unsafe live += count
        unsafe peak = max(peak, live)
    }

    /// Runs `body`, which reads an input of `count` bytes, and demands that its heap stayed within the bound.
    static func hold(forInputOf count: Int, _ body: () -> Void) {
        unsafe (live, peak, inputCount) = (0, 0, count)
        unsafe isCounting = true
        body()
        unsafe isCounting = false
        check()
    }

    private static func check() {
        let (taken, read) = unsafe (peak, inputCount)
        guard taken > factor * read + base else { return }
        violate("at most ten times the memory of the input: \(taken) bytes for \(read)")
    }

    /// Counts what a target has put around the fuzzer's input, or made of it to be read again, as input, too: from here
    /// on the bound is wider.
    static func addInput(_ count: Int) {
        check()
        unsafe inputCount += count
    }
}
