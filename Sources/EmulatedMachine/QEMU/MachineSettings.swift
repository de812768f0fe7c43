/// What a machine is made of.
public struct MachineSettings: Sendable {
    /// The firmware's bytes, as they were measured.
    public var firmware: [UInt8]
    /// The file with the firmware's variables, copied on first use; nil where the firmware has them inside itself.
    public var variables: String?
    /// A raw disk image, or a disk.
    public var disk: String
    /// For what the machine keeps from one boot to the next.
    public var folder: String
    /// For sockets.
    public var runFolder: String
    /// In bytes.
    public var memory: UInt64
    public var processorCount: Int

    public init(
        firmware: [UInt8], variables: String?, disk: String, folder: String, runFolder: String, memory: UInt64,
        processorCount: Int
    ) {
        self.firmware = firmware
        self.variables = variables
        self.disk = disk
        self.folder = folder
        self.runFolder = runFolder
        self.memory = memory
        self.processorCount = processorCount
    }
}
