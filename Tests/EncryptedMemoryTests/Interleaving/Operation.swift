import EncryptedMemory

/// One step of a random interleaving. A step holds all that it needs, so that a list from which others were taken out
/// still means the same.
enum Operation: Equatable, Sendable {
    // The host, honest or not.
    case hostWrite(frame: Int, block: Int)
    case save(frame: Int, slot: Int)
    case replay(slot: Int, frame: Int)
    case remap(guest: Int, page: Int, frame: Int)
    case remapLarge(guest: Int, region: Int)
    case unmap(guest: Int, page: Int)
    case assign(frame: Int, guest: Int, page: Int)
    case assignLarge(region: Int, guest: Int)
    case takeBack(frame: Int, size: PageSize)
    case smash(region: Int)
    case look(frame: Int)
    // A guest, which keeps the rules.
    case accept(guest: Int, page: Int, size: PageSize, hostHelps: Bool)
    case release(guest: Int, page: Int, hostHelps: Bool)
    case write(guest: Int, page: Int, block: Int, serial: Int)
    case read(guest: Int, page: Int, block: Int)
    case writeShared(guest: Int, page: Int)
    case adjust(guest: Int, page: Int, vmpl: UInt8, permissions: UInt8)
    case readAt(guest: Int, page: Int, block: Int, vmpl: UInt8)

    static let frames = 14
    static let pages = 7
    static let blocks = 3

    /// The pages and frames of one run: so few that steps meet.
    struct Palette {
        let pages: [Int]
        let frames: [Int]

        init(using generator: inout SeededGenerator) {
            pages = (0..<2).map { _ in generator.below(Operation.pages) }
            frames = (0..<4).map { _ in generator.below(Operation.frames) }
        }
    }

    /// A step that the generator picks; `serial` is its number.
    static func random(_ serial: Int, _ palette: Palette, using generator: inout SeededGenerator) -> Operation {
        // The second guest is there to be mixed up with the first.
        let guest = generator.below(4) == 0 ? 1 : 0
        let page = palette.pages[generator.below(palette.pages.count)]
        let frame = palette.frames[generator.below(palette.frames.count)]
        let block = generator.below(blocks)
        let region = generator.below(2)
        switch generator.below(36) {
        case 0: return .hostWrite(frame: frame, block: block)
        case 1: return .save(frame: frame, slot: generator.below(2))
        case 2: return .replay(slot: generator.below(2), frame: frame)
        case 3...6: return .remap(guest: guest, page: page, frame: frame)
        case 7: return .remapLarge(guest: guest, region: region)
        case 8: return .unmap(guest: guest, page: page)
        case 9, 10: return .assign(frame: frame, guest: guest, page: page)
        case 11: return .assignLarge(region: region, guest: guest)
        case 12: return .takeBack(frame: frame, size: generator.below(2) == 0 ? .small : .large)
        case 13: return .smash(region: region)
        case 14: return .look(frame: frame)
        case 15...18:
            return .accept(
                guest: guest, page: page, size: generator.below(3) == 0 ? .large : .small,
                hostHelps: generator.below(4) != 0)
        case 19...21: return .release(guest: guest, page: page, hostHelps: generator.below(2) != 0)
        case 22...26: return .write(guest: guest, page: page, block: block, serial: serial)
        case 27...32: return .read(guest: guest, page: page, block: block)
        case 33: return .writeShared(guest: guest, page: page)
        case 34:
            return .adjust(
                guest: guest, page: page, vmpl: UInt8(1 + generator.below(3)), permissions: UInt8(generator.below(32)))
        default: return .readAt(guest: guest, page: page, block: block, vmpl: UInt8(1 + generator.below(3)))
        }
    }
}

/// SplitMix64, so that a seed gives the same run everywhere. Source: Steele, Lea, Flood, 2014.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
