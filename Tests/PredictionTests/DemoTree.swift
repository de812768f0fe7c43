import EventLog
import Foundation
import InstalledSystem
import TestSupport

@testable import Prediction

/// The demo system as a folder, and what is predicted for it.
struct DemoTree {
    let scratch: Scratch

    init() throws { scratch = try InstalledTree().scratch }

    func system(_ history: BootHistory) throws -> InstalledSystem {
        try InstalledSystem.open(root: scratch.path, devices: history.grubDevices)
    }

    func predict(_ history: BootHistory, kernel: String? = nil, isInSubmenu: Bool = false) throws -> Prediction {
        try Prediction.make(of: system(history), after: history, kernel: kernel, isInSubmenu: isInSubmenu)
    }

    /// With the log of the demo, and the firmware's variables if any.
    func predict(
        variables: [String: [UInt8]]? = nil, kernel: String? = nil, isInSubmenu: Bool = false
    ) throws -> Prediction {
        try predict(DemoBoot.history(variables), kernel: kernel, isInSubmenu: isInSubmenu)
    }
}
