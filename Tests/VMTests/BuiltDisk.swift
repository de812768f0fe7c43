import Foundation
import VirtualMachine

/// Where `make image` puts the demo disk, and where the tests keep what outlives them.
let buildFolder =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    + "/.build"
let builtDisk = DemoDisk(in: buildFolder + "/images")
