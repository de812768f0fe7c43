import BoundedBytes
import Foundation
import SNPABI
import TestSupport
import Testing

@Suite struct LaunchDigestTests {
    /// A chain over pages of each type, computed with Python's hashlib from the documented layout.
    @Test(.enabled(if: SharedData.isPresent)) func followsAnotherProgramPageByPage() throws {
        let data = Data(try SharedData.bytes("generated/launch_digest_steps.json"))
        let steps = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        var digest = LaunchDigest()
        var types: Set<LaunchPageType> = []
        for step in steps {
            func byte(_ name: String) throws -> UInt8 { try #require(step[name] as? UInt8) }
            func text(_ name: String) throws -> String { try #require(step[name] as? String) }
            let number = try byte("page_type")
            let type = try #require(LaunchPageType(rawValue: number))
            types.insert(type)
            let digits = try text("gpa").dropFirst(2)
            let address = try #require(UInt64(digits, radix: 16))
            var pages = try Self.pages(text("page"), type, address)
            pages.permissions = LaunchPermissions(
                vmpl1: try byte("vmpl1"), vmpl2: try byte("vmpl2"), vmpl3: try byte("vmpl3"))
            try digest.update(pages)
            #expect(Hexadecimal.encode(digest.bytes) == (step["launch_digest_after"] as? String))
        }
        #expect(types.count == LaunchPageType.allCases.count)
    }

    private static func pages(_ name: String, _ type: LaunchPageType, _ address: UInt64) throws -> LaunchPages {
        switch type {
        case .normal where name.contains("zero page"):
            try LaunchPages(type, at: address, [UInt8](repeating: 0, count: 4096))
        case .normal: try LaunchPages(type, at: address, (0..<4096).map { UInt8($0 & 0xFF) })
        case .vmsa: try LaunchPages(type, at: address, [UInt8](repeating: 0x5A, count: 4096))
        case .zero, .unmeasured, .secrets, .cpuid: try LaunchPages(type, at: address, pageCount: 1)
        }
    }

    @Test func measuresALargePageAsItsSmallOnes() throws {
        let bytes = (0..<512 * 4096).map { UInt8(truncatingIfNeeded: $0 >> 12 ^ $0) }
        var large = LaunchDigest()
        try large.update(LaunchPages(.normal, at: 0x20_0000, bytes))
        var small = LaunchDigest()
        for index in 0..<512 {
            let page = Array(bytes[index * 4096..<(index + 1) * 4096])
            try small.update(LaunchPages(.normal, at: 0x20_0000 + UInt64(index) * 4096, page))
        }
        #expect(large == small)
        #expect(large != LaunchDigest())
    }

    /// What a page holds counts only where it is said to.
    @Test func looksAtTheContentsOfMeasuredTypesOnly() throws {
        for type in LaunchPageType.allCases {
            var digests: [LaunchDigest] = []
            for fill: UInt8 in [0, 1] {
                var digest = LaunchDigest()
                try digest.update(LaunchPages(type, at: 0, [UInt8](repeating: fill, count: 4096)))
                digests.append(digest)
            }
            #expect((digests[0] != digests[1]) == (type == .normal || type == .vmsa), "\(type)")
        }
    }

    @Test func goesOnFromADigest() throws {
        var digest = LaunchDigest()
        try digest.update(LaunchPages(.zero, at: 0, pageCount: 2))
        var resumed = LaunchDigest()
        try resumed.update(LaunchPages(.zero, at: 0, pageCount: 1))
        resumed = try LaunchDigest(resuming: resumed.bytes)
        try resumed.update(LaunchPages(.zero, at: 4096, pageCount: 1))
        #expect(digest == resumed)
        #expect(throws: SNPFormatError("launch digest", .size(expected: 48, found: 47))) {
            try LaunchDigest(resuming: Array(digest.bytes.dropLast()))
        }
    }

    @Test func takesWholePagesInsideTheAddressSpace() {
        let name = "launch pages"
        #expect(throws: SNPFormatError(name, .value(field: "size", 4095))) {
            try LaunchPages(.normal, at: 0, [UInt8](repeating: 0, count: 4095))
        }
        #expect(throws: SNPFormatError(name, .range(field: "address", 1))) {
            try LaunchPages(.zero, at: 1, pageCount: 1)
        }
        #expect(throws: SNPFormatError(name, .range(field: "address", .max - 4095))) {
            try LaunchPages(.zero, at: .max - 4095, pageCount: 1)
        }
        #expect(throws: SNPFormatError(name, .range(field: "address", 4096))) {
            try LaunchPages(.zero, at: 4096, pageCount: .max)
        }
        #expect(throws: SNPFormatError(name, .range(field: "address", 0))) {
            try LaunchPages(.zero, at: 0, pageCount: -1)
        }
        for type in [LaunchPageType.normal, .vmsa] {
            #expect(throws: SNPFormatError(name, .missing("contents"))) { try LaunchPages(type, at: 0, pageCount: 1) }
        }
    }
}
