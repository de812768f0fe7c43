internal import CLinux
internal import EmulatorLink
public import GuestKernel
public import InitramfsRuntime
internal import SNPEmulator
internal import Synchronization

/// The emulator's ends of the guest's two virtio-serial ports: to the AMD-SP by way of the host, and to the SVSM.
public final class GuestPorts: Sendable {
    private let loop: GuestPortLoop
    private let running: Mutex<ServiceThread?>

    /// Serves both on a thread of its own until `stop`.
    ///
    /// - Parameters:
    ///   - channel: nobody else's from now on.
    ///   - services: likewise.
    public init(
        processor: consuming FileDescriptor, _ channel: any GuestMessageChannel, service: consuming FileDescriptor,
        _ services: any ServiceAttestation
    ) throws(FileError) {
        let loop = GuestPortLoop(
            processor: GuestPort(processor), channel, service: GuestPort(service), services)
        guard let thread = ServiceThread.start({ loop.run() }) else {
            throw FileError(.run, "the ports' thread", errno: EAGAIN)
        }
        self.loop = loop
        running = Mutex(thread)
    }

    deinit { stop() }

    /// Hangs up on the guest. A request that is being answered is finished first.
    public func stop() {
        loop.hangUp()
        running.withLock { $0 = nil }
    }
}

/// One port.
final class GuestPort {
    private let socket: FileDescriptor
    private var reader = FrameReader()
    private(set) var isOpen = true

    init(_ socket: consuming FileDescriptor) { self.socket = socket }

    var descriptor: Int32 { socket.rawValue }

    func hangUp() { shutdown(socket.rawValue, Int32(SHUT_RDWR)) }

    /// Reads what there is and answers each message that is whole. Whoever sends what is no message is hung up on:
    /// nothing that follows it could be understood.
    func serve(_ answer: ([UInt8]) throws(LinkError) -> [UInt8]) {
        var block = [UInt8](repeating: 0, count: Frame.longest)
        let got = unsafe read(socket.rawValue, &block, block.count)
        guard got > 0 else {
            isOpen = got < 0 && shim_errno() == EINTR
            return
        }
        do throws(LinkError) {
            for body in try reader.take(block[..<got]) { send(Frame.encode(try answer(body))) }
        } catch {
            hangUp()
            isOpen = false
        }
    }

    private func send(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe shim_send(socket.rawValue, $0.baseAddress?.advanced(by: done), bytes.count - done, 1)
            }
            if put < 0, shim_errno() == EINTR { continue }
            guard put > 0 else {
                isOpen = false
                return
            }
            done += put
        }
    }
}

/// What the thread does.
final class GuestPortLoop: @unchecked Sendable {
    // Only the thread uses them once it runs, but for the sockets of the ports: hence unchecked.
    private let processor: GuestPort
    private let service: GuestPort
    private let channel: any GuestMessageChannel
    private let services: any ServiceAttestation

    init(
        processor: GuestPort, _ channel: any GuestMessageChannel, service: GuestPort, _ services: any ServiceAttestation
    ) {
        (self.processor, self.channel) = (processor, channel)
        (self.service, self.services) = (service, services)
    }

    func hangUp() {
        processor.hangUp()
        service.hangUp()
    }

    func run() {
        while processor.isOpen || service.isOpen {
            var entries = [processor, service].map {
                pollfd(fd: $0.isOpen ? $0.descriptor : -1, events: Int16(POLLIN), revents: 0)
            }
            guard unsafe poll(&entries, nfds_t(entries.count), -1) >= 0 || shim_errno() == EINTR else { return }
            if entries[0].revents != 0 { processor.serve(request) }
            if entries[1].revents != 0 { service.serve(question) }
        }
    }

    private func request(_ body: [UInt8]) throws(LinkError) -> [UInt8] {
        let message = try GuestRequestMessage(parsing: body)
        let extended: ExtendedAnswer =
            if let pages = message.certificatePages {
                channel.exchange(message.page, certificatePages: pages)
            } else {
                ExtendedAnswer(channel.exchange(message.page))
            }
        return switch extended.answer {
        case .response(let page):
            GuestRequestAnswer(page: page, certificates: extended.certificates, pagesNeeded: extended.pagesNeeded)
                .encoded()
        case .failure(let information):
            GuestRequestAnswer(
                exitInformation: information.rawValue, certificates: extended.certificates,
                pagesNeeded: extended.pagesNeeded
            ).encoded()
        }
    }

    private func question(_ body: [UInt8]) throws(LinkError) -> [UInt8] {
        let message = try ServiceMessage(parsing: body)
        let evidence = services.attest(
            nonce: message.nonce, service: message.service, manifestVersion: message.manifestVersion)
        guard let evidence else { return ServiceAnswer.refused.encoded() }
        return ServiceAnswer.evidence(
            report: evidence.report, manifest: evidence.manifest, certificates: evidence.certificates
        ).encoded()
    }
}
