internal import Cryptography

/// The digests of a volume's files that are computed already: the boots of one menu are predicted from much the same files,
/// and a host that changes one of them meanwhile shall not be in two predictions at once.
final class KnownDigests {
    enum Subject: Hashable {
        case file(String)
        /// As Authenticode has it.
        case program(String)
    }

    private var known: [Subject: [DigestAlgorithm: [UInt8]]] = [:]

    /// One digest an algorithm, in their order.
    ///
    /// - Parameter compute: gets the algorithms that are missing.
    func digests(
        of subject: Subject, _ algorithms: [DigestAlgorithm],
        computing compute: ([DigestAlgorithm]) throws(InstalledSystemError) -> [[UInt8]]
    ) throws(InstalledSystemError) -> [[UInt8]] {
        var digests = known[subject] ?? [:]
        let missing = algorithms.filter { digests[$0] == nil }
        if !missing.isEmpty {
            for (algorithm, digest) in zip(missing, try compute(missing)) { digests[algorithm] = digest }
            known[subject] = digests
        }
        return algorithms.compactMap { digests[$0] }
    }
}
