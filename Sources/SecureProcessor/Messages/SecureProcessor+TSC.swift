internal import BoundedBytes
internal import SNPABI

extension SecureProcessor {
    private static let messageByteCount = 128

    /// MSG_TSC_INFO_REQ: 128 zeros. The answer is as long: STATUS, 4 zeros, TSC_SCALE (8.32 bits, fixed point), TSC_OFFSET,
    /// TSC_FACTOR. The emulated counter runs as the host's and has its nominal frequency, so the last two are zero.
    ///
    /// Source: AMD 56860, "TSC Info".
    func answerTSCInfo(_ payload: [UInt8], _ context: GuestContext) -> [UInt8] {
        let isWellFormed = payload.count == Self.messageByteCount && payload.allSatisfy { $0 == 0 }
        let nominal = UInt64(platform.nominalTSC)
        let desired = context.desiredTSC == 0 ? nominal : UInt64(context.desiredTSC)
        var writer = ByteWriter()
        writer.littleEndian((isWellFormed ? FirmwareStatus.success : .invalidParameter).rawValue)
        writer.littleEndian(UInt32(0))
        writer.littleEndian(isWellFormed ? desired << 32 / nominal : 0)
        return writer.bytes + [UInt8](repeating: 0, count: Self.messageByteCount - writer.bytes.count)
    }
}
