internal import CLinux
internal import InitramfsRuntime

extension EmulatedMachine {
    /// How a run came to its end.
    public enum Outcome: Equatable, Sendable {
        /// The text that was waited for has appeared.
        case found
        /// The guest switched the machine off.
        case poweredOff
        /// The guest wants to be launched anew.
        case reset
        /// Somebody asked the emulator to end: the signal.
        case signal(Int32)
    }

    /// Runs the machine until its console has shown what is waited for, or it ends.
    ///
    /// - Parameters:
    ///   - isTyping: standard input goes to the console.
    ///   - deadline: on `MonotonicClock`; nil for none.
    /// - Throws: `.ended` where QEMU fails, `.svsm` where the TPM is gone.
    /// - Returns: nil where time is up.
    public mutating func run(
        _ console: MachineConsole, signals: borrowing EndingSignals, isTyping: Bool, deadline: Int64?
    ) throws(MachineError) -> Outcome? {
        var keyboard = isTyping ? Keyboard() : nil
        var (hasConsole, hasMonitor) = (true, true)
        while hasConsole || hasMonitor {
            if console.isFound {
                console.flushAll()
                return .found
            }
            if let deadline, MonotonicClock.milliseconds >= deadline {
                console.flushAll()
                return nil
            }
            let isFlushing = !console.pending.isEmpty
            var entries = [
                Self.entry(hasConsole && !isFlushing ? self.console.rawValue : -1), Self.entry(alarm.descriptor),
                Self.entry(hasMonitor ? monitor.descriptor : -1), Self.entry(signals.descriptor),
                Self.entry(keyboard?.isOpen == true ? STDIN_FILENO : -1),
                pollfd(fd: isFlushing ? STDOUT_FILENO : -1, events: Int16(POLLOUT), revents: 0),
            ]
            guard unsafe poll(&entries, nfds_t(entries.count), Self.patience(deadline)) >= 0 else {
                guard shim_errno() == EINTR else { throw .file(FileError(.read, "QEMU", errno: shim_errno())) }
                continue
            }
            if entries[0].revents != 0 { hasConsole = try take(console) }
            if entries[2].revents != 0 { hasMonitor = try takeMonitor() }
            if entries[1].revents != 0, let failure = alarm.failure { throw failure }
            if entries[3].revents != 0, let number = signals.next { return .signal(number) }
            if entries[4].revents != 0, let typed = keyboard?.read(), !typed.isEmpty {
                // Keys that the guest does not take are lost, as on a real line.
                _ = unsafe shim_send(self.console.rawValue, typed, typed.count, 0)
            }
            if entries[5].revents != 0 { console.flush() }
        }
        console.flushAll()
        try qemu.wait()
        switch monitor.end {
        case .powerOff: return .poweredOff
        case .reset: return .reset
        case nil: throw qemu.end
        }
    }

    private static func entry(_ descriptor: Int32) -> pollfd {
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    private static func patience(_ deadline: Int64?) -> Int32 {
        guard let deadline else { return -1 }
        return Int32(clamping: max(0, deadline - MonotonicClock.milliseconds))
    }

    /// False once QEMU has hung up.
    private func take(_ target: MachineConsole) throws(MachineError) -> Bool {
        var block = [UInt8](repeating: 0, count: 65536)
        let got = unsafe read(console.rawValue, &block, block.count)
        guard got > 0 else { return got < 0 && shim_errno() == EINTR }
        do throws(FileError) { try target.take(Array(block[..<got])) } catch { throw .file(error) }
        return true
    }

    private mutating func takeMonitor() throws(MachineError) -> Bool {
        let isOpen = monitor.serve()
        if monitor.isReady {
            do throws(FileError) { try secretsPage.resize(to: 0) } catch { throw .file(error) }
        }
        return isOpen
    }
}
