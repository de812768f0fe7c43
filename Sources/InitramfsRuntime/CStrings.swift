internal import CLinux

/// A list of C strings with a null pointer at its end, freed together: the arguments or the environment of a program.
@safe public struct CStrings: ~Copyable {
    public let pointers: [UnsafeMutablePointer<CChar>?]

    public init(_ strings: [String]) { unsafe pointers = strings.map { unsafe strdup($0) } + [nil] }

    deinit { unsafe pointers.forEach { unsafe free($0) } }
}
