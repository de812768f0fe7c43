internal import BoundedBytes

/// Where the guest finds the SVSM that it runs under.
///
/// Source: AMD 58019, "Secrets Page Fields".
public struct SVSMLocation: Equatable, Sendable {
    /// The memory that the SVSM keeps for itself, guest physical and in bytes; never of size 0.
    public var base: UInt64  // 0x140
    public var byteCount: UInt64  // 0x148
    /// The calling area of the first virtual CPU, guest physical.
    public var callingArea: UInt64  // 0x150
    /// The newest version of the core protocol.
    public var newestVersion: UInt32  // 0x158
    /// The level that the guest runs at.
    public var guestVMPL: UInt8  // 0x15C

    public init(base: UInt64, byteCount: UInt64, callingArea: UInt64, newestVersion: UInt32 = 1, guestVMPL: UInt8) {
        self.base = base
        self.byteCount = byteCount
        self.callingArea = callingArea
        self.newestVersion = newestVersion
        self.guestVMPL = guestVMPL
    }
}

extension SecretsPage {
    /// Reads all but the keys.
    mutating func readFields(_ page: consuming ByteReader) throws(ByteError) {
        version = try page.integer()
        let flags: UInt32 = try page.integer()
        isMigrationImageEnabled = flags & 1 != 0
        processorSignature = try page.integer()
        try page.skip(to: 0x010)
        workarounds = try page.bytes(16)
        try page.skip(to: 0x0A0)
        for index in 0..<Self.messageKeyCount { sequenceNumbers[index] = try page.integer() }
        jumpTable = try page.integer()
        try page.skip(to: 0x100)
        vmsaTweaks = try page.bytes(64)
        let location = SVSMLocation(
            base: try page.integer(), byteCount: try page.integer(), callingArea: try page.integer(),
            newestVersion: try page.integer(), guestVMPL: try page.integer())
        svsm = location.byteCount == 0 ? nil : location
        try page.skip(to: 0x160)
        tscFactor = try page.integer()
    }

    /// The 32 bytes before the keys.
    var head: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(version)
        writer.littleEndian(UInt32(isMigrationImageEnabled ? 1 : 0))
        writer.littleEndian(processorSignature)
        writer.zeros(to: 0x010)
        writer.fixed(workarounds, 16)
        return writer.bytes
    }

    /// The bytes from 0x0A0 to the last field.
    var tail: [UInt8] {
        var writer = ByteWriter()
        precondition(sequenceNumbers.count == Self.messageKeyCount)
        for number in sequenceNumbers { writer.littleEndian(number) }
        writer.littleEndian(jumpTable)
        writer.zeros(to: 0x100 - 0x0A0)
        writer.fixed(vmsaTweaks, 64)
        writer.littleEndian(svsm?.base ?? 0)
        writer.littleEndian(svsm?.byteCount ?? 0)
        writer.littleEndian(svsm?.callingArea ?? 0)
        writer.littleEndian(svsm?.newestVersion ?? 0)
        writer.littleEndian(UInt32(svsm?.guestVMPL ?? 0))
        writer.littleEndian(tscFactor)
        return writer.bytes
    }
}
