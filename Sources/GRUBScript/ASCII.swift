/// What GRUB asks of bytes; it knows no other alphabet.
extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isNameStart: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) || self == 0x5F }
    var isNamePart: Bool { isNameStart || isDigit }
    /// As GRUB's own `isspace`.
    var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
    var lowered: UInt8 { (0x41...0x5A).contains(self) ? self + 32 : self }
}
