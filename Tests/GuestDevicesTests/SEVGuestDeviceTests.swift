import GuestDevices
import SNPABI
import Secrets
import Testing

/// A device that answers as a list says, one entry a request, and notes what it was asked.
final class ScriptedDevice: GuestRequestTransport {
    struct Answer {
        var outcome = GuestRequestOutcome(errno: 0)
        var response: [UInt8] = []
        var certificates: [UInt8] = []
    }

    let path = "/dev/sev-guest"
    private var script: [Answer]
    private(set) var requests: [(kind: GuestDeviceError.Request, bytes: [UInt8], room: Int)] = []

    init(_ script: [Answer]) { self.script = script }

    func exchange(
        _ kind: GuestDeviceError.Request, _ request: [UInt8], into response: inout MutableSpan<UInt8>,
        certificates: inout [UInt8]
    ) -> GuestRequestOutcome {
        requests.append((kind, request, certificates.count))
        // The last one goes on for ever.
        let answer = script.count > 1 ? script.removeFirst() : script[0]
        for (index, byte) in answer.response.enumerated() { response[index] = byte }
        for (index, byte) in answer.certificates.enumerated() { certificates[index] = byte }
        return answer.outcome
    }
}

private func outcome(_ errno: Int32, firmware: UInt32 = 0, hypervisor: UInt32 = 0, room: UInt32 = 0)
    -> ScriptedDevice.Answer
{
    .init(
        outcome: .init(
            errno: errno, exitInfo: UInt64(hypervisor) << 32 | UInt64(firmware), certificateByteCount: room))
}

/// MSG_REPORT_RSP by hand: status, size, 24 reserved bytes, the report; padded as Linux does.
private func reportAnswer(_ report: [UInt8], status: UInt8 = 0) -> ScriptedDevice.Answer {
    let head: [UInt8] = [status, 0, 0, 0, 0xA0, 0x04, 0, 0] + [UInt8](repeating: 0, count: 24)
    return .init(response: head + report)
}

private let report = (0..<1184).map { UInt8(truncatingIfNeeded: $0) }
private let request = ReportRequest(reportData: [UInt8](repeating: 7, count: 64), vmpl: 2)
private let keyRequest = KeyRequest(
    isFromVMRK: false, fields: 0x09, vmpl: 0, guestSVN: 0, tcbVersion: TCBVersion(rawValue: 0))
private let inputOutput: Int32 = 5
private let busy: Int32 = 16
private let noKey: Int32 = 25

private func failure(_ body: () throws(GuestDeviceError) -> Void) -> GuestDeviceError? {
    do throws(GuestDeviceError) {
        try body()
        return nil
    } catch { return error }
}

@Suite struct SEVGuestDeviceTests {
    @Test func readsAReport() throws {
        let scripted = ScriptedDevice([reportAnswer(report)])
        #expect(try SEVGuestDevice(scripted).report(request) == RawReport(report: report))
        #expect(scripted.requests.map(\.kind) == [.report])
        #expect(Array(scripted.requests[0].bytes[64..<68]) == [2, 0, 0, 0])
        #expect(scripted.requests[0].bytes.count == 96)
    }

    @Test(arguments: [[4, 4, 11], [16, 16], [11]] as [[Int32]])
    func asksAgainWhereTheKernelIsBusy(_ errors: [Int32]) throws {
        let scripted = ScriptedDevice(errors.map { outcome($0) } + [reportAnswer(report)])
        #expect(try SEVGuestDevice(scripted).report(request).report == report)
        #expect(scripted.requests.count == errors.count + 1)
    }

    @Test func doesNotAskForEver() {
        let scripted = ScriptedDevice([outcome(busy, firmware: 0xFF, hypervisor: 2)])
        let caught = failure { () throws(GuestDeviceError) in
            _ = try SEVGuestDevice(scripted, milliseconds: 60).report(request)
        }
        #expect(
            caught
                == .request(
                    .report, path: "/dev/sev-guest", errno: busy, firmware: FirmwareStatus(rawValue: 0xFF),
                    hypervisor: 2))
        #expect(scripted.requests.count > 2)
        #expect(caught?.description.contains("hypervisor 2") == true)
        #expect(caught?.description.contains("firmware") == false)
    }

    @Test func saysWhatTheFirmwareSaid() {
        let scripted = ScriptedDevice([outcome(inputOutput, firmware: 0x16)])
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(scripted).report(request) }
        #expect(caught?.description == "/dev/sev-guest: report: Input/output error, firmware INVALID_PARAM (0x16)")
        #expect(scripted.requests.count == 1)
    }

    /// After a failure Linux has no key any more: to ask again is in vain.
    @Test func doesNotAskAgainWithoutAKey() {
        let scripted = ScriptedDevice([outcome(noKey)])
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(scripted).report(request) }
        #expect(caught?.description.contains("no key for guest messages") == true)
        #expect(scripted.requests.count == 1)
    }

    /// A status within the answer is no error of the call.
    @Test func looksAtTheStatusWithinTheAnswer() {
        let scripted = ScriptedDevice([reportAnswer([], status: 0x27)])
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(scripted).report(request) }
        #expect(caught == .refused(.report, .invalidKey))
    }

    @Test func refusesAnswersOfAnotherShape() {
        var answers = [
            ScriptedDevice.Answer(response: [0, 0, 0, 0, 0xA1, 4]), reportAnswer(report), reportAnswer(report),
        ]
        answers[1].response[8] = 1
        answers[2].response[5] = 0xFF
        for answer in answers {
            let caught = failure { () throws(GuestDeviceError) in
                _ = try SEVGuestDevice(ScriptedDevice([answer])).report(request)
            }
            #expect(caught?.isMalformed == true)
        }
    }

    // MARK: Certificates

    @Test func givesTheHostTheRoomThatItAsksFor() throws {
        var last = reportAnswer(report)
        last.certificates = [1, 2, 3]
        let scripted = ScriptedDevice([
            outcome(inputOutput, hypervisor: 1, room: 9000), outcome(inputOutput, hypervisor: 1, room: 20000), last,
        ])
        let found = try SEVGuestDevice(scripted).extendedReport(request)
        #expect(found.report == report)
        #expect(found.certificateTable == [1, 2, 3] + [UInt8](repeating: 0, count: 20477))
        #expect(scripted.requests.map(\.room) == [8192, 12288, 20480])
    }

    @Test func takesAHostWithoutCertificates() throws {
        let found = try SEVGuestDevice(ScriptedDevice([reportAnswer(report)])).extendedReport(request)
        #expect(found == RawReport(report: report))
    }

    @Test func letsNoHostTakeAllMemoryOrAllTime() {
        let greedy = failure { () throws(GuestDeviceError) in
            _ = try SEVGuestDevice(ScriptedDevice([outcome(inputOutput, hypervisor: 1, room: .max)])).extendedReport(
                request)
        }
        #expect(greedy == .certificatesTooLarge(.max))
        let growing = ScriptedDevice((1...20).map { outcome(inputOutput, hypervisor: 1, room: UInt32($0) * 8193) })
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(growing).extendedReport(request) }
        #expect(caught == .interference("/dev/sev-guest"))
        // The room is said to be too small, and yet no more is wanted.
        let stubborn = ScriptedDevice([outcome(inputOutput, hypervisor: 1, room: 8192)])
        let refused = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(stubborn).extendedReport(request)
        }
        guard case .request = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(stubborn.requests.count == 1)
    }

    // MARK: Derived keys

    @Test func givesTheDerivedKey() throws {
        let key = (1...32).map { UInt8($0) }
        let scripted = ScriptedDevice([.init(response: [UInt8](repeating: 0, count: 32) + key)])
        let found = try SEVGuestDevice(scripted).derivedKey(keyRequest)
        var bytes: [UInt8] = []
        for index in found.bytes.indices { bytes.append(found.bytes[index]) }
        #expect(bytes == key)
        #expect(scripted.requests[0].bytes == [0, 0, 0, 0, 0, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 23))
    }

    /// Then the key is all zeros: no secret at all.
    @Test func takesNoKeyFromAnAnswerThatRefuses() {
        let scripted = ScriptedDevice([.init(response: [0x16])])
        let caught = failure { () throws(GuestDeviceError) in
            _ = try SEVGuestDevice(scripted).derivedKey(keyRequest)
        }
        #expect(caught == .refused(.derivedKey, .invalidParameter))
    }

    @Test func asksForNothingThatLinuxCannotPassOn() {
        var request = keyRequest
        request.launchMitigations = 1
        let scripted = ScriptedDevice([outcome(0)])
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestDevice(scripted).derivedKey(request) }
        #expect(caught == .keyRequestVersion(2))
        #expect(scripted.requests.isEmpty)
    }

    // MARK: The file

    @Test func tellsThatThereIsNoDevice() {
        let caught = failure { () throws(GuestDeviceError) in _ = try SEVGuestFile.open("/dev/none") }
        #expect(caught?.isMissing == true)
    }

    /// Any other device or file answers ioctl(2) with ENOTTY.
    @Test func tellsThatAFileIsNoSuchDevice() throws {
        let device = SEVGuestDevice(try SEVGuestFile.open("/dev/zero"))
        var caught: GuestDeviceError?
        do throws(GuestDeviceError) { _ = try device.report(request) } catch { caught = error }
        guard case .request(.report, "/dev/zero", noKey, _, _) = caught else {
            Issue.record("\(String(describing: caught))")
            return
        }
    }
}
