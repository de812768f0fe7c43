internal import BoundedBytes
internal import FUSEMount
internal import SNPABI

/// What a session of configfs-tsm asks for, and what it gets. Source: Linux, `include/linux/tsm.h`.
struct ReportConfiguration {
    var nonce: [UInt8] = []
    var privilegeLevel: UInt32 = 0
    var serviceProvider: [UInt8]?
    var service: GUID?
    var manifestVersion: UInt32 = 0
}

struct ReportBlobs {
    var report: [UInt8]
    var auxiliary: [UInt8] = []
    var manifest: [UInt8] = []
}

/// The driver's side of configfs-tsm. Source: Linux, `drivers/virt/coco/sev-guest/sev-guest.c`, sev_report_new.
struct ReportProvider {
    let driver: SEVGuestDriver
    /// nil where the kernel runs at VMPL 0, under no SVSM.
    let services: (any ServiceAttestation)?

    var name: String { "sev_guest" }
    /// privlevel_floor is the number of the key, not the VMPL: so Linux sets it.
    var lowestPrivilegeLevel: UInt32 { UInt32(driver.vmpck) }

    func makeReport(
        _ configuration: ReportConfiguration, completion: @escaping (Result<ReportBlobs, FileSystemFailure>) -> Void
    ) {
        guard configuration.nonce.count == 64 else { return completion(.failure(.invalid)) }
        guard let provider = configuration.serviceProvider else {
            return askProcessor(configuration, completion: completion)
        }
        guard provider == Array("svsm".utf8),
            let evidence = services?.attest(
                nonce: configuration.nonce, service: configuration.service,
                manifestVersion: configuration.manifestVersion)
        else { return completion(.failure(.invalid)) }
        completion(
            .success(
                ReportBlobs(
                    report: evidence.report, auxiliary: evidence.certificates, manifest: evidence.manifest)))
    }

    private func askProcessor(
        _ configuration: ReportConfiguration, completion: @escaping (Result<ReportBlobs, FileSystemFailure>) -> Void
    ) {
        let request = ReportRequest(reportData: configuration.nonce, vmpl: configuration.privilegeLevel)
        let pages = Int(ExtendedReportRequest.mostCertificates) / GuestMessageHeader.pageByteCount
        let message = GuestMessage(
            .reportRequest, version: 1, payload: request.encoded(), largestAnswer: ReportResponse.kernelByteCount,
            certificatePages: pages)
        driver.send(message) { outcome in
            completion(
                outcome.answer.flatMap { answer in
                    do throws(FileSystemFailure) {
                        return .success(
                            ReportBlobs(
                                report: try Self.report(in: answer),
                                auxiliary: HostCertificates.table(in: outcome.certificates)))
                    } catch { return .failure(error) }
                })
        }
    }

    /// The report in MSG_REPORT_RSP, of the size that the answer names.
    private static func report(in answer: [UInt8]) throws(FileSystemFailure) -> [UInt8] {
        let (status, size): (UInt32, UInt32)
        do throws(ByteError) {
            var reader = ByteReader(answer.span)
            status = try reader.integer()
            size = try reader.integer()
        } catch { throw .noAddress }
        switch FirmwareStatus(rawValue: status) {
        case .success: break
        case .invalidParameter, .invalidKey: throw .invalid
        default: throw .noAddress
        }
        // The kernel's buffer is a page of zeros with the answer at its beginning.
        guard size <= 4096 - 0x20 else { throw .noMemory }
        let page = answer + [UInt8](repeating: 0, count: max(0, 4096 - answer.count))
        return Array(page[0x20..<0x20 + Int(size)])
    }
}
