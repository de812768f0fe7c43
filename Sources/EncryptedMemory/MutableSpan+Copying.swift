extension MutableSpan<UInt8> {
    /// Lends a part of the span to `body`. (`extracting` is not there yet in the form that lends.)
    mutating func withPart<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return try unsafe withUnsafeMutableBufferPointer { (bytes) throws(Failure) in
            let part = unsafe UnsafeMutableBufferPointer(rebasing: bytes[range])
            var span = unsafe part.mutableSpan
            return try body(&span)
        }
    }

    /// Copies all of `source` to the bytes from `start` on.
    mutating func copy(_ source: Span<UInt8>, at start: Int) {
        precondition(start >= 0 && source.count <= count - start)
        unsafe withUnsafeMutableBufferPointer { bytes in
            unsafe source.withUnsafeBufferPointer { source in
                _ = unsafe UnsafeMutableBufferPointer(rebasing: bytes[start...]).update(fromContentsOf: source)
            }
        }
    }
}
