internal import BoundedBytes

/// GRUB from its first command to the start of a kernel, with every measurement on the way.
///
/// Source: GRUB 2.06, `script/execute.c`, `kern/main.c`, `normal/main.c`.
struct Interpreter<Disk: GRUBDisk> {
    typealias Stop = Halt<Disk.Failure>

    /// GRUB's own limit on nested statements; at it, GRUB reports an error and counts wrongly from then on.
    static var depthLimit: Int { 64 }
    static var commandLimit: Int { 100_000 }
    static var contextLimit: Int { 20 }
    /// For expanded words, and files that are read, in bytes.
    static var byteLimit: Int { 64 << 20 }

    let machine: GRUBMachine
    let disk: Disk
    let modules: Set<String>

    private(set) var events: [GRUBEvent] = []
    var written: [GRUBFile: [UInt8]] = [:]
    var chosenTitles: [String] = []

    var contexts: [Context]
    var functions: [[UInt8]: [Statement]] = [:]
    var executing: [[UInt8]: Int] = [:]
    var scope: Scope?
    var loops = LoopState()
    var isReturning = false
    var depth = 0
    /// Where execution is.
    var place = GRUBPlace(file: "(embedded)", line: 1, column: 1)

    var lists = ModuleLists()
    var catalogs = Catalogs()
    var searches: [SearchKind: [[UInt8]: GRUBDevice]] = [:]
    var loader: Loader?
    var usesGraphics = false

    private var commandCount = 0
    private var byteCount = 0

    init(machine: GRUBMachine, disk: Disk) {
        self.machine = machine
        self.disk = disk
        modules = Set(machine.image.modules)
        contexts = [Context(variables: machine.variables)]
    }

    var context: Context {
        get { contexts[contexts.count - 1] }
        set { contexts[contexts.count - 1] = newValue }
    }

    func unpredictable(_ reason: String) -> Stop { .ending(.unpredictable(reason, place)) }

    mutating func measure(_ measurement: GRUBEvent.Measurement) {
        events.append(GRUBEvent(measurement: measurement, origin: place))
    }

    /// Counts work against the limits.
    mutating func spend(commands: Int = 0, bytes: Int = 0) throws(Stop) {
        commandCount += commands
        byteCount += bytes
        if commandCount > Self.commandLimit { throw unpredictable("more than \(Self.commandLimit) commands") }
        if byteCount > Self.byteLimit { throw unpredictable("more than \(Self.byteLimit) bytes of words and files") }
    }

    /// Runs the built-in commands, of which none is measured: GRUB's rescue parser does not call its verifiers.
    mutating func run() throws(Stop) -> GRUBEnding {
        let lines = machine.image.configuration.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            place = GRUBPlace(file: "(embedded)", line: index + 1, column: 1)
            guard line.allSatisfy({ !#"'"\$#"#.utf8.contains($0) }) else {
                throw unpredictable("the rescue parser's quotes and variables are not followed")
            }
            let words = line.split(whereSeparator: \.isSpace).map(Array.init)
            guard let name = words.first else { continue }
            if words.count == 1, let equals = name.firstIndex(of: 0x3D) {
                try set(Array(name[..<equals]), to: Array(name[(equals + 1)...]))
            } else if let command = builtIn(name) {
                _ = try run(command, Invocation(arguments: Array(words.dropFirst())))
            } else {
                throw unpredictable("'" + Printable.escape(String(decoding: name, as: UTF8.self)) + "' in the image")
            }
        }
        _ = try enterNormalMode(nil)
        throw unpredictable("GRUB ends at its command line")
    }
}

/// Which loops the next `break` or `continue` leaves.
struct LoopState {
    var active = 0
    var breaks = 0
    var isContinue = false
}
