import BoundedBytes
import EmulatorLink
import Glibc
import GuestKernel
import InitramfsRuntime
import Testing

@testable import EmulatedMachine

/// The host's ends of the guest's ports.
@Suite struct GuestPortsTests {
    private final class Processor: GuestMessageChannel {
        func exchange(_ request: [UInt8]) -> HypervisorAnswer {
            request[0] == 0xFF ? .failure(.busy) : .response(request.map { ~$0 })
        }

        func exchange(_ request: [UInt8], certificatePages: Int) -> ExtendedAnswer {
            certificatePages == 0
                ? ExtendedAnswer(.failure(.invalidLength), pagesNeeded: 1)
                : ExtendedAnswer(exchange(request), certificates: [1, 2, 3], pagesNeeded: 1)
        }
    }

    private final class Services: ServiceAttestation {
        func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence? {
            guard manifestVersion == 0 else { return nil }
            return ServiceEvidence(report: nonce, manifest: [7], certificates: service == nil ? [] : [9])
        }
    }

    /// Sends frames to one of the ports, and gives what comes back within the time of one answer.
    private func talk(toProcessor: Bool, _ requests: [UInt8], count: Int) throws -> [UInt8] {
        let processor = try SocketPair("processor")
        let service = try SocketPair("service")
        let ports = try GuestPorts(
            processor: FileDescriptor(owning: dup(processor.theirs.rawValue), path: "processor"), Processor(),
            service: FileDescriptor(owning: dup(service.theirs.rawValue), path: "service"), Services())
        let socket = toProcessor ? processor.ours.rawValue : service.ours.rawValue
        let answer = exchange(requests, count, on: socket)
        ports.stop()
        return answer
    }

    private func bodies(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var reader = FrameReader()
        return try reader.take(bytes)
    }

    @Test func carriesRequestsToTheProcessor() throws {
        let page = [UInt8](repeating: 0x5A, count: 4096)
        let answer = GuestRequestAnswer(page: page.map { ~$0 }).encoded()
        let got = try talk(
            toProcessor: true, Frame.encode(GuestRequestMessage(page: page).encoded()), count: answer.count + 4)
        #expect(try bodies(got) == [answer])
        let extended = GuestRequestAnswer(page: page.map { ~$0 }, certificates: [1, 2, 3], pagesNeeded: 1).encoded()
        let request = GuestRequestMessage(page: page, certificatePages: 4).encoded()
        #expect(
            try bodies(talk(toProcessor: true, Frame.encode(request), count: extended.count + 4)) == [extended])
    }

    @Test func carriesTheHostsRefusals() throws {
        let page = [UInt8](repeating: 0xFF, count: 4096)
        let busy = GuestRequestAnswer(exitInformation: 2 << 32).encoded()
        let got = try talk(
            toProcessor: true, Frame.encode(GuestRequestMessage(page: page).encoded()), count: busy.count + 4)
        #expect(try bodies(got) == [busy])
        let tooFew = GuestRequestAnswer(exitInformation: 1 << 32, pagesNeeded: 1).encoded()
        let request = GuestRequestMessage(page: page, certificatePages: 0).encoded()
        #expect(try bodies(talk(toProcessor: true, Frame.encode(request), count: tooFew.count + 4)) == [tooFew])
    }

    @Test func asksTheServices() throws {
        let nonce = [UInt8](0..<64)
        let evidence = ServiceAnswer.evidence(report: nonce, manifest: [7], certificates: []).encoded()
        let question = ServiceMessage(nonce: nonce, service: nil, manifestVersion: 0).encoded()
        #expect(
            try bodies(talk(toProcessor: false, Frame.encode(question), count: evidence.count + 4)) == [evidence])
        let refused = ServiceMessage(nonce: nonce, service: .zero, manifestVersion: 1).encoded()
        #expect(try bodies(talk(toProcessor: false, Frame.encode(refused), count: 5)) == [[0]])
    }

    /// After what is no message, the port is closed: the honest request behind it is not answered.
    @Test(arguments: [[0, 0, 0, 0], [1, 0, 0, 0, 9], [0xFF, 0xFF, 0xFF, 0x7F]] as [[UInt8]])
    func hangsUpOnNonsense(_ nonsense: [UInt8]) throws {
        let honest = Frame.encode(GuestRequestMessage(page: [UInt8](repeating: 1, count: 4096)).encoded())
        #expect(try talk(toProcessor: true, nonsense + honest, count: 1) == [])
        #expect(try talk(toProcessor: true, honest, count: 1).count == 1)
    }
}
