import FUSEMount
import Testing

@testable import GuestKernel

@Suite struct KernelNumberTests {
    @Test(
        arguments: [
            ("0", 0), ("3\n", 3), ("+7", 7), ("0x1f", 31), ("0X1F\n", 31), ("017", 15), ("4294967295", UInt32.max),
            ("5\0 what follows a zero", 5),
        ] as [(String, UInt32)])
    func readsWhatTheKernelReads(_ text: String, _ number: UInt32) throws {
        #expect(try KernelNumber.unsigned(Array(text.utf8)) == number)
    }

    @Test(arguments: ["", "\n", "+", "-1", " 1", "1 ", "1\n\n", "0x", "08", "++1", "12a"])
    func refusesWhatTheKernelRefuses(_ text: String) {
        #expect(throws: FileSystemFailure.invalid) { try KernelNumber.unsigned(Array(text.utf8)) }
    }

    @Test(arguments: ["4294967296", "99999999999999999999999", "0x100000000"])
    func refusesWhatIsTooLarge(_ text: String) {
        #expect(throws: FileSystemFailure.outOfRange) { try KernelNumber.unsigned(Array(text.utf8)) }
    }

    @Test func refusesAWriteThatWouldLookLikeNone() throws {
        var generation = TSMReportSession.Generation()
        try generation.advance()
        #expect(generation.written == 1)
        generation.read = 2
        #expect(throws: FileSystemFailure.busy) { try generation.advance() }
        #expect(generation.written == 1)
        generation = .init(written: .max, read: 0)
        #expect(throws: FileSystemFailure.busy) { try generation.advance() }
    }

    @Test func takesAsManyCertificatesAsTheTableNames() {
        let entry = [UInt8](repeating: 1, count: 16)
        let table = entry + [48, 0, 0, 0, 5, 0, 0, 0] + [UInt8](repeating: 0, count: 24)
        let pages = table + [1, 2, 3, 4, 5] + [UInt8](repeating: 0, count: 4096 - 53)
        #expect(HostCertificates.table(in: pages) == Array(pages[..<53]))
        #expect(HostCertificates.table(in: [UInt8](repeating: 0, count: 4096)) == [])
        // More than there is: all that there is.
        let lie = entry + [48, 0, 0, 0, 0xFF, 0xFF, 0, 0] + [UInt8](repeating: 0, count: 4072)
        #expect(HostCertificates.table(in: lie) == lie)
        #expect(HostCertificates.table(in: []) == [])
    }
}
