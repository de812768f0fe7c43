extension String {
    /// Only A to Z change, as in names of FAT and of EFI.
    public var lowercasedASCII: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }
}
