internal import ArgumentParser

/// The options of every command that reads the boot files of an installed system.
struct SystemOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The root folder of the installed system.", valueName: "dir"), completion: .directory)
    var root: String?

    @Option(help: ArgumentHelp("A raw disk image instead of a folder.", valueName: "file"), completion: .file())
    var image: String?

    func validate() throws {
        guard root == nil || image == nil else { throw ValidationError("--root and --image exclude each other") }
    }
}
