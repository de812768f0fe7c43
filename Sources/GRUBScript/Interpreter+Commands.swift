internal import BoundedBytes

/// What a command is called with.
struct Invocation {
    /// The words behind the command's name; the last one is the block, if there is one.
    var arguments: [[UInt8]]
    /// The block's own text, and where it lies.
    var block: (range: Range<Int>, text: ScriptText)?
}

extension Interpreter {
    /// Expands, measures and runs one command line.
    mutating func run(_ command: Command) throws(Stop) -> Status {
        place = command.place
        try spend(commands: 1)
        var words = try expand(command.words)
        if let block = command.block {
            words.append([0x7B] + command.text.bytes[block.range] + [0x7D])
            try spend(bytes: block.range.count)
        }
        // A line that expands to nothing is no command, and is not measured.
        guard let first = words.first else { return .success }
        measure(.command(Array(words.joined(separator: [0x20]))))
        let isInverted = first.elementsEqual("!".utf8)
        if isInverted {
            words.removeFirst()
            // GRUB leaves this error standing, which upsets later commands.
            if words.isEmpty { throw unpredictable("'!' without a command") }
        }
        let invocation = Invocation(
            arguments: Array(words.dropFirst()), block: command.block.map { ($0.range, command.text) })
        guard let status = try dispatch(words[0], invocation) else { return .success }
        if isInverted, case .code(let code) = status { return code == 0 ? .testFailure : .success }
        return status
    }

    /// - Returns: nil where no such command exists. GRUB takes it for an assignment, or reports an error, and goes on
    ///   as if it had succeeded in either case.
    private mutating func dispatch(_ name: [UInt8], _ invocation: Invocation) throws(Stop) -> Status? {
        if let command = builtIn(name) {
            guard lists.commands[name] == nil else { throw unpredictable("a command that is in two modules") }
            let status = try run(command, invocation)
            context.status = status
            return status
        }
        if let module = lists.commands[name] { return try loadModule(module) }
        if let body = functions[name] { return try call(name, body, invocation.arguments) }
        guard let equals = name.firstIndex(of: 0x3D) else {
            if let stranger = modules.subtracting(CommandTable.modules).min() {
                throw unpredictable(
                    "'" + Printable.escape(String(decoding: name, as: UTF8.self)) + "' may be of module " + stranger)
            }
            return nil
        }
        try setFromScript(Array(name[..<equals]), to: Array(name[(equals + 1)...]))
        return nil
    }

    /// The name of a command that GRUB's core or one of the image's modules has.
    func builtIn(_ name: [UInt8]) -> String? {
        let text = String(decoding: name, as: UTF8.self)
        return CommandTable.has(text, in: modules) ? text : nil
    }

    /// Runs a built-in command.
    mutating func run(_ command: String, _ call: Invocation) throws(Stop) -> Status {
        if let status = CommandTable.quiet[command] { return status }
        let arguments = call.arguments
        let query = "--is-supported".utf8
        return switch command {
        case "[", "test": try test(arguments)
        case "set", "unset", "export": try changeVariables(command, arguments)
        case "break", "continue": leaveLoop(command, arguments)
        case "return": try returnFromFunction(arguments)
        case "shift": shift(arguments)
        case "setparams": setParameters(arguments)
        case "source", ".", "configfile": try runConfiguration(command, arguments)
        case "normal": try enterNormalMode(arguments.first)
        case "menuentry", "submenu": try addMenuEntry(call, isSubmenu: command == "submenu")
        case "load_env", "save_env", "list_env": try environmentFile(command, arguments)
        case "search", "search.file", "search.fs_uuid", "search.fs_label": try search(command, arguments)
        case "linux", "linuxefi": try loadKernel(arguments)
        case "initrd", "initrdefi": try loadInitrd(arguments)
        case "chainloader": try chainload(arguments)
        case "boot": try boot()
        case "insmod": try insertModule(arguments)
        case "loadfont": try loadFonts(arguments)
        case "cat": try showFile(arguments)
        case "terminal_output": changeOutput(arguments)
        case "sleep": sleep(arguments)
        case "fwsetup" where machine.image.asksForFirmwareSetup && arguments.first?.elementsEqual(query) == true:
            firmwareSetup
        case "keystatus": keyStatus(arguments)
        default: throw unpredictable("the command '" + command + "' is not followed")
        }
    }
}
