internal import Enrollment
internal import Prediction

/// The boots that may come: the default one and those that were asked for, and the other kernels of the menu.
struct ComingBoots {
    /// The default one first.
    var boots: [ExpectedBoot]
    /// The newest kernel first.
    private(set) var fallbacks: [ExpectedBoot] = []
    var skipped: [SkippedKernel] = []

    init(boots: [ExpectedBoot]) { self.boots = boots }

    mutating func add(_ boot: ExpectedBoot) { if !isThere(boot) { boots.append(boot) } }

    mutating func add(fallback boot: ExpectedBoot) { if !isThere(boot) { fallbacks.append(boot) } }

    private func isThere(_ boot: ExpectedBoot) -> Bool { (boots + fallbacks).contains { $0.values == boot.values } }
}

/// A kernel whose boot is not approved, and why.
struct SkippedKernel {
    let version: String
    let reason: String
}

extension Prediction {
    /// The files that GRUB's commands of this name, or one that begins so, read whole: digests one a bank.
    func files(loadedBy command: String) -> [(name: String, digests: [[UInt8]])] {
        var isMeant = false
        var files: [(String, [[UInt8]])] = []
        for event in events {
            if event.pcr == 8 { isMeant = event.text.hasPrefix("grub_cmd: " + command) }
            if event.pcr == 9, isMeant, case .file(let name) = event.reason { files.append((name, event.digests)) }
        }
        return files
    }

    /// GRUB has a hand in it.
    var hasMenu: Bool { events.contains { $0.pcr == 8 } }

    func boots(_ version: String) -> Bool {
        files(loadedBy: "linux").contains { $0.name.hasSuffix("/vmlinuz-" + version) }
    }
}
