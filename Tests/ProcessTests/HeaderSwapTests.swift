import Foundation
import HeaderForgery
import TestSupport
import Testing

/// A host that changes the header between the check and the use.
@Suite struct HeaderSwapTests {
    /// Whatever TPM command the program waits for, what it read stays what it uses.
    @Test func aHeaderThatIsSwappedAfterItWasReadChangesNothing() throws {
        let bench = try ForgeryBench()
        let recorder = try Interposer(before: bench.machine.tpm)
        #expect(try bench.machine.unlock("--tcti", recorder.tcti).status == 0)
        #expect(recorder.count > 5)
        for moment in 0..<recorder.count {
            let volume = bench.volume
            let host = try Interposer(before: bench.machine.tpm) { number, command, ask in
                // The program waits for the answer meanwhile.
                if number == moment { try? Self.forge(volume) }
                return ask(command)
            }
            let result = try bench.machine.unlock("--tcti", host.tcti)
            #expect(result.status == 0, "command \(moment): \(result.errorText)")
            let next = try bench.unlock()
            #expect(next.status == 79, "command \(moment): the header was swapped")
            #expect(next.errorText.contains("found cipher_null-ecb"))
            try bench.restore()
        }
    }

    private static func forge(_ volume: VolumeFile) throws {
        var header = try ForgedHeader(of: volume)
        try header.set("segments.0.encryption", #""cipher_null-ecb""#)
        try header.write(to: volume)
        try ChosenKey.put(intoKeyslot: ForgeryBench.sealedKeyslot, of: volume)
    }

    /// strace(1) of the whole unlock: no byte of header or keyslots is read twice, by whatever library.
    ///
    /// But libcryptsetup looks whether the data device can be read without the page cache, and for that reads its first
    /// block, which it throws away (2.6.1, lib/utils_device.c, `device_read_test`).
    @Test func eachByteOfTheMetadataIsReadOnce() throws {
        let bench = try ForgeryBench()
        let trace = bench.machine.tpm.path("trace")
        let result = try Command.run(
            ["strace", "-f", "-y", "-e", "trace=read,pread64,readv,preadv,mmap,lseek,io_submit", "-o", trace]
                + [Machine.guestProgram, "unlock", "--config", bench.machine.configurationPath, "--no-activate"])
        #expect(result.status == 0, "\(result.errorText)")
        let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("<" + bench.volume.path + ">") }
        var read: [Range<Int>] = []
        var probes = 0
        for line in lines where !line.hasSuffix(#""", 0) = 0"#) {
            // pread64(3</path>, "…"..., 4096, 16384) = 4096
            let words = line.split(separator: " ")
            guard words.count > 3, words[1].hasPrefix("pread64("), let count = words.last.flatMap({ Int($0) }),
                let offset = Int(words[words.count - 3].dropLast())
            else {
                #expect(line.contains(" read(") && line.hasSuffix(", 4096) = 4096"), "read in another way: \(line)")
                probes += 1
                continue
            }
            read.append(offset..<offset + count)
        }
        #expect(probes <= 1)
        #expect(read.first?.lowerBound == 0)
        #expect(read.count >= 5, "two copies in two parts each, and the keyslots")
        for (index, range) in read.enumerated() {
            #expect(!read[..<index].contains { $0.overlaps(range) }, "\(range) is read twice")
        }
    }
}
