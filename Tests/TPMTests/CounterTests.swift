import TPM
import TestSupport
import Testing

@Suite struct CounterTests {
    @Test func stepsOneByOneAndTellsWhatItIs() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        var count = authorized.count
        for _ in 0..<3 {
            count = try authorized.step(from: count)
            #expect(try session.counterState(of: authorized.counter) == .value(count))
            #expect(try session.counterState(of: authorized.counter, under: authorized.key) == .value(count))
        }
        #expect(count == authorized.count + 3)
        let other = try authorized.tpm.succeed("tpm2_nvread", "-C", "o", "0x1805EA0").output
        #expect(other.reduce(0) { $0 << 8 | UInt64($1) } == count)
        #expect(try authorized.isClean())
    }

    @Test func tellsAllStatesApart() throws {
        let tpm = try SoftwareTPM()
        let (authority, other) = (try Authority(), try Authority())
        let counter = try RevocationCounter(handle: 0x0180_5EA0, authority: authority.authority)
        let session = try TPM.connect(tcti: tpm.tcti)
        #expect(try session.counterState(of: counter) == .missing)
        #expect(try refusal { try session.undefineCounter(counter) }?.isMissingCounter == true)
        let step = try authority.step(counter, from: nil)
        let missing = try refusal { _ = try session.stepCounter(counter, from: nil, signature: step, under: nil) }
        #expect(missing?.isMissingCounter == true)
        try session.defineCounter(counter)
        #expect(try session.counterState(of: counter) == .unwritten)
        #expect(try refusal { try session.defineCounter(counter) }?.isHandleTaken == true)
        let count = try session.stepCounter(counter, from: nil, signature: step, under: nil)
        #expect(try session.counterState(of: counter) == .value(count))
        let foreign = try RevocationCounter(handle: counter.handle, authority: other.authority)
        #expect(try session.counterState(of: foreign) == .foreign(name: counter.name))
        #expect(try refusal { try session.undefineCounter(foreign) }?.isForeignCounter == true)
        try session.undefineCounter(counter)
        #expect(try session.counterState(of: counter) == .missing)
    }

    @Test func removesACounterThatWasNeverStepped() throws {
        let tpm = try SoftwareTPM()
        let counter = try RevocationCounter(handle: 0x0180_5EA0, authority: Authority().authority)
        let session = try TPM.connect(tcti: tpm.tcti)
        try session.defineCounter(counter)
        try session.undefineCounter(counter)
        #expect(try session.counterState(of: counter) == .missing)
    }

    @Test func findsTheFirstFreeHandle() throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        let range: ClosedRange<UInt32> = 0x0180_5EA0...0x0180_5EA2
        #expect(try session.firstFreeHandle(in: range) == 0x0180_5EA0)
        for (handle, next) in [
            ("0x1805E9F", 0x0180_5EA0), ("0x1805EA1", 0x0180_5EA0), ("0x1805EA0", 0x0180_5EA2),
            ("0x1805EA3", 0x0180_5EA2),
            ("0x1805EA2", nil),
        ] as [(String, UInt32?)] {
            try tpm.succeed("tpm2_nvdefine", "-Q", "-C", "o", "-s", "8", handle)
            #expect(try session.firstFreeHandle(in: range) == next)
        }
        #expect(try session.firstFreeHandle(in: 0x01BF_FFFF...0x01BF_FFFF) == 0x01BF_FFFF)
    }

    /// The TPM answers at most so many at a time.
    @Test func findsAHandleBehindMoreThanOneAnswer() throws {
        let tpm = try SoftwareTPM()
        let interposer = try Interposer(before: tpm) { _, command, ask in
            guard Interposer.code(command) == 0x17A else { return ask(command) }
            var command = command
            command.replaceSubrange(18..<22, with: [0, 0, 0, 2])
            return ask(command)
        }
        for offset in 0..<5 {
            try tpm.succeed("tpm2_nvdefine", "-Q", "-C", "o", "-s", "8", "0x180600\(offset)")
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        #expect(try session.firstFreeHandle(in: 0x0180_6000...0x0180_6FFF) == 0x0180_6005)
        #expect(session.commandCount == 3)
    }

    /// TPM2_GetCapability without an end, with handles that were not asked for, or with more than fit.
    @Test func refusesListsThatDoNotEnd() throws {
        func list(_ isMore: UInt8, _ handles: [UInt32], count: UInt32? = nil) -> [UInt8] {
            // TPM_CAP_HANDLES, TPML_HANDLE.
            let numbers: [UInt32] = [1, count ?? UInt32(handles.count)] + handles
            var body: [UInt8] = [isMore]
            for number in numbers { body += response(number).suffix(4) }
            return [0x80, 0x01, 0, 0, 0, UInt8(10 + body.count), 0, 0, 0, 0] + body
        }
        for forged in [
            list(1, []), list(1, [0x0180_0000]), list(1, [0x0180_6000]), list(1, [0x0180_6001, 0x0180_6000]),
            list(0, [], count: .max), list(0, [0x0180_6000], count: 2), list(0, [0x0180_6000], count: 0),
        ] {
            let interposer = try Interposer(before: SoftwareTPM()) { _, _, _ in forged }
            let session = try TPM.connect(tcti: interposer.tcti)
            let error = try refusal { _ = try session.firstFreeHandle(in: 0x0180_6000...0x0180_6FFF) }
            #expect(error?.isMalformedReply == true, "\(forged)")
            #expect(session.commandCount < 4)
        }
    }
}
