public import GuestKernel
public import SNPABI

/// The host between a guest and the AMD-SP: it hands pages on, adds the certificates, and cheats where it is told to.
///
/// Source: AMD 56421 (GHCB), SNP Guest Request and SNP Extended Guest Request; KVM hands out certificates in the same
/// way.
public final class HypervisorSeat: GuestMessageChannel {
    /// SNP_GUEST_REQUEST: the request page to the response page.
    public typealias Processor = ([UInt8]) throws(FirmwareStatus) -> [UInt8]

    private let processor: Processor
    private let certificates: [UInt8]
    private var attack: MessageAttack?
    private var responses: [[UInt8]] = []
    private var isThrottled = false

    private static let page = GuestMessageHeader.pageByteCount

    /// - Parameter certificates: the table for extended requests; empty where the host has none.
    public init(certificates: [UInt8], attack: MessageAttack? = nil, processor: @escaping Processor) {
        self.processor = processor
        self.certificates = certificates
        self.attack = attack
    }

    /// Cheats from now on.
    public func begin(_ attack: MessageAttack) { self.attack = attack }

    public func exchange(_ request: [UInt8]) -> HypervisorAnswer {
        switch attack {
        case .busy: return .failure(.busy)
        case .status: return .failure(ExitInformation(firmware: FirmwareStatus.invalidParameter.rawValue))
        case .drop: return .response([UInt8](repeating: 0, count: Self.page))
        case .throttle:
            isThrottled.toggle()
            if isThrottled { return .failure(.busy) }
        default: break
        }
        do throws(FirmwareStatus) {
            if attack == .replayRequest { _ = try processor(request) }
            responses.append(try processor(attack == .flipRequest ? flipped(request, Self.firstPayloadByte) : request))
        } catch { return .failure(ExitInformation(firmware: error.rawValue)) }
        let response = chooseResponse()
        // No attack looks further back; a long-lived guest must not fill our memory.
        if responses.count > 2 { responses.remove(at: 1) }
        return .response(response)
    }

    public func exchange(_ request: [UInt8], certificatePages: Int) -> ExtendedAnswer {
        let table = attack == .hideCertificates ? [] : certificates
        var needed = (table.count + Self.page - 1) / Self.page
        if attack == .enlargeCertificates { needed = max(needed, certificatePages) + 1 }
        guard needed <= certificatePages else {
            return ExtendedAnswer(.failure(.invalidLength), pagesNeeded: UInt64(needed))
        }
        return ExtendedAnswer(exchange(request), certificates: table, pagesNeeded: UInt64(needed))
    }

    private static let firstPayloadByte = GuestMessageHeader.byteCount

    private func chooseResponse() -> [UInt8] {
        let last = responses[responses.count - 1]
        return switch attack {
        case .replayResponse: responses[0]
        case .reorder: responses.count > 1 ? responses[responses.count - 2] : last
        case .flipResponse: flipped(last, Self.firstPayloadByte)
        // MSG_VERSION.
        case .flipResponseHeader: flipped(last, 0x35)
        default: last
        }
    }

    private func flipped(_ page: [UInt8], _ offset: Int) -> [UInt8] {
        var page = page
        page[offset] ^= 1
        return page
    }
}
