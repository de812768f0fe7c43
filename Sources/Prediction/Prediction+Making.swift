internal import Cryptography
internal import EventLog
public import InstalledSystem

extension Prediction {
    /// Predicts the next boot of `installed` on the machine of `history`.
    ///
    /// What cannot be known is a gap of its PCRs, never a guess.
    ///
    /// - Parameter kernel: the version of a kernel in `/boot`, such as `6.1.0-56-amd64`, whose first menu entry boots
    ///   instead of the default one.
    /// - Parameter isInSubmenu: its first entry in a submenu is meant.
    public static func make(
        of installed: InstalledSystem, after history: BootHistory, kernel: String? = nil, isInSubmenu: Bool = false
    ) throws(PredictionError) -> Prediction {
        var predictor = try Predictor(installed, history)
        if let kernel {
            let versions = try system { () throws(InstalledSystemError) in try installed.kernels() }
                .map { $0.version.description }
            guard versions.contains(kernel) else { throw .noKernel(version: kernel, available: versions) }
            predictor.kernel = kernel
            predictor.isInSubmenu = isInSubmenu
        }
        try predictor.run()
        return Prediction(
            algorithms: predictor.algorithms, events: predictor.events, gaps: predictor.gaps, entry: predictor.entry,
            lists: predictor.lists)
    }
}

extension Predictor {
    fileprivate mutating func run() throws(PredictionError) {
        let programs = history.programs
        guard let first = programs.first else { throw .log("the firmware started no program from a disk") }
        let selection = try BootSelection(history, first: first, second: programs.dropFirst().first)
        switch selection {
        case .unknown(let reason): gap(Prediction.pcrs, "boot entry", reason)
        case .program(let file, let second):
            let chain = try system { () throws(InstalledSystemError) in
                installed.esp == nil ? try installed.bootChain() : try installed.bootChain(starting: file, then: second)
            }
            guard !chain.isPackaged || history.template != nil else {
                return gap(Prediction.pcrs, "the first program", "the EFI system partition cannot be read")
            }
            // What shim starts has a path without its partition: with one, the firmware has started it.
            if chain.shim != nil, let next = programs.dropFirst().first, history.path(of: next)?.partition != nil {
                return gap(
                    Prediction.pcrs, "the first program", "\(history.name) has a boot that came to nothing first")
            }
            try predictFirmware(before: first, starting: chain.first)
            try predictShim(chain, after: first, before: programs.dropFirst().first)
            try predictPrograms(chain, after: first)
        }
    }

    /// What comes behind shim, or is started without one.
    private mutating func predictPrograms(_ chain: BootChain, after first: Event) throws(PredictionError) {
        var last = chain.first
        if let shim = chain.shim {
            guard !chain.usesFallback, chain.programs.count > 1 else { return }
            last = chain.programs[1]
            try predictAuthority(of: last, shim: shim, after: first)
            try add(last, data: EventData.imageLoad(of: last, path: last.path))
        }
        switch last.kind {
        case .grub: try predictGRUB(last, shim: chain.shim, after: first)
        case .unifiedKernel: try predictUnifiedKernel(last)
        case .shim, .other:
            gap(
                [4, 8, 9, 11, 12], last.name,
                "it is neither GRUB nor a unified kernel image: what it starts is not known")
        }
    }
}
