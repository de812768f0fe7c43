import BoundedBytes
import EventLog
import Foundation
import TestSupport
import Testing

/// Decoded events beside what tpm2_eventlog prints of the same logs.
@Suite(.enabled(if: SharedData.isPresent)) struct DecodingTests {
    /// The lines of a printed log that are about events; deeper ones are parts of variables.
    private struct Printed {
        var types: [String] = []
        var pcrs: [UInt32] = []
        var digests: [[String]] = []
        var paths: [String] = []
        /// Titles and paths of `Boot####`.
        var titles: [String] = []
        var targets: [String] = []

        init(_ name: String) throws {
            let text = String(decoding: try SharedData.bytes("eventlog/\(name).parsed.yaml"), as: UTF8.self)
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2, !parts[1].isEmpty else { continue }
                let value = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: " \"'"))
                switch parts[0] {
                case "  EventType":
                    types.append(value)
                    digests.append([])
                case "  PCRIndex": pcrs.append(UInt32(value) ?? .max)
                case "    Digest", "  Digest": digests[digests.count - 1].append(value)
                case "    DevicePath": paths.append(value)
                case "      Description":
                    titles.append(parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\"")))
                case "      DevicePath": targets.append(value)
                default: break
                }
            }
        }
    }

    @Test(arguments: [
        ("arch-linux-workstation", "tpm2tools-arch-linux"), ("tpm2tools-bootorder", "tpm2tools-bootorder"),
        ("ubuntu-2104-no-dbx", "tpm2tools-gce-ubuntu-2104"), ("tpm2tools-postcode", "tpm2tools-postcode"),
        ("tpm2tools-sd-boot-fedora37", "tpm2tools-sd-boot-fedora37"),
        ("tpm2tools-uefi-sha1-log", "tpm2tools-uefi-sha1-log"),
    ])
    func agreesWithTPM2Tools(_ name: String, _ printed: String) throws {
        let log = try SampleLogs.log(name)
        let printed = try Printed(printed)
        #expect(log.events.map(\.type.description) == printed.types)
        #expect(log.events.map(\.pcr) == printed.pcrs)
        let isHeader = { (event: Event) in log.format == .cryptoAgile && event.index == 0 }
        for event in log.events where !isHeader(event) {
            let digests = log.banks.compactMap { bank in log.digest(of: event, in: bank).map { Hexadecimal.encode($0) }
            }
            // The fixture's own log, which we do not have, is of the boot of another kernel.
            let isOtherKernel = name == "arch-linux-workstation" && event.index == 23
            #expect((digests == printed.digests[event.index]) != isOtherKernel)
        }
        let paths = log.events.compactMap { event -> String? in
            if case .image(let image) = log.content(of: event) { image.path.description } else { nil }
        }
        #expect(paths.count == printed.paths.count)
        for (path, expected) in zip(paths, printed.paths) where !expected.contains("IPv4(") {
            #expect(path == expected)
        }
    }

    @Test(arguments: [
        ("ubuntu-2104-no-dbx", "tpm2tools-gce-ubuntu-2104"),
        ("tpm2tools-sd-boot-fedora37", "tpm2tools-sd-boot-fedora37"),
    ])
    func readsTheBootMenuAsTPM2ToolsDo(_ name: String, _ printed: String) throws {
        let log = try SampleLogs.log(name)
        let printed = try Printed(printed)
        let options = log.events.compactMap { event -> LoadOption? in
            guard case .variable(let variable) = log.content(of: event) else { return nil }
            return log.loadOption(in: variable)
        }
        #expect(options.count == 4)
        #expect(options.map(\.title) == printed.titles.map { $0.trimmingPrefix(" \"") }.map(String.init))
        // Nodes of old BIOS devices are left in hexadecimal.
        for (option, target) in zip(options, printed.targets) where !target.hasPrefix("BBS(") {
            #expect(option.path.description == target)
        }
    }

    @Test func readsTheBootOfAnSNPGuestWithUbuntu2404() throws {
        let log = try SampleLogs.log("ubuntu-2404-amd-sevsnp")
        let contents = log.events.map { log.content(of: $0) }
        #expect(contents.contains(.linuxLoadOptions))
        #expect(contents.contains(.shimVariable("MokList")))
        let variables = contents.compactMap { content -> VariableData? in
            if case .variable(let variable) = content { variable } else { nil }
        }
        #expect(variables.prefix(5).map(\.name) == ["SecureBoot", "PK", "KEK", "db", "dbx"])
        let files = contents.compactMap { content -> String? in
            if case .grubFile(let path) = content { path } else { nil }
        }
        #expect(files.first == "(hd0,gpt15)/EFI/ubuntu/grub.cfg")
        #expect(files.last == "/vmlinuz-6.8.0-1010-gcp")
        let texts = contents.compactMap { content -> String? in
            guard case .grubText(.kernelCommandLine, let range) = content else { return nil }
            return String(decoding: log.bytes[range], as: UTF8.self)
        }
        #expect(texts.count == 1)
        #expect(texts.first?.contains(" root=PARTUUID=") == true)
    }

    @Test func readsTheStubsCommandLineAndTheKernelsInitrd() throws {
        let log = try SampleLogs.log("tpm2tools-sd-boot-fedora37")
        let contents = log.events.map { log.content(of: $0) }
        let lines = contents.compactMap { content -> String? in
            if case .systemdCommandLine(let text) = content { text } else { nil }
        }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix(" console=ttyS0 console=tty0 ") })
        #expect(contents.contains(.linuxInitrd))
    }

    @Test func readsReferenceManifestsAndTheLocalityInTheFirstSlot() throws {
        let manifests = try SampleLogs.log("eventlogwithsp800155")
        #expect(
            manifests.events.filter { manifests.content(of: $0) == .referenceManifest("SP800-155 Event3") }.count == 2)
        let locality = try SampleLogs.log("goatt-short_no_action")
        #expect(locality.content(of: locality.events[0]) == .startupLocality(3))
    }
}
