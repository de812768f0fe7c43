public import GuestDevices
internal import InitramfsRuntime
internal import SNPABI

/// Whoever a guest gets its reports from.
public protocol ReportSource {
    /// A report of the guest itself.
    ///
    /// - Parameters:
    ///   - reportData: 64 bytes.
    ///   - level: VMPL; nil is the most privileged that this guest gets.
    func report(_ reportData: [UInt8], level: UInt32?) throws(AttestingError) -> RawReport

    /// What an SVSM says of the service with that GUID.
    ///
    /// - Parameter nonce: 64 bytes.
    func service(_ guid: String, nonce: [UInt8]) throws(AttestingError) -> RawReport
}

/// The guest's kernel, by whichever way it has.
public struct GuestReports: ReportSource {
    let places: AttestationPlaces

    public init(places: AttestationPlaces = AttestationPlaces()) { self.places = places }

    public func report(_ reportData: [UInt8], level: UInt32?) throws(AttestingError) -> RawReport {
        do throws(GuestDeviceError) {
            if PathWaiter.isPresent(places.tsmReports) {
                let request = TSMRequest(input: reportData, privilegeLevel: level.map { Int($0) })
                return try TSMReports(folder: places.tsmReports, files: KernelFiles()).report(request)
            }
            let device = SEVGuestDevice(try SEVGuestFile.open(places.sevGuest))
            var request = ReportRequest(reportData: reportData, vmpl: level ?? 0)
            while true {
                do throws(GuestDeviceError) { return try device.extendedReport(request) } catch {
                    // Of a level above its own a guest gets none.
                    guard level == nil, error == .refused(.extendedReport, .invalidParameter), request.vmpl < 3 else {
                        throw error
                    }
                    request.vmpl += 1
                }
            }
        } catch { throw .device(error) }
    }

    public func service(_ guid: String, nonce: [UInt8]) throws(AttestingError) -> RawReport {
        do throws(GuestDeviceError) {
            let request = TSMRequest(input: nonce, service: .init(provider: "svsm", guid: guid))
            return try TSMReports(folder: places.tsmReports, files: KernelFiles()).report(request)
        } catch { throw .device(error) }
    }
}
