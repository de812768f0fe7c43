// swift-tools-version: 6.2
import PackageDescription

// Two builds of the same sources. Ordinary Swift: tool, tests, demo. With SEALROOT_EMBEDDED set to the
// toolchain's embedded run-time folder (the Makefile finds it): Embedded Swift, for the initramfs,
// in a scratch folder of its own. Then only what sealroot-init links exists.
let embeddedRuntime = Context.environment["SEALROOT_EMBEDDED"]
let isEmbedded = embeddedRuntime != nil
// With SEALROOT_FUZZ set there is the fuzzer, too: it links only under `swift build --sanitize fuzzer`.
let isFuzzing = Context.environment["SEALROOT_FUZZ"] != nil
// With SEALROOT_WITHOUT_HEADER_CHECK set, a program for the tests that shows what the check of the
// header, and the encryption on the way from the TPM, stop.
let isControl = Context.environment["SEALROOT_WITHOUT_HEADER_CHECK"] != nil
// With SEALROOT_ONLY="ATests BTests" no other test exists: `swift test` then builds what these need and no more.
let onlyTests = Context.environment["SEALROOT_ONLY"]?.split(separator: " ").map(String.init)
func isWanted(_ test: String) -> Bool { onlyTests?.contains(test) ?? true }

/// Settings of a module that imports none of our C modules.
let strictWithoutC: [SwiftSetting] =
    (isEmbedded
        ? [
            .enableExperimentalFeature("Embedded"),
            // Constant arrays are numbered in each module that compiles a function anew, and linked by that number: the
            // linker then mixes them up. `make guest` looks whether any is left.
            .unsafeFlags([
                "-wmo", "-Osize", "-Xfrontend", "-function-sections", "-Xllvm", "-sil-disable-pass=object-outliner",
            ]),
        ] : []) + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
/// As in every shim: so the C library's types look the same in Swift's own Glibc module, too.
let strict = strictWithoutC + [.unsafeFlags(["-Xcc", "-D_GNU_SOURCE"])]
/// Modules that hand out spans need the experimental `Lifetimes`; nobody else does.
let lifetimes = strict + [.enableExperimentalFeature("Lifetimes")]
let embeddedLink: [LinkerSetting] =
    embeddedRuntime.map {
        [
            .unsafeFlags(["-Xlinker", "--gc-sections", "-Xlinker", "-s", "\($0)/libswiftUnicodeDataTables.a"]),
            .linkedLibrary("m"),
        ]
    } ?? []

func library(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = strict) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// Imports point down only: each group may use the groups above it.
let systemLibraries: [Target] = [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CJSON", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .systemLibrary(name: "CCryptsetup", pkgConfig: "libcryptsetup", providers: [.apt(["libcryptsetup-dev"])]),
    .systemLibrary(name: "CKmod", pkgConfig: "libkmod", providers: [.apt(["libkmod-dev"])]),
    .systemLibrary(
        name: "CTSS2", pkgConfig: "tss2-esys tss2-sys tss2-mu tss2-rc tss2-tctildr", providers: [.apt(["libtss2-dev"])]),
    .systemLibrary(name: "CExt2FS", pkgConfig: "ext2fs com_err", providers: [.apt(["libext2fs-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
    .systemLibrary(name: "CFUSE3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(name: "CGuestAgent"),
    .systemLibrary(name: "CGuestProcess"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
]
let base: [Target] = [
    library("BoundedBytes", [], lifetimes),
    library("Secrets", ["CLinux"], lifetimes),
    library("InitramfsRuntime", ["CLinux", "Secrets"]),
    library("JSON", ["CJSON"]),
    library("Cryptography", ["COpenSSL", "Secrets"]),
]
let formats: [Target] = [
    library("Configuration", ["BoundedBytes"]),
    library("EventLog", ["BoundedBytes", "Cryptography"]),
    library("EFI", ["BoundedBytes", "Cryptography"]),
    library("FileSystems", ["BoundedBytes"]),
    library(
        "LUKSHeader", ["BoundedBytes", "JSON", "Cryptography"],
        strict + (isControl ? [.define("SEALROOT_WITHOUT_HEADER_CHECK")] : [])),
    library("PartitionTable", ["BoundedBytes"]),
    library("SealedFormat", ["BoundedBytes", "JSON", "Cryptography"]),
    library("SNPABI", ["BoundedBytes", "Cryptography", "Secrets"]),
]
let effects: [Target] = [
    library(
        "LUKS", ["BoundedBytes", "CCryptsetup", "CLinux", "Cryptography", "InitramfsRuntime", "LUKSHeader", "Secrets"]),
    library("GuestDevices", ["BoundedBytes", "CLinux", "InitramfsRuntime", "SNPABI", "Secrets"]),
    library("KernelModules", ["CKmod"]),
    library("MeasurementLog", ["BoundedBytes", "Cryptography", "InitramfsRuntime", "JSON"]),
    library(
        "TPM", ["BoundedBytes", "CLinux", "CTSS2", "Cryptography", "Secrets"],
        strict + (isControl ? [.define("SEALROOT_WITHOUT_PARAMETER_ENCRYPTION")] : [])),
]
let decisions: [Target] = [
    library("Attestation", ["BoundedBytes", "Cryptography", "JSON", "SNPABI"]),
    library("BootPolicy", ["BoundedBytes", "Cryptography", "EFI", "EventLog", "JSON"]),
    library("RecoveryKeys", ["Cryptography", "Secrets"], lifetimes),
    library("Sealing", ["Cryptography", "InitramfsRuntime", "SealedFormat", "Secrets"]),
]
let flows: [Target] = [
    library(
        "Attesting",
        [
            "Attestation", "BoundedBytes", "Configuration", "Cryptography", "GuestDevices", "InitramfsRuntime", "JSON",
            "SNPABI", "SealedFormat", "Sealing", "Secrets", "TPM",
        ]),
    library(
        "Unlock",
        [
            "Attesting", "BootPolicy", "BoundedBytes", "Configuration", "Cryptography", "EventLog", "FileSystems",
            "InitramfsRuntime", "JSON", "KernelModules", "LUKS", "LUKSHeader", "MeasurementLog", "RecoveryKeys",
            "Sealing", "SealedFormat", "Secrets", "TPM",
        ]),
]
let guestExecutables: [Target] = [
    .executableTarget(
        name: "sealroot-init",
        dependencies: [
            "Attesting", "BootPolicy", "CLinux", "Configuration", "InitramfsRuntime", "JSON", "LUKSHeader",
            "MeasurementLog", "TPM",
            "Unlock",
        ] + (isControl ? ["NullCipher"] : []),
        swiftSettings: strict, linkerSettings: embeddedLink)
]
// With it the control reads a keyslot without cipher on every kernel.
let controlTargets: [Target] = [.target(name: "NullCipher", path: "Tests/NullCipher")]

// Owner tool, machine and tests: ordinary Swift only.
let ownerTargets: [Target] = [
    library("Terminal", ["CLinux", "InitramfsRuntime"]),
    library("OfflineSealing", ["BoundedBytes", "Cryptography", "Secrets", "TPM"]),
    library(
        "Enrollment",
        [
            "BoundedBytes", "Cryptography", "InitramfsRuntime", "JSON", "LUKS", "LUKSHeader", "RecoveryKeys", "Sealing",
            "SealedFormat", "Secrets", "TPM",
        ]),
    library("QRCode", ["CQRencode", "Secrets"]),
    library(
        "Imaging",
        [
            "BoundedBytes", "CLinux", "Cryptography", "FileSystems", "InitramfsRuntime", "JSON", "LUKS",
            "PartitionTable", "RecoveryKeys", "Secrets",
        ]),
    library(
        "InstalledSystem",
        [
            "BoundedBytes", "CExt2FS", "CLinux", "Cryptography", "EFI", "FileSystems", "InitramfsRuntime",
            "PartitionTable",
        ]),
    library("XZ", ["CLZMA"]),
    library("SquashFS", ["BoundedBytes", "XZ"]),
    library("GRUBScript", ["BoundedBytes", "FileSystems", "SquashFS"]),
    library(
        "ReferenceBuilding",
        ["BootPolicy", "BoundedBytes", "Cryptography", "EFI", "EventLog", "InitramfsRuntime", "InstalledSystem"]),
    library(
        "Prediction",
        [
            "BoundedBytes", "Cryptography", "EFI", "EventLog", "GRUBScript", "InitramfsRuntime", "InstalledSystem",
            "JSON",
        ]),
    library("VirtualMachine", [], strictWithoutC),
    .executableTarget(name: "demo", dependencies: ["JSON", "VirtualMachine"], swiftSettings: strict),
    .executableTarget(
        name: "sealroot",
        dependencies: [
            "Attestation", "Attesting", "BootPolicy", "BoundedBytes", "CLinux", "Configuration", "Cryptography", "EFI",
            "Enrollment",
            "EventLog", "Imaging", "InitramfsRuntime", "InstalledSystem", "JSON", "OfflineSealing", "Prediction",
            "QRCode", "RecoveryKeys", "ReferenceBuilding", "SNPABI", "SealedFormat", "Sealing", "Secrets", "TPM",
            "Terminal", "Unlock",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict),
]
// The emulated machine; it never imports what judges it.
let emulatorTargets: [Target] = [
    library("EmulatorLink", ["BoundedBytes", "SNPABI"]),
    library(
        "EmulatedMachine",
        [
            "BoundedBytes", "CLinux", "Cryptography", "EmulatorLink", "EncryptedMemory", "GuestKernel",
            "InitramfsRuntime", "InstalledSystem", "JSON", "SNPEmulator",
        ]),
    library("EncryptedMemory", ["BoundedBytes", "CLinux", "Cryptography", "InitramfsRuntime", "Secrets"]),
    library("FUSEMount", ["CFUSE3", "CLinux", "InitramfsRuntime"]),
    library(
        "GuestAgent",
        [
            "BoundedBytes", "CGuestAgent", "CLinux", "EmulatorLink", "FUSEMount", "GuestKernel", "InitramfsRuntime",
            "SNPABI", "Secrets",
        ]),
    library(
        "GuestKernel",
        ["BoundedBytes", "Cryptography", "FUSEMount", "InitramfsRuntime", "SNPABI", "Secrets"]),
    library(
        "HostAttacks",
        [
            "BoundedBytes", "CLinux", "Cryptography", "EFI", "EventLog", "InitramfsRuntime", "JSON", "Prediction",
            "SNPABI", "SNPEmulator", "Secrets",
        ]),
    library("LaunchMeasurement", ["Cryptography", "SNPABI"]),
    library(
        "MeasuredBoot",
        [
            "BoundedBytes", "Cryptography", "EFI", "EventLog", "InitramfsRuntime", "InstalledSystem", "PartitionTable",
            "Prediction",
        ]),
    library("SecureProcessor", ["BoundedBytes", "Cryptography", "SNPABI", "Secrets"]),
    library(
        "SNPEmulator",
        [
            "BoundedBytes", "CGuestProcess", "CLinux", "Cryptography", "EncryptedMemory", "EventLog", "FUSEMount",
            "GuestKernel", "InitramfsRuntime", "JSON", "LaunchMeasurement", "SNPABI", "Secrets", "SecureProcessor",
        ]),
    .executableTarget(
        name: "snp-emulator-guest", dependencies: ["CLinux", "GuestAgent", "InitramfsRuntime"], swiftSettings: strict),
    .executableTarget(
        name: "snp-emulator",
        dependencies: [
            "BoundedBytes", "Cryptography", "EmulatedMachine", "EncryptedMemory", "GuestKernel", "HostAttacks",
            "InitramfsRuntime", "JSON", "LaunchMeasurement", "MeasuredBoot", "Prediction", "SNPABI", "SNPEmulator",
            "SecureProcessor",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict),
]
let testTargets: [Target] = [
    tests(
        "AttestationTests",
        ["Attestation", "BoundedBytes", "Cryptography", "JSON", "OwnChip", "SNPABI", "TestSupport", "sealroot"]),
    // A chain of certificates in AMD's shape that openssl makes.
    .target(
        name: "OwnChip", dependencies: ["Attestation", "BoundedBytes", "SNPABI", "TestSupport"], path: "Tests/OwnChip",
        swiftSettings: strict),
    tests(
        "AttestingTests",
        [
            "Attestation", "Attesting", "BoundedBytes", "Configuration", "Cryptography", "GuestDevices", "OwnChip",
            "SNPABI", "TPM", "TestSupport",
        ]),
    tests("BootPolicyTests", ["BootPolicy", "BoundedBytes", "Cryptography", "EFI", "EventLog", "JSON", "TestSupport"]),
    tests("BoundedBytesTests", ["BoundedBytes"]),
    tests("ConfigurationTests", ["Configuration"]),
    tests("CryptographyTests", ["Cryptography", "BoundedBytes", "JSON", "Secrets", "TestSupport"]),
    tests(
        "EmulatedGuestTests",
        [
            "BoundedBytes", "EmulatorLink", "FUSEMount", "GuestAgent", "GuestKernel", "InitramfsRuntime", "JSON",
            "SNPABI",
            "SNPEmulator", "Secrets", "SecureProcessor", "TestSupport", "guest-stand-in", "sealroot", "sealroot-init",
            "snp-emulator", "snp-emulator-guest",
        ]),
    tests(
        "EmulatedMachineTests",
        [
            "BoundedBytes", "EmulatedMachine", "EmulatorLink", "EncryptedMemory", "GuestKernel", "InitramfsRuntime",
            "SNPEmulator", "TestSupport",
        ]),
    tests("EmulatorLinkTests", ["BoundedBytes", "EmulatorLink"]),
    tests(
        "EncryptedMemoryTests",
        [
            "BoundedBytes", "Cryptography", "EncryptedMemory", "InitramfsRuntime", "JSON", "Secrets", "TestSupport",
            "snp-emulator",
        ]),
    tests("EFITests", ["EFI", "BoundedBytes", "Cryptography", "JSON", "TestSupport", "sealroot"]),
    tests(
        "ImagingTests",
        ["Imaging", "InitramfsRuntime", "JSON", "PartitionTable", "RecoveryKeys", "TestSupport", "sealroot"]),
    tests("GuestDevicesTests", ["GuestDevices", "InitramfsRuntime", "SNPABI", "Secrets", "TestSupport"]),
    tests("FileSystemsTests", ["BoundedBytes", "FileSystems", "TestSupport"]),
    tests(
        "InstalledSystemTests",
        ["Cryptography", "InitramfsRuntime", "InstalledSystem", "PartitionTable", "TestSupport"]),
    tests(
        "ReferenceBuildingTests",
        [
            "BootPolicy", "BoundedBytes", "Cryptography", "EFI", "EventLog", "InitramfsRuntime", "InstalledSystem",
            "JSON", "ReferenceBuilding", "TestSupport", "sealroot",
        ]),
    tests(
        "GRUBScriptTests",
        ["BoundedBytes", "Cryptography", "EFI", "EventLog", "FileSystems", "GRUBScript", "TestSupport"]),
    tests("SquashFSTests", ["SquashFS", "TestSupport", "XZ"]),
    tests(
        "PredictionTests",
        [
            "BoundedBytes", "Cryptography", "EFI", "EventLog", "InitramfsRuntime", "InstalledSystem", "JSON",
            "Prediction", "TestSupport", "sealroot",
        ]),
    tests("JSONTests", ["JSON"]),
    tests("DemoTests", ["TestSupport", "demo"]),
    tests("EventLogTests", ["BoundedBytes", "Cryptography", "EventLog", "JSON", "TestSupport", "sealroot"]),
    tests("OfflineSealingTests", ["BoundedBytes", "OfflineSealing", "Secrets", "TPM", "TestSupport"]),
    tests("PartitionTableTests", ["BoundedBytes", "PartitionTable", "TestSupport"]),
    tests("QRCodeTests", ["QRCode", "RecoveryKeys", "Secrets", "TestSupport"]),
    tests("RecoveryKeysTests", ["RecoveryKeys", "Secrets"]),
    .executableTarget(
        name: "bench", dependencies: ["Cryptography", "JSON", "Secrets", "TestSupport", "VirtualMachine"],
        path: "Tests/Bench", swiftSettings: strict),
    .executableTarget(
        name: "guest-stand-in",
        dependencies: [
            "BoundedBytes", "Cryptography", "GuestKernel", "InitramfsRuntime", "SNPABI", "SNPEmulator", "Secrets",
        ],
        path: "Tests/GuestStandIn", swiftSettings: strict),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strictWithoutC),
    .target(
        name: "HeaderForgery", dependencies: ["Cryptography", "TestSupport"], path: "Tests/HeaderForgery",
        swiftSettings: strict),
    // No test links it: it is preloaded into the programs under test.
    .target(name: "FailureInjector", path: "Tests/FailureInjector", linkerSettings: [.linkedLibrary("dl")]),
    tests(
        "ManualTests",
        [
            "InitramfsRuntime", "SNPABI", "SNPEmulator", "TestSupport", "sealroot", "sealroot-init", "snp-emulator",
            "snp-emulator-guest",
        ]),
    tests("MeasurementLogTests", ["Cryptography", "MeasurementLog", "TestSupport"]),
    tests(
        "MeasuredBootTests",
        ["BoundedBytes", "Cryptography", "EventLog", "InitramfsRuntime", "MeasuredBoot", "Prediction", "TestSupport"]),
    tests("UnlockTests", ["Configuration", "LUKS", "Secrets", "TPM", "TestSupport", "Unlock"]),
    tests("KernelModulesTests", ["KernelModules", "TestSupport"]),
    tests("LUKSTests", ["BoundedBytes", "LUKS"]),
    tests(
        "ProcessTests",
        [
            "BoundedBytes", "Cryptography", "EventLog", "HeaderForgery", "HostAttacks", "JSON", "LUKSHeader", "Sealing",
            "Secrets", "TestSupport", "sealroot", "sealroot-init", "snp-emulator",
        ]),
    tests("AttackTests", ["HostAttacks", "JSON", "TestSupport", "sealroot", "sealroot-init", "snp-emulator"]),
    tests("VMTests", ["JSON", "TestSupport", "VirtualMachine", "sealroot", "snp-emulator"]),
    tests(
        "TPMTests", ["BoundedBytes", "CLinux", "Cryptography", "OfflineSealing", "Secrets", "TestSupport", "TPM"]),
    tests(
        "LUKSHeaderTests", ["BoundedBytes", "Cryptography", "HeaderForgery", "JSON", "LUKSHeader", "TestSupport"]),
    tests(
        "SealingTests", ["BoundedBytes", "Cryptography", "SealedFormat", "Sealing", "Secrets", "TestSupport"]),
    tests("SNPABITests", ["BoundedBytes", "Cryptography", "JSON", "SNPABI", "Secrets", "TestSupport"]),
    tests(
        "LaunchMeasurementTests",
        ["BoundedBytes", "LaunchMeasurement", "SNPABI", "TestSupport", "snp-emulator"]),
    tests(
        "SecureProcessorTests",
        ["Attestation", "BoundedBytes", "Cryptography", "JSON", "SNPABI", "SecureProcessor", "Secrets", "TestSupport"]),
    tests(
        "SVSMTests",
        [
            "BoundedBytes", "Cryptography", "GuestKernel", "InitramfsRuntime", "JSON", "SNPABI", "SNPEmulator",
            "Secrets", "SecureProcessor", "TestSupport",
        ]),
    tests("StateFolderTests", ["JSON", "SNPABI", "SNPEmulator", "SecureProcessor", "TestSupport", "snp-emulator"]),
    tests("SealedFormatTests", ["SealedFormat", "LUKSHeader", "BoundedBytes", "JSON", "Cryptography", "TestSupport"]),
]
let fuzzTargets: [Target] = [
    .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
    .executableTarget(
        name: "fuzz",
        dependencies: [
            "Attestation", "BootPolicy", "BoundedBytes", "CFuzzer", "Configuration", "Cryptography", "EFI",
            "EmulatorLink", "EventLog", "FileSystems", "GRUBScript", "InitramfsRuntime", "JSON", "LUKSHeader",
            "PartitionTable", "RecoveryKeys", "SNPABI", "SealedFormat", "Secrets", "TPM", "TestSupport",
        ],
        path: "Tests/Fuzz", exclude: ["run", "seeds"], swiftSettings: strict),
]

let package = Package(
    name: "sealroot",
    products: isEmbedded ? [] : [.library(name: "FailureInjector", type: .dynamic, targets: ["FailureInjector"])],
    dependencies: isEmbedded
        ? [] : [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")],
    targets: systemLibraries + base + formats + effects + decisions + flows + guestExecutables
        + (isControl ? controlTargets : [])
        + (isEmbedded
            ? [] : ownerTargets + emulatorTargets + testTargets.filter { $0.type != .test || isWanted($0.name) })
        + (isFuzzing ? fuzzTargets : []),
    swiftLanguageModes: [.v6]
)
