extension Interpreter {
    /// Parses and runs a whole text, line by line.
    mutating func run(_ text: ScriptText) throws(Stop) {
        var parser = Parser(text)
        while let line = try parse(&parser) {
            for function in line.functions {
                place = function.place
                guard executing[function.name, default: 0] == 0 else {
                    throw unpredictable("a function that is redefined while it runs")
                }
                functions[function.name] = function.body
            }
            guard !line.statements.isEmpty else { continue }
            _ = try nested { (interpreter: inout Self) throws(Stop) in try interpreter.run(line.statements) }
        }
    }

    private func parse(_ parser: inout Parser) throws(Stop) -> ScriptLine? {
        do throws(SyntaxError) {
            return try parser.nextLine()
        } catch {
            throw .ending(.malformed(error.what, error.place))
        }
    }

    /// One level deeper, with the status left in `$?`.
    mutating func nested(_ body: (inout Self) throws(Stop) -> Status) throws(Stop) -> Status {
        depth += 1
        guard depth < Self.depthLimit else { throw unpredictable("GRUB's limit of nested statements") }
        let status = try body(&self)
        depth -= 1
        context.status = status
        return status
    }

    private mutating func run(_ statements: [Statement]) throws(Stop) -> Status {
        var status = Status.success
        for statement in statements {
            if loops.breaks > 0 { break }
            status = try nested { (interpreter: inout Self) throws(Stop) in try interpreter.run(statement) }
            if isReturning { break }
        }
        return status
    }

    /// A list that is itself one statement to GRUB; an empty one is none.
    private mutating func runList(_ statements: [Statement]) throws(Stop) -> Status {
        if statements.isEmpty { return .success }
        return try nested { (interpreter: inout Self) throws(Stop) in try interpreter.run(statements) }
    }

    private mutating func run(_ statement: Statement) throws(Stop) -> Status {
        switch statement {
        case .command(let command): try run(command)
        case .conditional(let conditional): try run(conditional, from: 0)
        case .iteration(let iteration): try run(iteration)
        case .repetition(let repetition): try run(repetition)
        }
    }

    /// Whether a condition holds; where that is not known before the boot, the prediction ends.
    func holds(_ status: Status) throws(Stop) -> Bool {
        switch status {
        case .code(let code): return code == 0
        case .unknown(let reason): throw unpredictable("what follows depends on " + reason)
        }
    }

    /// An `elif` is to GRUB an `if` within the `else`, one level deeper.
    private mutating func run(_ conditional: Conditional, from index: Int) throws(Stop) -> Status {
        let branch = conditional.branches[index]
        let status = try runList(branch.condition)
        if isReturning { return status }
        if try holds(status) { return try runList(branch.body) }
        if index + 1 == conditional.branches.count { return try runList(conditional.otherwise) }
        return try nested { (interpreter: inout Self) throws(Stop) in try interpreter.run(conditional, from: index + 1)
        }
    }

    private mutating func run(_ iteration: Iteration) throws(Stop) -> Status {
        place = iteration.place
        let words = try expand(iteration.words)
        loops.active += 1
        var status = Status.success
        for word in words {
            if loops.isContinue, loops.breaks == 1 { loops.breaks = 0 }
            if loops.breaks > 0 { break }
            try setFromScript(iteration.name, to: word)
            status = try runList(iteration.body)
            if isReturning { break }
        }
        endLoop()
        return status
    }

    private mutating func run(_ repetition: Repetition) throws(Stop) -> Status {
        loops.active += 1
        var status = Status.success
        while true {
            status = try runList(repetition.condition)
            if isReturning { break }
            if try holds(status) == repetition.isUntil { break }
            status = try runList(repetition.body)
            if isReturning { break }
            if loops.breaks == 1, loops.isContinue { loops.breaks = 0 }
            if loops.breaks > 0 { break }
        }
        endLoop()
        return status
    }

    private mutating func endLoop() {
        if loops.breaks > 0 { loops.breaks -= 1 }
        loops.active -= 1
    }

    /// Runs a function with parameters of its own.
    mutating func call(_ name: [UInt8], _ body: [Statement], _ arguments: [[UInt8]]) throws(Stop) -> Status {
        let (outer, active) = (scope, loops.active)
        loops.active = 0
        scope = Scope(arguments: arguments)
        executing[name, default: 0] += 1
        let status = try runList(body)
        executing[name, default: 1] -= 1
        isReturning = false
        loops.active = active
        scope = outer
        return status
    }
}
