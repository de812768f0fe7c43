import SNPABI
import SecureProcessor
import Testing

/// Every command in every state of a guest. The expected numbers are those of the status table in AMD 56860.
@Suite struct StateMachineTests {
    private enum Situation: CaseIterable {
        /// A guest that is no more.
        case gone
        case initial
        /// In launch, without an ASID.
        case inactive
        case launch
        case running
    }

    private func make(_ situation: Situation) throws -> (SecureProcessor, GuestHandle) {
        let processor = try GuestFixture.processor()
        switch situation {
        case .gone:
            let guest = try processor.createContext()
            try processor.decommission(guest)
            return (processor, guest)
        case .initial: return (processor, try processor.createContext())
        case .inactive:
            let guest = try processor.createContext()
            try processor.launchStart(guest, LaunchStart(policy: GuestFixture.policy))
            return (processor, guest)
        case .launch: return (processor, try GuestFixture.launching(processor).guest)
        case .running: return (processor, try GuestFixture.running(processor).guest)
        }
    }

    /// Columns: gone, INIT, LAUNCH without ASID, LAUNCH, RUNNING.
    @Test func everyCommandHasItsStatusInEveryState() throws {
        let page = try LaunchPages(.zero, at: 0x1000, pageCount: 1)
        let request = [UInt8](repeating: 0, count: 4096)
        typealias Command = (SecureProcessor, GuestHandle) throws -> Void
        let table: [(name: String, command: Command, [UInt32])] = [
            (
                "LAUNCH_START", { try $0.launchStart($1, LaunchStart(policy: GuestFixture.policy)) },
                [0x10, 0, 0x02, 0x02, 0x02]
            ),
            ("ACTIVATE", { try $0.activate($1, asid: 7) }, [0x10, 0x02, 0, 0x12, 0x12]),
            ("LAUNCH_UPDATE", { try $0.launchUpdate($1, page) }, [0x10, 0x02, 0x08, 0, 0x02]),
            ("LAUNCH_FINISH", { try $0.launchFinish($1, LaunchFinish()) }, [0x10, 0x02, 0x08, 0, 0x02]),
            // A page of zeros has a wrong header: it comes as far as that.
            ("GUEST_REQUEST", { _ = try $0.guestRequest($1, request) }, [0x10, 0x02, 0x02, 0x02, 0x16]),
            ("HV_REPORT_REQ", { _ = try $0.hostReport($1) }, [0x10, 0x02, 0x02, 0x02, 0]),
            ("GUEST_STATUS", { _ = try $0.status(of: $1) }, [0x10, 0, 0, 0, 0]),
            ("DBG_DECRYPT", { try $0.authorizeDebugging(of: $1) }, [0x10, 0x02, 0x07, 0x07, 0x07]),
            ("DECOMMISSION", { try $0.decommission($1) }, [0x10, 0, 0, 0, 0]),
        ]
        for (name, command, expected) in table {
            for (situation, expected) in zip(Situation.allCases, expected) {
                let (processor, guest) = try make(situation)
                #expect(status { try command(processor, guest) }.rawValue == expected, "\(name) \(situation)")
            }
        }
    }

    @Test func aRefusedCommandLeavesTheGuestWhereItWas() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.launching(processor)
        let before = try processor.launchDigest(of: guest.guest)
        var page = try LaunchPages(.zero, at: 0, pageCount: 1)
        page.permissions.vmpl2 = 0x20
        #expect(status { try processor.launchUpdate(guest.guest, page) } == .invalidParameter)
        let none = try LaunchPages(.zero, at: 0, pageCount: 0)
        #expect(status { try processor.launchUpdate(guest.guest, none) } == .invalidParameter)
        let two = try LaunchPages(.secrets, at: 0, pageCount: 2)
        #expect(status { try processor.launchUpdate(guest.guest, two) } == .invalidPageSize)
        #expect(try processor.launchDigest(of: guest.guest) == before)
        let finish = LaunchFinish(hostData: [1])
        #expect(status { try processor.launchFinish(guest.guest, finish) } == .invalidParameter)
        #expect(try processor.status(of: guest.guest).state == 1)
    }

    @Test func aGuestHasOneIdentifierAndSharesItWithNobody() throws {
        let processor = try GuestFixture.processor()
        let first = try GuestFixture.launching(processor, asid: 1).guest
        let second = try processor.createContext()
        try processor.launchStart(second, LaunchStart(policy: GuestFixture.policy))
        #expect(status { try processor.activate(second, asid: 0) } == .invalidASID)
        #expect(status { try processor.activate(second, asid: processor.highestASID + 1) } == .invalidASID)
        #expect(status { try processor.activate(second, asid: 1) } == .asidOwned)
        try processor.decommission(first)
        #expect(status { try processor.activate(second, asid: 1) } == .dfFlushRequired)
        processor.flush()
        #expect(status { try processor.activate(second, asid: 1) } == .success)
        #expect(try processor.status(of: second).asid == 1)
        #expect(processor.platformStatus.guestCount == 1)
    }

    @Test func aPolicyMustBeOneThatThePlatformMeets() throws {
        func start(
            _ policy: UInt64, _ generation: ProcessorGeneration = .milan,
            _ change: (inout PlatformState) -> Void = { _ in }
        ) throws -> FirmwareStatus {
            let processor = try GuestFixture.processor(generation, change)
            let guest = try processor.createContext()
            return status { try processor.launchStart(guest, LaunchStart(policy: GuestPolicy(rawValue: policy))) }
        }
        #expect(try start(0x30000) == .success)
        // The bit that must be one is not; one that must be zero is not.
        #expect(try start(0x10000) == .invalidParameter)
        #expect(try start(0x400_0000 | 0x30000) == .invalidParameter)
        // Firmware 1.55 is as new as wanted, and not newer.
        #expect(try start(0x30137) == .success)
        #expect(try start(0x30138) == .policyFailure)
        #expect(try start(0x30200) == .policyFailure)
        // Threads are on, and the guest does not allow them.
        #expect(try start(0x20000) == .policyFailure)
        #expect(try start(0x20000) { $0.information.rawValue &= ~1 } == .success)
        #expect(try start(0x13_0000) == .success)
        #expect(try start(0x13_0000) { $0.socketCount = 2 } == .policyFailure)
        #expect(try start(0x43_0000) == .policyFailure)
        #expect(try start(0x43_0000, .genoa) == .success)
        #expect(try start(0x83_0000) == .policyFailure)
        #expect(try start(0x83_0000) { $0.information.rawValue |= 1 << 3 } == .success)
        #expect(try start(0x103_0000) == .policyFailure)
        #expect(try start(0x103_0000) { $0.information.rawValue |= 1 << 4 } == .success)
    }

    @Test func migrationIsNotThere() throws {
        let processor = try GuestFixture.processor()
        let guest = try processor.createContext()
        let forbidden = LaunchStart(policy: GuestFixture.policy, hasMigrationAgent: true)
        #expect(status { try processor.launchStart(guest, forbidden) } == .policyFailure)
        let allowed = LaunchStart(policy: GuestPolicy(rawValue: 0x70000), hasMigrationAgent: true)
        #expect(status { try processor.launchStart(guest, allowed) } == .unsupported)
        let image = LaunchStart(policy: GuestFixture.policy, isMigrationImage: true)
        #expect(status { try processor.launchStart(guest, image) } == .unsupported)
        let short = LaunchStart(policy: GuestFixture.policy, workarounds: [])
        #expect(status { try processor.launchStart(guest, short) } == .invalidParameter)
        #expect(try processor.status(of: guest).state == 0)
    }

    @Test func aDebugPolicyOpensTheGuestToItsHost() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor, policy: GuestPolicy(rawValue: 0xB0000))
        #expect(status { try processor.authorizeDebugging(of: guest.guest) } == .success)
    }
}
