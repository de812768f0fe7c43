import BoundedBytes
import Cryptography
import TestSupport

@testable import EFI

enum EFITargets {
    /// Microsoft's CA, so that signatures are checked to the end; without the sample files nobody is trusted.
    private static let trust: ImageTrust = {
        let authority = try? SharedData.bytes("siglist/certs/MicCorUEFCA2011_2011-06-27.crt")
        return ImageTrust(allowed: SignatureDatabase(certificates: authority.map { [$0] } ?? []))
    }()

    static let bootImage: Fuzz.Target = { input in
        let source = MemorySource(input)
        let image = try reading { () throws(ImageFailure<Never>) in try BootImage(reading: source) }
        let layout = image.layout
        let end = layout.certificateTable?.lowerBound ?? input.count
        demand(layout.hashedRanges.allSatisfy { $0.upperBound <= end }, "only what is before the signatures is hashed")
        // Checksum and directory entry are left out, gaps between sections are hashed at the end.
        let hashed = layout.hashedRanges.reduce(0) { $0 + $1.count }
        let omitted = 4 + (layout.certificateEntryOffset == nil ? 0 : 8)
        demand(hashed + omitted == end, "as many bytes are hashed as there are")
        let digest = try reading { () throws(ImageFailure<Never>) in try layout.digest(.sha256, of: source) }
        let expected = try DigestAlgorithm.sha256.hash(layout.hashedRanges.flatMap { input[$0] })
        demand(digest == expected, "the digest is that of the ranges")
        demand(
            layout.signingPadding == 0 || layout.certificateTable == nil, "only an unsigned image will be padded")
        _ = try? image.signatures()
        _ = try trust.verdict(on: image.certificates, digests: [SignatureDatabase.Digest(.sha256, digest)])
    }

    /// A failure of libcrypto must not hide in the wrapper.
    private static func reading<Value>(_ body: () throws(ImageFailure<Never>) -> Value) throws -> Value {
        do throws(ImageFailure<Never>) { return try body() } catch {
            switch error {
            case .format(let error): throw error
            case .cryptography(let error): throw error
            }
        }
    }

    static let signatureLists: Fuzz.Target = { input in
        let lists = try SignatureList.parseAll(input)
        var writer = ByteWriter()
        for list in lists {
            // An empty list says how long its signatures would be, which nobody needs.
            let sizeOffset = writer.bytes.count + 24
            let stated = input[sizeOffset..<sizeOffset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let size = list.signatures.first.map { UInt32($0.data.count + 16) } ?? stated
            writer.append(list.type.bytes)
            writer.littleEndian(UInt32(28 + list.header.count + list.signatures.count * Int(size)))
            writer.littleEndian(UInt32(list.header.count))
            writer.littleEndian(size)
            writer.append(list.header)
            for signature in list.signatures { writer.append(signature.owner.bytes + signature.data) }
        }
        demand(writer.bytes == input, "lists that are written again are the input")
        let database = SignatureDatabase(lists)
        for digest in database.images + database.certificateDigests {
            demand(digest.bytes.count == digest.algorithm.byteCount, "digests are as long as their algorithm's")
        }
    }

    static let authenticatedUpdate: Fuzz.Target = { input in
        let update = try AuthenticatedUpdate(parsing: input)
        demand(Array(input.prefix(16)) == update.timestamp, "the time is the front")
        demand(Array(input.dropFirst(40)) == update.signature + update.payload, "the rest is signature and payload")
        _ = try? CodeSignature.parse(update.signature).digest
        _ = try? SignatureList.parseAll(update.payload)
    }

    static let sbat: Fuzz.Target = { input in
        let level = try? SBATLevel(parsing: input)
        demand(level.map { !$0.requirements.isEmpty } ?? true, "a level demands something")
        let entries = try SBATEntry.parse(input)
        // Bytes that are no UTF-8 became three each, and are written and read again.
        MemoryBound.addInput(3 * input.count)
        let lines = entries.map {
            [$0.component, String($0.generation), $0.vendor, $0.package, $0.version, $0.url].joined(separator: ",")
        }
        let again = succeed("entries that are written again are entries") {
            try SBATEntry.parse(Array((lines.joined(separator: "\n") + "\n").utf8))
        }
        demand(again == entries, "entries that are written again are the same")
        // Each line of a section is a line of a level, too, if it begins as one.
        guard let level, level.requirements.count == entries.count else { return }
        demand(level.verdict(for: entries).description.isEmpty == false, "a verdict has words")
    }

    /// Four bytes of address, and a resource section.
    static let versionInformation: Fuzz.Target = { input in
        guard input.count >= 4 else { return }
        let address = input.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let version = try VersionInformation.read(resources: Array(input.dropFirst(4)), at: address) else {
            return
        }
        let text = version.items.reduce(0) { $0 + $1.name.utf16.count + $1.value.utf16.count }
        demand(2 * text <= input.count, "no text is found twice")
        demand(version.items.isEmpty || version[version.items[0].name] != nil, "an item is found by its name")
    }

    static let variableStore: Fuzz.Target = { input in
        let store = try VariableStore(parsing: withHeaderSum(input))
        let least = store.variables.reduce(0) { $0 + 32 + $1.data.count + 2 * $1.name.utf16.count }
        demand(least <= input.count, "no byte belongs to two variables")
        for variable in store.variables {
            demand(store[variable.name, variable.vendor] != nil, "a variable is found by its name")
        }
    }

    /// The store with the 16-bit sum over its header set right, so that what is behind the check is reached.
    private static func withHeaderSum(_ input: [UInt8]) -> [UInt8] {
        guard input.count >= 56 else { return input }
        var store = input
        let length = Int(input[48]) | Int(input[49]) << 8
        guard length >= 56, length % 2 == 0, length <= store.count else { return store }
        (store[50], store[51]) = (0, 0)
        var sum: UInt16 = 0
        for index in stride(from: 0, to: length, by: 2) { sum &+= UInt16(store[index]) | UInt16(store[index + 1]) << 8 }
        (store[50], store[51]) = (UInt8(truncatingIfNeeded: 0 &- sum), UInt8(truncatingIfNeeded: (0 &- sum) >> 8))
        return store
    }

    /// The name up to the first line break, then the content.
    static let efivarfsFile: Fuzz.Target = { input in
        let name = input.prefix { $0 != 0x0A }
        let content = Array(input.dropFirst(name.count + 1))
        let text = String(decoding: name, as: UTF8.self)
        let variable = try Variable(efivarfsFile: text, content: content)
        demand(variable.data == Array(content.dropFirst(4)), "data are what is behind the attributes")
        let again = variable.name + "-" + variable.vendor.description
        demand(again.lowercased() == text.lowercased(), "name and GUID are the file's name")
    }
}
