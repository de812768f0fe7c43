extension Interpreter {
    /// `load_env`, `save_env`, `list_env`, on `$prefix/grubenv` or the file of `--file`.
    ///
    /// Source: GRUB 2.06, `commands/loadenv.c`. Only loading is measured.
    mutating func environmentFile(_ command: String, _ arguments: [[UInt8]]) throws(Stop) -> Status {
        let options = [Option("file", short: "f", .required), Option("skip-sig", short: "s", .none)]
        let parsed: ParsedOptions
        switch ParsedOptions.parse(arguments, options) {
        case .failure(let status): return status
        case .success(let result): parsed = result
        }
        let isSaving = command == "save_env"
        if isSaving, parsed.arguments.isEmpty { return .badArgument }
        let name = parsed.value("file") ?? (value(of: "prefix") ?? []) + Array("/grubenv".utf8)
        let isVerified = !isSaving && !parsed.isGiven("skip-sig")
        let (file, device): (GRUBFile, DeviceReference)
        switch try open(name, for: isVerified ? .data : .unverified) {
        case .failed(let status): return status
        case .file(let opened, let place): (file, device) = (opened, place)
        }
        let bytes = try text(of: file, on: device)
        guard let block = EnvironmentBlock(bytes) else { return .badFileType }
        guard !bytes.contains(0) else { throw unpredictable("\(file) has NUL bytes") }
        if isSaving { return try save(parsed.arguments, in: block, file, on: device) }
        if command == "load_env" {
            for (name, value) in block.variables where parsed.arguments.isEmpty || parsed.arguments.contains(name) {
                try set(name, to: value)
            }
        }
        return .success
    }

    private mutating func save(
        _ names: [[UInt8]], in block: EnvironmentBlock, _ file: GRUBFile, on device: DeviceReference
    ) throws(Stop) -> Status {
        guard case .disk(let disk) = device, disk.isWritable else {
            throw unpredictable("whether GRUB can write to \(file)")
        }
        var block = block
        for name in names {
            guard let value = context.variables[name]?.value else {
                block.remove(name)
                continue
            }
            guard block.set(name, to: value) else { return .badArgument }
        }
        written[Self.key(file)] = block.bytes
        return .success
    }
}
