internal import BoundedBytes
internal import FUSEMount

/// One subfolder of `tsm/report`: what is asked for, and the report that was made of it.
///
/// Source: Linux, `drivers/virt/coco/guest/report.c`.
final class TSMReportSession: VirtualFolder {
    /// TSM_REPORT_INBLOB_MAX, in bytes.
    static let longestNonce = 64
    /// TSM_REPORT_PRIVLEVEL_MAX.
    static let highestPrivilegeLevel: UInt32 = 3

    private unowned let reports: TSMReports
    private let provider: ReportProvider
    private var configuration = ReportConfiguration()
    private var blobs: ReportBlobs?
    /// Counts what was written, and where that count stood for the report at hand.
    private(set) var generation: Generation
    private var attributes: [(name: String, node: VirtualNode)] = []
    /// The folder is gone, but somebody may have a file of it open.
    var isRemoved = false

    init(_ reports: TSMReports, _ provider: ReportProvider, generation: Generation = Generation()) {
        self.reports = reports
        self.provider = provider
        self.generation = generation
        attributes = makeAttributes()
    }

    var names: [String] { attributes.map(\.name) }

    func node(named name: String) -> VirtualNode? { attributes.first { $0.name == name }?.node }

    /// Linux's two counters of 64 bits.
    struct Generation {
        var written: UInt64 = 0
        var read: UInt64 = 0

        /// - Throws: `.busy` where one more write would look like none since the last report.
        mutating func advance() throws(FileSystemFailure) {
            guard written != read &- 1 else { throw .busy }
            written &+= 1
        }
    }

    // The names in the order in which the kernel makes them.
    private func makeAttributes() -> [(name: String, node: VirtualNode)] {
        let provider = provider
        var made: [(name: String, node: VirtualNode)] = [
            ("generation", show { "\($0.generation.written)\n" }),
            ("provider", show { _ in provider.name + "\n" }),
            ("privlevel", store(TSMReportSession.storePrivilegeLevel)),
            ("privlevel_floor", show { _ in "\(provider.lowestPrivilegeLevel)\n" }),
        ]
        if provider.services != nil {
            made += [
                ("service_provider", store(TSMReportSession.storeServiceProvider)),
                ("service_guid", store(TSMReportSession.storeService)),
                ("service_manifest_version", store(TSMReportSession.storeManifestVersion)),
            ]
        }
        made += [
            ("inblob", .file(BlobAttribute(limit: Self.longestNonce) { [weak self] in self?.storeNonce($0) })),
            ("outblob", load { $0.report }),
            ("auxblob", load { $0.auxiliary }),
        ]
        if provider.services != nil { made.append(("manifestblob", load { $0.manifest })) }
        return made
    }

    private func show(_ text: @escaping (TSMReportSession) -> String) -> VirtualNode {
        .file(
            TextAttribute(show: { [weak self] completion in
                guard let self, !isRemoved else { return completion(.failure(.missing)) }
                reports.whenFree { completion(.success(text(self))) }
            }))
    }

    private func store(
        _ take: @escaping (TSMReportSession) -> ([UInt8]) throws(FileSystemFailure) -> Void
    ) -> VirtualNode {
        .file(
            TextAttribute(store: { [weak self] bytes, completion in
                guard let self, !isRemoved else { return completion(.failure(.missing)) }
                reports.whenFree {
                    do throws(FileSystemFailure) {
                        try take(self)(bytes)
                        completion(.success(()))
                    } catch { completion(.failure(error)) }
                }
            }))
    }

    private func load(_ blob: @escaping (ReportBlobs) -> [UInt8]) -> VirtualNode {
        .file(
            BlobAttribute(load: { [weak self] completion in
                guard let self, !isRemoved else { return completion(.failure(.missing)) }
                reports.whenFree { self.read { completion($0.map(blob)) } }
            }))
    }

    private func storeNonce(_ bytes: [UInt8]) {
        reports.whenFree {
            guard !self.isRemoved else { return }
            // Nobody is told.
            do throws(FileSystemFailure) { try self.generation.advance() } catch { return }
            self.configuration.nonce = bytes
        }
    }

    private func storePrivilegeLevel(_ bytes: [UInt8]) throws(FileSystemFailure) {
        let level = try KernelNumber.unsigned(bytes)
        guard level >= provider.lowestPrivilegeLevel, level <= Self.highestPrivilegeLevel else {
            throw .invalid
        }
        try generation.advance()
        configuration.privilegeLevel = level
    }

    /// Takes any text: whether there is such a provider shows when a report is made.
    private func storeServiceProvider(_ bytes: [UInt8]) throws(FileSystemFailure) {
        try generation.advance()
        let text = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
        configuration.serviceProvider = Array(text.prefix { $0 != 0 })
    }

    /// Counts as written, and takes the old value away, also where the text is no GUID. What follows 36 characters is
    /// not looked at.
    private func storeService(_ bytes: [UInt8]) throws(FileSystemFailure) {
        try generation.advance()
        configuration.service = nil
        guard let service = GUID(String(decoding: bytes.prefix(36), as: UTF8.self)) else { throw .invalid }
        configuration.service = service.isZero ? nil : service
    }

    private func storeManifestVersion(_ bytes: [UInt8]) throws(FileSystemFailure) {
        let version = try KernelNumber.unsigned(bytes)
        try generation.advance()
        configuration.manifestVersion = version
    }

    /// The blobs for what was written: those at hand, or new ones.
    private func read(_ completion: @escaping (Result<ReportBlobs, FileSystemFailure>) -> Void) {
        guard !configuration.nonce.isEmpty else { return completion(.failure(.invalid)) }
        if let blobs, generation.read == generation.written { return completion(.success(blobs)) }
        blobs = nil
        reports.makeReport(configuration, by: provider) { result in
            if case .success(let made) = result {
                self.blobs = made
                self.generation.read = self.generation.written
            }
            completion(result)
        }
    }
}
