/// What a program serves as a file or a folder.
public enum VirtualNode {
    case file(any VirtualFile)
    case folder(any VirtualFolder)
}

/// A file whose content a program makes.
public protocol VirtualFile: AnyObject {
    /// Who may open it: the nine bits of a mode, for user and group 0. The kernel checks them.
    var permissions: UInt32 { get }

    /// - Throws: where even root may not open it so.
    func open(for access: Access) throws(FileSystemFailure) -> any OpenFile
}

/// A folder of a fixed shape, or one in which subfolders are made and removed.
public protocol VirtualFolder: AnyObject {
    var names: [String] { get }
    func node(named name: String) -> VirtualNode?
    func makeFolder(_ name: String) throws(FileSystemFailure)
    func removeFolder(_ name: String) throws(FileSystemFailure)
}

extension VirtualFolder {
    public func makeFolder(_ name: String) throws(FileSystemFailure) { throw .notPermitted }
    public func removeFolder(_ name: String) throws(FileSystemFailure) { throw .notPermitted }
}

/// How a file is opened.
public struct Access: Equatable, Sendable {
    public let isReading: Bool
    public let isWriting: Bool

    public init(isReading: Bool, isWriting: Bool) {
        self.isReading = isReading
        self.isWriting = isWriting
    }
}

/// One opening of a file. Each call is answered through its reply, at once or later; one that nobody answers ends with
/// EIO.
public protocol OpenFile: AnyObject {
    func read(_ count: Int, at offset: Int, reply: Reply)
    func write(_ bytes: [UInt8], at offset: Int, reply: Reply)
    /// ioctl(2).
    func control(_ call: ControlCall, reply: Reply)
    /// Every descriptor of this opening is closed. The kernel waits for no answer, but whoever closed it finds what is
    /// done here: requests are served in order.
    func close()
}

extension OpenFile {
    public func read(_ count: Int, at offset: Int, reply: Reply) { reply.fail(.invalid) }
    public func write(_ bytes: [UInt8], at offset: Int, reply: Reply) { reply.fail(.invalid) }
    public func control(_ call: ControlCall, reply: Reply) { reply.fail(.noSuchControl) }
    public func close() {}
}

/// The arguments of ioctl(2).
public struct ControlCall: Sendable {
    /// `_IOWR` and so on: direction, size, type and number.
    public let request: UInt32
    /// The third argument, in the caller's memory.
    public let argument: UInt64
    public let caller: CallerMemory

    public init(request: UInt32, argument: UInt64, caller: CallerMemory) {
        self.request = request
        self.argument = argument
        self.caller = caller
    }
}
