internal import Cryptography
public import InitramfsRuntime
internal import Secrets

/// The memory of a guest that lies in a file in the clear, as QEMU keeps it, seen as if the machine encrypted it.
///
/// To the host, a private page is the page's bytes encrypted under a key that is made here, by the address in the file;
/// what the host writes there goes the same way back. To the guest it is what the file has.
public final class RAMFile: ObservedMemory {
    /// A part of the file and where the guest has it. All numbers are bytes, and whole pages of 4 KiB.
    public struct Region: Equatable, Sendable {
        public let address: GuestAddress
        public let offset: UInt64
        public let byteCount: UInt64

        public init(address: GuestAddress, offset: UInt64, byteCount: UInt64) {
            self.address = address
            self.offset = offset
            self.byteCount = byteCount
        }

        var end: UInt64 { address.rawValue + byteCount }
    }

    private let file: FileDescriptor
    private let protection: MemoryProtection
    /// In the order of addresses.
    private let regions: [Region]
    private let shared: [Range<UInt64>]
    private let cipher: TweakedCipher

    /// - Parameters:
    ///   - regions: must not overlap, and must lie in the file.
    ///   - shared: Ranges of guest addresses that are not private, in whole pages.
    public init(
        _ file: consuming FileDescriptor, protection: MemoryProtection, regions: [Region],
        shared: [Range<GuestAddress>] = []
    ) throws(MemoryModelError) {
        let size: UInt64
        do throws(FileError) { size = try file.byteCount } catch { throw .file(error) }
        let sorted = regions.sorted { $0.address < $1.address }
        for (index, region) in sorted.enumerated() {
            let whole = region.address.rawValue | region.offset | region.byteCount
            guard whole % 4096 == 0, region.byteCount > 0, region.address.rawValue < GuestAddress.limit,
                region.byteCount < GuestAddress.limit, region.offset <= size, region.byteCount <= size - region.offset,
                index == 0 || sorted[index - 1].end <= region.address.rawValue
            else { throw .region(region.address) }
        }
        for range in shared where (range.lowerBound.rawValue | range.upperBound.rawValue) % 4096 != 0 {
            throw .region(range.lowerBound)
        }
        do throws(CryptographyError) {
            cipher = try TweakedCipher.create(key: try Random.secret(count: TweakedCipher.keyByteCount))
        } catch { throw .cryptography(error) }
        self.file = file
        self.protection = protection
        self.regions = sorted
        self.shared = shared.map { $0.lowerBound.rawValue..<$0.upperBound.rawValue }.filter { !$0.isEmpty }
            .sorted { $0.lowerBound < $1.lowerBound }
    }

    public func extent(from address: GuestAddress) -> MemoryExtent? {
        let from = address.start(of: .small).rawValue
        guard let region = regions.first(where: { $0.end > from }) else { return nil }
        let start = max(from, region.address.rawValue)
        let isPrivate = isPrivate(start)
        var end = region.end
        for range in shared {
            // The next border of a shared range ends the extent.
            for border in [range.lowerBound, range.upperBound]
            where border > start && self.isPrivate(border) != isPrivate {
                end = min(end, border)
            }
        }
        let state: MemoryState =
            !isPrivate ? [] : protection.hasReverseMap ? [.isPrivate, .isValidated] : .isPrivate
        return MemoryExtent(start: GuestAddress(start), byteCount: end - start, state: state)
    }

    private func isPrivate(_ address: UInt64) -> Bool {
        protection.isEncrypting && !shared.contains { $0.contains(address) }
    }

    public func read(
        _ address: GuestAddress, into bytes: inout MutableSpan<UInt8>, as observer: Observer
    ) throws(ObservationError) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let (place, count) = try page(here, bytes.count - done)
            let plain = try load(place, 4096)
            let seen = observer == .host && isPrivate(here.rawValue) ? encrypted(plain, place) : plain
            let offset = Int(here.offset(in: .small))
            bytes.copy(seen.span.extracting(offset..<offset + count), at: done)
            done += count
        }
    }

    public func remap(_ address: GuestAddress, to other: GuestAddress) throws(ObservationError) { throw .notRemappable }

    public func write(
        _ address: GuestAddress, _ bytes: [UInt8], as observer: Observer
    ) throws(ObservationError) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let (place, count) = try page(here, bytes.count - done)
            let isForeign = observer == .host && isPrivate(here.rawValue)
            if isForeign, protection.hasReverseMap { throw .host(.reverseMap(SystemAddress(place))) }
            var content = try load(place, 4096)
            if isForeign { content = encrypted(content, place) }
            let offset = Int(here.offset(in: .small))
            content.replaceSubrange(offset..<offset + count, with: bytes[done..<done + count])
            if isForeign { content = decrypted(content, place) }
            do throws(FileError) { try file.write(content, at: place) } catch { throw .file(error) }
            done += count
        }
    }

    /// Where the page is in the file, and how many of `count` bytes from the address on it has.
    private func page(_ address: GuestAddress, _ count: Int) throws(ObservationError) -> (UInt64, Int) {
        guard let region = regions.first(where: { ($0.address.rawValue..<$0.end).contains(address.rawValue) }) else {
            throw .noMemory(address)
        }
        let place = region.offset + (address.start(of: .small).rawValue - region.address.rawValue)
        return (place, min(count, 4096 - Int(address.offset(in: .small))))
    }

    private func load(_ offset: UInt64, _ count: Int) throws(ObservationError) -> [UInt8] {
        do throws(FileError) { return try file.read(count, at: offset) } catch { throw .file(error) }
    }

    private func encrypted(_ plain: [UInt8], _ place: UInt64) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: plain.count)
        var span = output.mutableSpan
        mustSucceed { () throws(CryptographyError) in try cipher.encrypt(plain.span, into: &span, unit: place) }
        return output
    }

    private func decrypted(_ encrypted: [UInt8], _ place: UInt64) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: encrypted.count)
        var span = output.mutableSpan
        mustSucceed { () throws(CryptographyError) in try cipher.decrypt(encrypted.span, into: &span, unit: place) }
        return output
    }
}
