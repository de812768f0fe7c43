internal import Cryptography
public import SNPABI
internal import Secrets

/// Loading a guest. Source: AMD 56860, SNP_LAUNCH_UPDATE.
extension SecureProcessor {
    /// SNP_LAUNCH_UPDATE, for pages that lie one behind the other: measures them and fills them.
    ///
    /// - Returns: what is in the guest's memory then, as the guest sees it; as many bytes as the pages have.
    /// - Throws: INVALID_GUEST_STATE unless in launch, INACTIVE without an ASID, INVALID_PARAM for permissions that do not
    ///   exist, for no pages, and for a CPUID page that is not as `CPUIDPage.corrected` gives it back; INVALID_PAGE_SIZE
    ///   for more than one page of keys or of CPUID.
    @discardableResult
    public func launchUpdate(_ guest: GuestHandle, _ pages: LaunchPages) throws(FirmwareStatus) -> [UInt8] {
        let context = try context(guest, in: .launch)
        guard context.asid != nil else { throw .inactive }
        let permissions = pages.permissions
        let all = permissions.vmpl1 | permissions.vmpl2 | permissions.vmpl3
        guard pages.pageCount > 0, all & ~Self.knownPermissions == 0 else { throw .invalidParameter }
        let contents = try contents(pages, context)
        var digest = context.digest
        try working { () throws(CryptographyError) in try digest.update(pages) }
        context.digest = digest
        if pages.type == .secrets { context.secretsPage = contents }
        return contents
    }

    /// Read, write, execute as user and as supervisor, supervisor shadow stack.
    private static let knownPermissions: UInt8 = 0x1F

    private func contents(_ pages: LaunchPages, _ context: GuestContext) throws(FirmwareStatus) -> [UInt8] {
        let empty = [UInt8](repeating: 0, count: Int(pages.byteCount))
        switch pages.type {
        case .normal, .vmsa, .unmeasured: return pages.bytes ?? empty
        case .zero: return empty
        case .secrets:
            // More than one would leave it open which of them counts.
            guard pages.pageCount == 1 else { throw .invalidPageSize }
            return secretsPage(context).encoded().copied
        case .cpuid:
            guard pages.pageCount == 1 else { throw .invalidPageSize }
            return try checkedCPUID(pages.bytes ?? empty)
        }
    }

    private func secretsPage(_ context: GuestContext) -> SecretsPage {
        var page = SecretsPage { (keys: inout MutableSpan<UInt8>) in
            for (index, key) in context.messageKeys.enumerated() {
                key.secret.copy(into: &keys, at: index * SecretsPage.messageKeyByteCount)
            }
        }
        page.processorSignature = platform.processor.signature
        page.workarounds = context.workarounds
        return page
    }

    private func checkedCPUID(_ bytes: [UInt8]) throws(FirmwareStatus) -> [UInt8] {
        let isAccepted: Bool
        do throws(SNPFormatError) {
            let page = try CPUIDPage(parsing: bytes)
            isAccepted = try page.corrected() == page
        } catch { throw .invalidParameter }
        guard isAccepted else { throw .invalidParameter }
        return bytes
    }

    /// The page that LAUNCH_UPDATE has filled with the guest's keys, 4096 bytes: what the guest finds in its memory.
    ///
    /// - Throws: INVALID_GUEST_STATE where the guest was given none.
    public func secretsPage(_ guest: GuestHandle) throws(FirmwareStatus) -> [UInt8] {
        guard let page = try context(guest).secretsPage else { throw .invalidGuestState }
        return page
    }

    /// The launch digest so far, or in the end: MEASUREMENT of reports.
    public func launchDigest(of guest: GuestHandle) throws(FirmwareStatus) -> [UInt8] {
        try context(guest).digest.bytes
    }
}
