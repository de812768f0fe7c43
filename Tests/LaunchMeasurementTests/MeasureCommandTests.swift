import BoundedBytes
import Foundation
import TestSupport
import Testing

@Suite struct MeasureCommandTests {
    private func run(_ arguments: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("snp-emulator").path(), "measure"] + arguments)
    }

    private func image(_ firmware: SyntheticFirmware = SyntheticFirmware()) throws -> (Scratch, String) {
        let scratch = try Scratch()
        try scratch.write(firmware.bytes, to: "ovmf.fd")
        return (scratch, scratch.file("ovmf.fd"))
    }

    /// The digest of "SVSM, 2 vCPUs" comes from a real machine.
    @Test(.enabled(if: SharedData.isPresent)) func measuresAnSVSM() throws {
        let folder = try #require(SharedData.folder).appending(path: "snp/measure").path()
        let scratch = try Scratch()
        try scratch.shell("truncate -s 540672 vars.fd")
        let result = try run([
            "--ovmf", folder + "/svsm_ovmf.fd", "--svsm", folder + "/svsm.bin", "--vars", scratch.file("vars.fd"),
            "--vcpus", "2", "--vcpu-type", "EPYC-v4",
        ])
        #expect(result.status == 0)
        #expect(
            result.text
                == "9b94745036aafddf4f7f8b00c7513abb5b7703178cb95aaa57928bd963d68d3bfcb715d6019b9167ee2517b11b0d9be7")
    }

    @Test func printsJSON() throws {
        let (scratch, ovmf) = try image()
        let plain = try run(["--ovmf", ovmf, "--vcpu-type", "EPYC-Milan", "--vcpus", "3", "--kernel", "/dev/null"])
        let result = try run([
            "--ovmf", ovmf, "--vcpu-type", "EPYC-Milan", "--vcpus", "3", "--kernel", "/dev/null", "--json",
        ])
        withExtendedLifetime(scratch) {}
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(object["measurement"] as? String == plain.text)
        #expect(plain.text.count == 96)
        #expect(object["vcpus"] as? Int == 3)
        #expect(object["vcpu_type"] as? String == "EPYC-Milan")
        #expect(object["vcpu_signature"] as? String == "0xa00f11")
        #expect(object["guest_features"] as? String == "0x1")
        #expect(object["mode"] as? String == "sev-snp")
        #expect(object["vmm"] as? String == "qemu")
        let hashes = try #require(object["kernel_hashes"] as? [String: String])
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(hashes["kernel"] == empty && hashes["initrd"] == empty)
        #expect(hashes["cmdline"] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    }

    @Test func takesASignatureForAType() throws {
        let (scratch, ovmf) = try image()
        let named = try run(["--ovmf", ovmf, "--vcpu-type", "EPYC-Genoa"])
        let numbered = try run(["--ovmf", ovmf, "--vcpu-signature", "0xa10f10"])
        let other = try run(["--ovmf", ovmf, "--vcpu-signature", "0xa10f11"])
        withExtendedLifetime(scratch) {}
        #expect(named.status == 0)
        #expect(named.text == numbered.text)
        #expect(named.text != other.text)
    }

    /// Where the host does not show the type, it need not be named.
    @Test func needsATypeOnlyWhereItIsMeasured() throws {
        let (scratch, ovmf) = try image()
        for options in [["--vmm-type", "ec2"], ["--vmm-type", "gce"], ["--mode", "sev"]] {
            let without = try run(["--ovmf", ovmf] + options)
            #expect(without.status == 0)
            #expect(without.text == (try run(["--ovmf", ovmf, "--vcpu-type", "EPYC-Turin"] + options).text))
        }
        #expect(try run(["--ovmf", ovmf]).status == 64)
        #expect(try run(["--ovmf", ovmf, "--mode", "sev-es"]).status == 64)
        withExtendedLifetime(scratch) {}
    }

    @Test(arguments: [
        ["--vcpu-type", "EPYC-v9"], ["--vcpu-type", "EPYC", "--vcpu-signature", "0x1"], ["--vcpus", "0"],
        ["--vcpus", "4097"], ["--vcpus", "x"], ["--guest-features", "21"], ["--guest-features", "0x"],
        ["--guest-features", "0x20"], ["--guest-features", "0x10000000000000000"], ["--guest-features", "0x-1"],
        ["--vcpu-signature", "0x100000000"], ["--initrd", "/dev/null"], ["--append", "quiet"], ["--vmm-type", "xen"],
        ["--mode", "tdx"], ["--svsm", "/dev/null"], ["--vars", "/dev/null"], ["--unknown"],
    ]) func refusesToGuess(_ options: [String]) throws {
        let (scratch, ovmf) = try image()
        let type = options.contains { $0.hasPrefix("--vcpu-") } ? [] : ["--vcpu-type", "EPYC"]
        let result = try run(["--ovmf", ovmf] + type + options)
        withExtendedLifetime(scratch) {}
        #expect(result.status == 64, "\(options): \(result.errorText)")
        #expect(result.output.isEmpty)
    }

    @Test func saysWhichFileIsBad() throws {
        let (scratch, ovmf) = try image()
        let missing = scratch.file("none")
        for (options, status, words) in [
            (["--ovmf", missing], 66, "firmware"), (["--ovmf", "/dev/zero"], 65, "firmware"),
            (["--ovmf", "/dev/null"], 65, "firmware"), (["--ovmf", scratch.path], 74, "firmware"),
            (["--ovmf", ovmf, "--kernel", missing], 66, "kernel"),
            (["--ovmf", ovmf, "--kernel", ovmf, "--initrd", missing], 66, "initrd"),
            (["--ovmf", ovmf, "--svsm", missing, "--vars", ovmf], 66, "svsm"),
            (["--ovmf", ovmf, "--svsm", ovmf, "--vars", missing], 66, "variables"),
            (["--ovmf", ovmf, "--svsm", ovmf, "--vars", ovmf], 65, "launch"),
        ] as [([String], Int32, String)] {
            let result = try run(["--vcpu-type", "EPYC"] + options)
            #expect(result.status == status, "\(options): \(result.errorText)")
            #expect(result.errorText.hasPrefix("snp-emulator: \(words): "), "\(result.errorText)")
            #expect(result.errorText.filter { $0 == "\n" }.count == 1)
            #expect(result.output.isEmpty)
        }
        var firmware = SyntheticFirmware()
        firmware.sections = nil
        try scratch.write(firmware.bytes, to: "plain.fd")
        let plain = try run(["--ovmf", scratch.file("plain.fd"), "--vcpu-type", "EPYC"])
        #expect(plain.status == 65)
        #expect(plain.errorText.contains("no SEV metadata"))
    }
}
