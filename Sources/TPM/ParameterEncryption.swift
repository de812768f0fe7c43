internal import CTSS2

/// Whether the TPM encrypts what it answers to the unlock: always, but in the build of the tests that checks no header
/// either (`make control`). That build shows what a host on the bus would learn.
enum ParameterEncryption {
    #if SEALROOT_WITHOUT_PARAMETER_ENCRYPTION
        static var ofResponses: [TPMA_SESSION] { [] }
    #else
        static var ofResponses: [TPMA_SESSION] { [TPMA_SESSION_ENCRYPT] }
    #endif
}
