/// Hashes by several algorithms over the same pieces, so that a long file is read once.
public final class RunningDigests {
    /// Arrays cannot hold what cannot be copied.
    private final class Box {
        var digest: RunningDigest?
        init(_ algorithm: DigestAlgorithm) { digest = RunningDigest(algorithm) }
    }

    private let boxes: [Box]

    public init(_ algorithms: [DigestAlgorithm]) { boxes = algorithms.map { Box($0) } }

    /// Hashes the next piece.
    public func update(_ bytes: Span<UInt8>) { for box in boxes { box.digest?.update(bytes) } }

    /// One digest an algorithm, in their order; none after the first call.
    public func finish() throws(CryptographyError) -> [[UInt8]] {
        var digests: [[UInt8]] = []
        for box in boxes { if let digest = box.digest.take() { digests.append(try digest.finish()) } }
        return digests
    }
}
