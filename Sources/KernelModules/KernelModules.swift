internal import CKmod

/// Loads kernel modules through libkmod, with their dependencies, as modprobe does.
public enum KernelModules {
    /// What became of one name.
    public enum Outcome: Equatable, Sendable {
        /// Loaded now, loaded before, or built in.
        case present
        /// This kernel has no such module: it may be built in under another name, or not exist.
        case unknown
        /// The kernel refused it, with `errno`.
        case refused(Int32)
    }

    /// Loads each of `names` in turn. A module that cannot be had is no error yet: only the device that it
    /// would have driven is missed.
    ///
    /// - Parameter folder: The folder with `modules.dep`; nil is that of the running kernel.
    public static func load(_ names: [String], from folder: String? = nil) -> [(name: String, outcome: Outcome)] {
        // The second argument names configuration folders; an initramfs has none of its own.
        guard let context = unsafe kmod_new(folder, nil) else { return names.map { ($0, .unknown) } }
        defer { unsafe kmod_unref(context) }
        // Without the preloaded index each look-up would map the index files again.
        _ = unsafe kmod_load_resources(context)
        return names.map { ($0, unsafe load($0, context)) }
    }

    private static func load(_ name: String, _ context: OpaquePointer) -> Outcome {
        var list: OpaquePointer?
        guard unsafe kmod_module_new_from_lookup(context, name, &list) >= 0, let list = unsafe list else {
            return .unknown
        }
        defer { unsafe kmod_module_unref_list(list) }
        var outcome = Outcome.unknown
        var entry: OpaquePointer? = unsafe list
        while let current = unsafe entry {
            guard let module = unsafe kmod_module_get_module(current) else { return .unknown }
            defer { unsafe kmod_module_unref(module) }
            let code = unsafe kmod_module_probe_insert_module(module, 0, nil, nil, nil, nil)
            guard code >= 0 else { return .refused(-code) }
            outcome = .present
            unsafe entry = kmod_list_next(list, current)
        }
        return outcome
    }
}
