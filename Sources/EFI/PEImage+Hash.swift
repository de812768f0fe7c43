public import Cryptography

extension PEImage {
    /// The ranges of the file that the Authenticode hash covers, in the order in which it covers them.
    ///
    /// Sources: Microsoft, "Windows Authenticode Portable Executable Signature Format" (2008), "Calculating the PE
    /// Image Hash"; edk2 `DxeImageVerificationLib.c`, HashPeImage. As there, what lies behind the sections begins
    /// at the sum of all that was hashed, wherever the sections lie.
    public var hashedRanges: [Range<Int>] {
        var ranges = [0..<checksumOffset]
        if let entry = certificateEntryOffset {
            ranges += [checksumOffset + 4..<entry, entry + 8..<headerByteCount]
        } else {
            ranges.append(checksumOffset + 4..<headerByteCount)
        }
        var sum = headerByteCount
        for section in sections.sorted(by: { $0.rawRange.lowerBound < $1.rawRange.lowerBound }) {
            ranges.append(section.rawRange)
            sum += section.rawRange.count
        }
        // Sections do not overlap, so their sum is never beyond the certificate table.
        ranges.append(sum..<(certificateTable?.lowerBound ?? byteCount))
        return ranges.filter { !$0.isEmpty }
    }

    /// Zeros that a signer puts behind an unsigned image, so that the certificate table begins at a multiple of eight.
    public var signingPadding: Int { certificateTable == nil ? (8 - byteCount % 8) % 8 : 0 }

    /// The digest as the firmware computes and measures it.
    public func digest<Source: ImageSource & ~Copyable>(
        _ algorithm: DigestAlgorithm, of file: borrowing Source
    ) throws(ImageFailure<Source.Failure>) -> [UInt8] { try digest(algorithm, of: file, padding: 0) }

    /// The digest that an unsigned image will have once it is signed; of a signed one, its digest.
    public func digestAfterSigning<Source: ImageSource & ~Copyable>(
        _ algorithm: DigestAlgorithm, of file: borrowing Source
    ) throws(ImageFailure<Source.Failure>) -> [UInt8] { try digest(algorithm, of: file, padding: signingPadding) }

    /// Bytes read at a time; they stay in the processor's cache.
    private static let blockByteCount = 1 << 17

    private func digest<Source: ImageSource & ~Copyable>(
        _ algorithm: DigestAlgorithm, of file: borrowing Source, padding: Int
    ) throws(ImageFailure<Source.Failure>) -> [UInt8] {
        guard file.byteCount == byteCount else {
            throw .format(.range(.header, field: "file", offset: 0, count: file.byteCount))
        }
        var buffer = [UInt8](repeating: 0, count: min(Self.blockByteCount, byteCount))
        var digest = RunningDigest(algorithm)
        for range in hashedRanges {
            var start = range.lowerBound
            while start < range.upperBound {
                let block = start..<min(start + buffer.count, range.upperBound)
                do throws(Source.Failure) { try file.read(block, into: &buffer) } catch { throw .source(error) }
                digest.update(buffer.span.extracting(first: block.count))
                start = block.upperBound
            }
        }
        digest.update([UInt8](repeating: 0, count: padding).span)
        do throws(CryptographyError) { return try digest.finish() } catch { throw .cryptography(error) }
    }
}
