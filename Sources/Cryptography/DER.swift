/// Reads one DER object from the front of `bytes` by a `d2i_` function of libcrypto's.
///
/// - Parameter read: takes what `d2i_` takes: the place to read from, which it moves on, and the length in bytes.
/// - Returns: what `read` returned, and how many bytes it took; nothing of more than 64 KiB, since libcrypto makes some
///   hundred bytes out of three, and no signature or certificate of a boot chain is a quarter as long.
func decodeDER<Object>(
    _ bytes: [UInt8], by read: (inout UnsafePointer<UInt8>?, Int) -> Object?
) -> (object: Object?, used: Int) {
    guard bytes.count <= 1 << 16 else { return (nil, 0) }
    return unsafe bytes.withUnsafeBufferPointer { input in
        var next = input.baseAddress
        let object = unsafe read(&next, input.count)
        guard let start = input.baseAddress, let end = unsafe next else { return (object, 0) }
        return (object, unsafe end - start)
    }
}
