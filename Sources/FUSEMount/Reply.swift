internal import CFUSE3

/// The answer to one call on an open file. It may be given later, from the same thread.
@safe public final class Reply {
    private var request: fuse_req_t?
    // A session must not go before the requests that it has handed out.
    private let session: Session

    init(_ request: fuse_req_t, _ session: Session) {
        unsafe self.request = request
        self.session = session
    }

    deinit { fail(.inputOutput) }

    public func fail(_ failure: FileSystemFailure) { unsafe take { unsafe fuse_reply_err($0, failure.code) } }

    /// What read(2) reads; nothing is the end of the file.
    public func data(_ bytes: [UInt8]) {
        unsafe take { request in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe fuse_reply_buf(request, $0.baseAddress, $0.count)
                }
            }
        }
    }

    /// How many bytes write(2) has written.
    public func written(_ count: Int) { unsafe take { unsafe fuse_reply_write($0, count) } }

    /// What ioctl(2) returns.
    public func returned(_ value: Int32) { unsafe take { unsafe fuse_reply_ioctl($0, value, nil, 0) } }

    /// The caller may be gone: then the answer is lost, and nobody misses it.
    private func take(_ answer: (fuse_req_t) -> Int32) {
        guard let request = unsafe request else { return }
        unsafe self.request = nil
        _ = unsafe answer(request)
    }
}
