import BoundedBytes
import Foundation
import GuestKernel
import SNPABI
import TestSupport
import Testing

@testable import SNPEmulator

/// What the SVSM vouches for, judged by openssl, tpm2-tools and byte offsets.
@Suite struct ServiceAttestationTests {
    private let scratch: Scratch
    private let svsm: SVSMModel
    private let guest: EmulatedGuest
    private static let certificates = CertificateTable([
        .init(CertificateTable.vcek, [UInt8](repeating: 0x5A, count: 5000))
    ]).encoded()
    private static let nonce = [UInt8](100..<164)
    private static let vtpm = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"

    init() throws {
        scratch = try Scratch()
        guest = try EmulatedGuest()
        svsm = try guest.svsm(in: scratch.file("vtpm"), certificates: Self.certificates)
    }

    private func digest(_ manifest: [UInt8]) throws -> String {
        try scratch.write(Self.nonce + manifest, to: "vouched")
        return String(try scratch.shell("openssl dgst -sha512 -r vouched").prefix(128))
    }

    /// REPORT_DATA is at 0x50, VMPL at 0x30.
    private func check(_ report: [UInt8], vouchesFor manifest: [UInt8]) throws {
        #expect(report.count == 1184)
        #expect(Hexadecimal.encode(report[0x50..<0x90]) == (try digest(manifest)))
        #expect(report[0x30..<0x34] == [0, 0, 0, 0])
    }

    private func endorsementKey() throws -> [UInt8] {
        let tools = try TPMTools(transport: svsm.tpm, folder: scratch.path)
        try tools.run("tpm2_createek", "-c", "ek.ctx", "-G", "rsa", "-u", "ek.pub")
        try tools.run("tpm2_flushcontext", "-t")
        return try Array(tools.bytes("ek.pub").dropFirst(2))
    }

    @Test func vouchesForTheKeyOfItsTPM() throws {
        let evidence = try #require(
            svsm.attest(nonce: Self.nonce, service: GUID(Self.vtpm), manifestVersion: 0))
        #expect(evidence.manifest == (try endorsementKey()))
        #expect(evidence.manifest.count == 314)
        try check(evidence.report, vouchesFor: evidence.manifest)
        #expect(evidence.certificates == Self.certificates)
    }

    /// A header of 24 bytes, one entry of 24, and the key behind them; GUIDs in the order of EFI.
    @Test func vouchesForTheTableOfAllServices() throws {
        let evidence = try #require(svsm.attest(nonce: Self.nonce, service: nil, manifestVersion: 0))
        let key = try endorsementKey()
        let head = "bb9e8463923d7046a1ff58f9c94b87bb" + "6a010000" + "01000000"
        let entry = "ebf176c42301a5459641b4e7dde5bfe3" + "30000000" + "3a010000"
        #expect(Hexadecimal.encode(evidence.manifest.prefix(48)) == head + entry)
        #expect(Array(evidence.manifest.dropFirst(48)) == key)
        try check(evidence.report, vouchesFor: evidence.manifest)
    }

    @Test func vouchesForNothingElse() throws {
        #expect(svsm.attest(nonce: Self.nonce, service: GUID(Self.vtpm), manifestVersion: 1) == nil)
        #expect(svsm.attest(nonce: Self.nonce, service: ServicesManifest.uefiMM, manifestVersion: 0) == nil)
        #expect(svsm.attest(nonce: Array(Self.nonce.dropLast()), service: nil, manifestVersion: 0) == nil)
    }

    /// As a call with buffers in the guest's memory: each of them too small, then all of them large enough.
    @Test func saysHowMuchRoomItNeeds() throws {
        var memory = FlatMemory()
        memory.put(Self.nonce, at: 0x1008)
        func ask(manifest: UInt32, report: UInt32, certificates: UInt32) -> (SVSMResult, SVSMRegisters) {
            memory.put(
                AttestationOperation(
                    report: .init(address: 0x2000, byteCount: report), nonce: .init(address: 0x1008, byteCount: 64),
                    manifest: .init(address: 0x3000, byteCount: manifest),
                    certificates: .init(address: 0x4000, byteCount: certificates),
                    service: .init(ServicesManifest.vtpm)
                ).encoded(), at: 0x1800)
            var registers = SVSMRegisters(rcx: 0x1800)
            return (svsm.handle(.attestSingleService, &registers, memory: &memory), registers)
        }
        var (result, registers) = ask(manifest: 313, report: 4096, certificates: 0)
        #expect(result == .invalidParameter)
        #expect(registers.rcx == 314 && registers.r8 == 1184)
        (result, registers) = ask(manifest: 4096, report: 1183, certificates: 0)
        #expect(result == .invalidParameter)
        #expect(registers.rcx == 314 && registers.r8 == 1184)
        (result, registers) = ask(manifest: 4096, report: 4096, certificates: 4096)
        #expect(result == .invalidParameter)
        #expect(registers.rdx == 8192)
        #expect(memory.bytes[0x2000..<0x8000].allSatisfy { $0 == 0 })
        (result, registers) = ask(manifest: 4096, report: 4096, certificates: UInt32(registers.rdx))
        #expect(result == .success)
        let expected = SVSMRegisters(rcx: 314, rdx: UInt64(Self.certificates.count), r8: 1184)
        #expect(registers == expected)
        try check(Array(memory.bytes[0x2000..<0x24A0]), vouchesFor: Array(memory.bytes[0x3000..<0x313A]))
        #expect(Array(memory.bytes[0x4000...].prefix(Self.certificates.count)) == Self.certificates)
        (result, registers) = ask(manifest: 4096, report: 4096, certificates: 0)
        #expect(result == .success && registers.rdx == 0)
    }
}

/// 32 KiB of a guest's memory, from address 0 on.
struct FlatMemory: SVSMGuestMemory {
    private(set) var bytes = [UInt8](repeating: 0, count: 0x8000)

    func read(_ count: Int, at address: UInt64) -> [UInt8]? {
        guard address <= UInt64(bytes.count), count <= bytes.count - Int(address) else { return nil }
        return Array(bytes[Int(address)..<Int(address) + count])
    }

    mutating func write(_ new: [UInt8], at address: UInt64) -> Bool {
        guard read(new.count, at: address) != nil else { return false }
        put(new, at: address)
        return true
    }

    mutating func put(_ new: [UInt8], at address: UInt64) {
        bytes.replaceSubrange(Int(address)..<Int(address) + new.count, with: new)
    }
}
