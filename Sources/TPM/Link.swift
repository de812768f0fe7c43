internal import BoundedBytes
internal import CLinux
internal import CTSS2

/// The way to one TPM: a TCTI, in front of it a TCTI of our own, and an ESYS context on top.
///
/// Our own TCTI sees every command and response. It counts them, sends a command again while the TPM is busy,
/// and lets no response through to the C code above whose frame is wrong.
@safe final class Link {
    private let name: String
    private let shim: UnsafeMutablePointer<shim_tcti>
    private var transport: OpaquePointer?  // TSS2_TCTI_CONTEXT *
    private var context: OpaquePointer?  // ESYS_CONTEXT *
    /// Set once a TSS layer has failed: ESYS then refuses every further call.
    private var isBroken = false
    /// TPM handles that could not be flushed when their time had come.
    private var orphans: [UInt32] = []

    private var command: [UInt8] = []
    private var response: [UInt8]?
    private var backoff = Backoff()
    /// Commands put on the wire, repetitions included.
    private(set) var commandCount = 0
    /// Counts the connections.
    private(set) var generation = 0

    /// Opens nothing yet.
    init(name: String) {
        self.name = name
        unsafe shim = .allocate(capacity: 1)
        unsafe shim.initialize(to: shim_tcti())
        unsafe shim.pointee.common.version = 1
        unsafe shim.pointee.common.transmit = {
            unsafe Link.of($0)?.transmit($1, $2) ?? shim_TSS2_TCTI_RC_BAD_REFERENCE
        }
        unsafe shim.pointee.common.receive = { tcti, size, buffer, _ in
            unsafe Link.of(tcti)?.receive(size, buffer) ?? shim_TSS2_TCTI_RC_BAD_REFERENCE
        }
        // Unretained: the context never outlives this object.
        unsafe shim.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { unsafe shim.deallocate() }

    // MARK: The ESYS context

    /// The ESYS context, made anew where an earlier failure broke it; call it once at the start of an operation.
    func ready() throws(TPMError) -> OpaquePointer {
        backoff = Backoff()
        if isBroken { disconnect() }
        let current = if let context = unsafe context { unsafe context } else { unsafe try connect() }
        let abandoned = orphans
        orphans = []
        for handle in abandoned { flush(handle) }
        // A handle that still cannot be flushed died with the connection, or the TPM is gone.
        orphans = []
        return unsafe current
    }

    private func connect() throws(TPMError) -> OpaquePointer {
        var opened: OpaquePointer?
        let code = unsafe Tss2_TctiLdr_Initialize(name, &opened)
        guard code == TSS2_RC_SUCCESS, unsafe opened != nil else { throw TPMError(.connect, code: code) }
        unsafe transport = opened
        var created: OpaquePointer?
        try check(unsafe Esys_Initialize(&created, OpaquePointer(shim), nil), .initialize)
        guard let created = unsafe created else { throw TPMError(.initialize, code: 0) }
        unsafe context = created
        return unsafe created
    }

    /// Closes the connection. What is open on it is lost, except to `orphans`.
    func disconnect() {
        if unsafe context != nil { unsafe Esys_Finalize(&context) }
        if unsafe transport != nil { unsafe Tss2_TctiLdr_Finalize(&transport) }
        isBroken = false
        response = nil
        generation += 1
    }

    /// Closes for good; tries once more to flush what an error left in the TPM.
    func close() {
        if !orphans.isEmpty {
            do throws(TPMError) { _ = unsafe try ready() } catch { orphans = [] }
        }
        disconnect()
    }

    /// Turns the return code of a TSS call into this module's error.
    func check(_ code: TSS2_RC, _ call: TPMError.Call) throws(TPMError) {
        guard code != TSS2_RC_SUCCESS else { return }
        let error = TPMError(call, code: code)
        if error.breaksContext { isBroken = true }
        throw error
    }

    // MARK: Ending what is open

    /// Removes an object or session from the TPM, by TPM2_FlushContext.
    ///
    /// The command is written here, since ESYS refuses all calls after a malformed reply.
    func flush(_ handle: UInt32) {
        var writer = ByteWriter()
        writer.bigEndian(UInt16(0x8001))  // TPM_ST_NO_SESSIONS
        writer.bigEndian(UInt32(14))
        writer.bigEndian(ResponseFrame.Command.flushContext)
        writer.bigEndian(handle)
        let isAnswered = !isBroken && send(writer.bytes) == TSS2_RC_SUCCESS && fetch() == TSS2_RC_SUCCESS
        let frame = response.flatMap { ResponseFrame($0, to: writer.bytes) }
        response = nil
        if !isAnswered { isBroken = true }
        if !isAnswered || frame?.code != 0 { orphans.append(handle) }
    }

    /// Drops ESYS's own record of an object or session.
    func forget(_ resource: ESYS_TR) {
        guard let context = unsafe context else { return }
        var resource = resource
        // It fails only where ESYS has dropped the record already, as it does for a session that has ended.
        _ = unsafe Esys_TR_Close(context, &resource)
    }

    // MARK: Our TCTI

    private static func of(_ tcti: OpaquePointer?) -> Link? {
        guard let tcti = unsafe tcti, let owner = unsafe UnsafePointer<shim_tcti>(tcti).pointee.owner else {
            return nil
        }
        return unsafe Unmanaged<Link>.fromOpaque(owner).takeUnretainedValue()
    }

    private func transmit(_ size: Int, _ bytes: UnsafePointer<UInt8>?) -> TSS2_RC {
        guard let bytes = unsafe bytes else { return shim_TSS2_TCTI_RC_BAD_REFERENCE }
        return send(unsafe Array(UnsafeBufferPointer(start: bytes, count: size)))
    }

    private func receive(_ size: UnsafeMutablePointer<Int>?, _ buffer: UnsafeMutablePointer<UInt8>?) -> TSS2_RC {
        guard let size = unsafe size else { return shim_TSS2_TCTI_RC_BAD_REFERENCE }
        if response == nil {
            let code = fetch()
            guard code == TSS2_RC_SUCCESS else { return code }
        }
        guard let response else { return shim_TSS2_TCTI_RC_BAD_SEQUENCE }
        let capacity = unsafe size.pointee
        unsafe size.pointee = response.count
        // Without a buffer TSS only asks for the size.
        guard let buffer = unsafe buffer else { return TSS2_RC_SUCCESS }
        guard capacity >= response.count else { return shim_TSS2_TCTI_RC_INSUFFICIENT_BUFFER }
        unsafe buffer.update(from: response, count: response.count)
        self.response = nil
        return TSS2_RC_SUCCESS
    }

    private func send(_ bytes: [UInt8]) -> TSS2_RC {
        guard let transport = unsafe transport else { return shim_TSS2_TCTI_RC_BAD_SEQUENCE }
        command = bytes
        response = nil
        commandCount += 1
        return unsafe shim_transmit(transport, bytes.count, bytes)
    }

    /// Waits for the response and checks its frame; sends the command again while the TPM says that it is busy.
    private func fetch() -> TSS2_RC {
        guard let transport = unsafe transport else { return shim_TSS2_TCTI_RC_BAD_SEQUENCE }
        while true {
            var bytes = [UInt8](repeating: 0, count: ResponseFrame.limit)
            var count = bytes.count
            var code = unsafe shim_receive(transport, &count, &bytes)
            guard code == TSS2_RC_SUCCESS else { return code }
            guard count >= 0, count <= bytes.count else { return shim_TSS2_TCTI_RC_MALFORMED_RESPONSE }
            bytes.removeLast(bytes.count - count)
            guard let frame = ResponseFrame(bytes, to: command) else { return shim_TSS2_TCTI_RC_MALFORMED_RESPONSE }
            let isBusy = isRetryCode(frame.code)
            if !isBusy { backoff.progress() }
            guard isBusy, backoff.wait() else {
                response = bytes
                return TSS2_RC_SUCCESS
            }
            code = send(command)
            guard code == TSS2_RC_SUCCESS else { return code }
        }
    }
}
