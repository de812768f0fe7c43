import Cryptography
import Glibc
import InitramfsRuntime

/// Called once by libFuzzer, which owns `main`. Without a target that is known it lists their names.
///
/// Source: LLVM, docs/LibFuzzer.rst, "Startup initialization".
@c(LLVMFuzzerInitialize)
func initializeFuzzer(
    _: UnsafeMutablePointer<Int32>?, _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> Int32 {
    guard Fuzz.chosen != nil else {
        for name in Fuzz.targets.keys.sorted() { print(name) }
        exit(0)
    }
    MemoryBound.install()
    return 0
}

/// Called by libFuzzer for each input.
@c(LLVMFuzzerTestOneInput)
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let target = Fuzz.chosen else { return -1 }
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    MemoryBound.hold(forInputOf: count) {
        do { try target(input) } catch {
            // libcrypto's own failures come from no input: to a caller they are an internal fault.
            demand(!(error is CryptographyError), "libcrypto does not fail on an input")
        }
    }
    return 0
}

/// The parsers that are fuzzed, each by its name. `SEALROOT_FUZZ_TARGET` says which, since libFuzzer starts itself again
/// with arguments of its own.
enum Fuzz {
    /// A target reads an input and demands what must hold for one that is accepted. An error is a refusal, hence right.
    typealias Target = @Sendable (_ input: [UInt8]) throws -> Void

    static let targets: [String: Target] = [
        "attestation-certificates": AttestationTargets.certificates, "attestation-policy": AttestationTargets.policy,
        "attestation-report": AttestationTargets.report, "evidence": AttestationTargets.evidence,
        "pem-bundle": AttestationTargets.bundle, "revocation-list": AttestationTargets.revocationList,
        "authenticated-update": EFITargets.authenticatedUpdate, "boot-check": BootTargets.bootCheck,
        "boot-image": EFITargets.bootImage,
        "code-signature": CryptographyTargets.codeSignature, "efivarfs-file": EFITargets.efivarfsFile,
        "event-log": EventLogTargets.eventLog, "fat-volume": BootTargets.fatVolume,
        "grub-configuration": BootTargets.grubConfiguration, "grub-image": BootTargets.grubImage,
        "guest-configuration": TextTargets.guestConfiguration,
        "link-frames": LinkTargets.frames, "link-guest-request": LinkTargets.guestRequest,
        "link-guest-request-answer": LinkTargets.guestRequestAnswer, "link-service": LinkTargets.service,
        "link-service-answer": LinkTargets.serviceAnswer,
        "json": TextTargets.json, "luks-header": LUKSTargets.header, "luks-metadata": LUKSTargets.metadata,
        "partition-table": PartitionTableTargets.partitionTable, "recovery-key": TextTargets.recoveryKey,
        "reference": BootTargets.reference,
        "sbat": EFITargets.sbat, "sealed-token": TextTargets.sealedToken,
        "signature-lists": EFITargets.signatureLists, "text-coding": TextTargets.coding,
        "tpm-public-area": TPMTargets.publicArea, "tpm-response": TPMTargets.response,
        "variable-store": EFITargets.variableStore, "version-information": EFITargets.versionInformation,
        "x509-certificate": CryptographyTargets.certificate,
    ]

    static let chosen: Target? = unsafe getenv("SEALROOT_FUZZ_TARGET").flatMap { targets[unsafe String(cString: $0)] }
}

/// What must hold for every input.
func demand(_ holds: Bool, _ property: String) {
    if !holds { violate(property) }
}

/// What must not fail once the input was accepted.
func succeed<Value>(_ property: String, _ body: () throws -> Value) -> Value {
    do { return try body() } catch { violate(property + ": \(error)") }
}

/// Ends the process in the way that libFuzzer takes for a finding: by a signal.
func violate(_ property: String) -> Never {
    Console.report("fuzz: does not hold: " + property)
    abort()
}
