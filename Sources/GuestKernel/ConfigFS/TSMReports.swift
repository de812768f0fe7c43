internal import FUSEMount

/// The folder `tsm/report` of configfs: one subfolder for each caller that wants reports of its own.
///
/// Source: Linux, `drivers/virt/coco/guest/report.c` and `Documentation/ABI/testing/configfs-tsm-report`.
final class TSMReports: VirtualFolder {
    /// nil where no driver has registered.
    private let provider: ReportProvider?
    private var sessions: [String: TSMReportSession] = [:]
    /// The kernel's lock over all sessions is held while a report is made: the host may take its time.
    private var isLocked = false
    private var waiting: [() -> Void] = []

    init(_ provider: ReportProvider?) { self.provider = provider }

    var names: [String] { sessions.keys.sorted() }

    func node(named name: String) -> VirtualNode? { sessions[name].map { .folder($0) } }

    func makeFolder(_ name: String) throws(FileSystemFailure) {
        guard sessions[name] == nil else { throw .exists }
        guard let provider else { throw .noAddress }
        sessions[name] = TSMReportSession(self, provider)
    }

    func removeFolder(_ name: String) throws(FileSystemFailure) {
        guard let session = sessions.removeValue(forKey: name) else { throw .missing }
        session.isRemoved = true
    }

    /// Runs `body` when nobody makes a report.
    func whenFree(_ body: @escaping () -> Void) {
        guard isLocked else { return body() }
        waiting.append(body)
    }

    /// Makes a report, and holds up everybody else until it is there.
    func makeReport(
        _ configuration: ReportConfiguration, by provider: ReportProvider,
        completion: @escaping (Result<ReportBlobs, FileSystemFailure>) -> Void
    ) {
        isLocked = true
        provider.makeReport(configuration) { result in
            completion(result)
            self.isLocked = false
            while !self.isLocked, !self.waiting.isEmpty { self.waiting.removeFirst()() }
        }
    }
}
