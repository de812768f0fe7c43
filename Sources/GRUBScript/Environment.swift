/// A variable's value, and whether a new context gets a copy.
struct Variable: Equatable, Sendable {
    var value: [UInt8]
    var isExported: Bool
}

/// What `configfile` and a submenu start with afresh: variables, menu and the status of the last command.
struct Context {
    var variables: [[UInt8]: Variable]
    var menu: [MenuEntry] = []
    /// `$?`; nil before the first command.
    var status: Status?

    /// A context within this one: it starts with the exported variables.
    var inner: Context { Context(variables: variables.filter(\.value.isExported)) }
}

/// What a command returns: GRUB's number for its error, or 0.
///
/// Source: GRUB 2.06, `include/grub/err.h`.
enum Status: Equatable {
    case code(Int)
    /// Depends on something that is not known before the boot.
    case unknown(String)

    static let success = Status.code(0)
    static let testFailure = Status.code(1)
    static let badFileType = Status.code(4)
    static let fileNotFound = Status.code(5)
    static let badFileName = Status.code(7)
    static let unknownFileSystem = Status.code(8)
    static let badNumber = Status.code(10)
    static let outOfRange = Status.code(11)
    static let unknownDevice = Status.code(12)
    static let unknownCommand = Status.code(16)
    static let invalidCommand = Status.code(17)
    static let badArgument = Status.code(18)
    static let badSystem = Status.code(21)
    static let noKernel = Status.code(22)
    static let menu = Status.code(27)
    static let accessDenied = Status.code(30)
}

/// The parameters of the function, menu entry or `setparams` that is in force.
struct Scope {
    var arguments: [[UInt8]]
}
