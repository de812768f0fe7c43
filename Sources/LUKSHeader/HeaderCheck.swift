/// Whether what a header says is compared with what it must say: always, but in one build of the tests.
///
/// That build (`make control`) shows that the attacks which the check stops would succeed without it. It says so in
/// its first line, and `make guest` looks that no program to be installed has that line.
public enum HeaderCheck {
    #if SEALROOT_WITHOUT_HEADER_CHECK
        public static let warning: String? =
            "sealroot: THIS PROGRAM CHECKS NO HEADER and has the TPM answer in the clear: it is the control of the tests"

        public static func accepts(_ isRight: Bool) -> Bool { true }
    #else
        public static let warning: String? = nil

        /// - Parameter isRight: the outcome of one comparison.
        public static func accepts(_ isRight: Bool) -> Bool { isRight }
    #endif
}
