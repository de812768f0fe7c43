internal import GuestDevices
internal import InitramfsRuntime
internal import SNPABI
public import SealedFormat
public import Sealing
public import Secrets

/// Keys that the AMD-SP derives for this guest, as second factor of a volume's secret.
///
/// Source: AMD 56860, "Key Derivation". A chip's key follows its reported TCB, so another one takes the key away.
public struct SNPSecondFactor: SecondFactorProvider {
    private let path: String

    /// - Parameter path: of the kernel's device.
    public init(path: String = AttestationPlaces().sevGuest) { self.path = path }

    public func key(_ selection: DerivedKeySelection) throws(SealingError) -> SecretBytes {
        do throws(GuestDeviceError) {
            return try SEVGuestDevice(SEVGuestFile.open(path)).derivedKey(Self.request(selection))
        } catch { throw Self.failure(error) }
    }

    /// The choice of these fields for this guest as it runs: with the guest's SVN and the chip's reported TCB where they are
    /// among the fields, from the most privileged level that the AMD-SP lets this guest name.
    public func selection(
        _ root: DerivedKeySelection.RootKey, _ fields: [DerivedKeySelection.Field]
    ) throws(SealingError) -> DerivedKeySelection {
        let ordered = DerivedKeySelection.Field.allCases.filter { fields.contains($0) }
        var selection = DerivedKeySelection(rootKey: root, fields: ordered, vmpl: 0, guestSVN: 0, tcbVersion: 0)
        do throws(GuestDeviceError) {
            let device = SEVGuestDevice(try SEVGuestFile.open(path))
            while true {
                do throws(GuestDeviceError) {
                    _ = try device.derivedKey(Self.request(selection))
                    break
                } catch {
                    // Of a level above its own a guest gets nothing.
                    guard error == .refused(.derivedKey, .invalidParameter), selection.vmpl < 3 else { throw error }
                    selection.vmpl += 1
                }
            }
            guard fields.contains(.guestSVN) || fields.contains(.tcbVersion) else { return selection }
            let nothing = [UInt8](repeating: 0, count: 64)
            let raw = try device.report(ReportRequest(reportData: nothing, vmpl: UInt32(selection.vmpl)))
            let report = try rethrow(as: GuestDeviceError.malformed) { () throws(SNPFormatError) in
                try AttestationReport(parsing: raw.report)
            }
            if fields.contains(.guestSVN) { selection.guestSVN = report.guestSVN }
            if fields.contains(.tcbVersion) { selection.tcbVersion = report.reportedTCB.rawValue }
            return selection
        } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: GuestDeviceError) -> SealingError {
        error.isDisturbed ? .factorRefused(error.description) : .factorUnavailable(error.description)
    }

    private static func request(_ selection: DerivedKeySelection) -> KeyRequest {
        var fields: UInt64 = 0
        for (bit, field) in DerivedKeySelection.Field.allCases.enumerated() where selection.fields.contains(field) {
            fields |= 1 << UInt64(bit)
        }
        return KeyRequest(
            isFromVMRK: selection.rootKey == .migration, fields: fields, vmpl: UInt32(selection.vmpl),
            guestSVN: selection.guestSVN, tcbVersion: TCBVersion(rawValue: selection.tcbVersion),
            // Only version 2 of the request has that bit.
            launchMitigations: selection.fields.contains(.launchMitigations) ? 0 : nil)
    }
}
