internal import ArgumentParser
internal import Enrollment

/// Where a machine keeps the keys of its authorities.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder with the keys that approve policies (default: \(AuthorityStore.defaultFolder)).", valueName: "dir"),
        completion: .directory)
    var state = AuthorityStore.defaultFolder

    var store: AuthorityStore { AuthorityStore(folder: state) }
}
