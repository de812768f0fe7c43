extension Interpreter {
    /// `break [COUNT]`, `continue [COUNT]`.
    mutating func leaveLoop(_ command: String, _ arguments: [[UInt8]]) -> Status {
        var count: UInt64 = 1
        if let argument = arguments.first {
            let number = Number(argument, base: 10)
            if arguments.count == 1, let error = number.error { return error }
            guard arguments.count == 1, number.length == argument.count, number.value > 0 else { return .badArgument }
            count = number.value
        }
        loops.isContinue = command == "continue"
        loops.breaks = min(Int(clamping: count), loops.active)
        return .success
    }

    /// `return [STATUS]`, in a function or menu entry.
    mutating func returnFromFunction(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard scope != nil, arguments.count <= 1 else { return .badArgument }
        guard let argument = arguments.first else {
            isReturning = true
            return context.status ?? .success
        }
        let number = Number(argument, base: 10)
        if let error = number.error { return error }
        guard number.length == argument.count else { return .badArgument }
        isReturning = true
        return .code(Int(number.int))
    }

    /// `shift [COUNT]`.
    mutating func shift(_ arguments: [[UInt8]]) -> Status {
        guard let scope else { return .success }
        var count: UInt64 = 1
        if let argument = arguments.first {
            let number = Number(argument, base: 10)
            guard arguments.count == 1, number.length == argument.count else { return .badArgument }
            count = number.value
        }
        guard count <= UInt64(scope.arguments.count) else { return .badArgument }
        self.scope = Scope(arguments: Array(scope.arguments.dropFirst(Int(count))))
        return .success
    }

    /// `setparams [VALUE...]`.
    mutating func setParameters(_ arguments: [[UInt8]]) -> Status {
        guard scope != nil else { return .invalidCommand }
        scope = Scope(arguments: arguments)
        return .success
    }

    /// `sleep [--verbose] [--interruptible] SECONDS`: nobody interrupts it.
    func sleep(_ arguments: [[UInt8]]) -> Status {
        let options = [Option("verbose", short: "v", .none), Option("interruptible", short: "i", .none)]
        switch ParsedOptions.parse(arguments, options) {
        case .failure(let status): return status
        case .success(let parsed): return parsed.arguments.count == 1 ? .success : .badArgument
        }
    }

    /// `keystatus [--shift] [--ctrl] [--alt]`: no key is held down.
    func keyStatus(_ arguments: [[UInt8]]) -> Status {
        let options = ["shift", "ctrl", "alt"].map { Option($0, short: String($0.prefix(1)), .none) }
        switch ParsedOptions.parse(arguments, options) {
        case .failure(let status): return status
        case .success(let parsed):
            return parsed.values.isEmpty ? .unknown("what the keyboard's driver can do") : .testFailure
        }
    }

    /// `fwsetup --is-supported`. Source: GRUB 2.12, `commands/efi/efifwsetup.c`.
    var firmwareSetup: Status {
        machine.hasFirmwareSetup.map { $0 ? .success : .testFailure } ?? .unknown("the firmware's setup menu")
    }

    mutating func changeOutput(_ arguments: [[UInt8]]) -> Status {
        if arguments.contains(Array("gfxterm".utf8)) { usesGraphics = true }
        return .unknown("which terminals there are")
    }

    /// `cat FILE`.
    mutating func showFile(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        switch ParsedOptions.parse(arguments, [Option("dos", .none)]) {
        case .failure(let status): return status
        case .success(let parsed):
            guard parsed.arguments.count == 1 else { return .badArgument }
            guard case .failed(let status) = try open(parsed.arguments[0]) else { return .success }
            return status
        }
    }
}
