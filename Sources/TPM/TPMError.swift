internal import CTSS2

/// A TSS call that failed: the response code as the TPM or a TSS layer gave it, or a fault that we found.
public struct TPMError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Call: String, Sendable {
        case connect = "Tss2_TctiLdr_Initialize"
        case initialize = "Esys_Initialize"
        case fromPublic = "Esys_TR_FromTPMPublic"
        case serialize = "Esys_TR_Serialize"
        case deserialize = "Esys_TR_Deserialize"
        case resourceHandle = "Esys_TR_GetTpmHandle"
        case startSession = "Esys_StartAuthSession"
        case sessionAttributes = "Esys_TRSess_SetAttributes"
        case createPrimary = "Esys_CreatePrimary"
        case evictControl = "Esys_EvictControl"
        case create = "Esys_Create"
        case load = "Esys_Load"
        case importObject = "Esys_Import"
        case loadExternal = "Esys_LoadExternal"
        case verifySignature = "Esys_VerifySignature"
        case policyPCR = "Esys_PolicyPCR"
        case policyNV = "Esys_PolicyNV"
        case policyNVWritten = "Esys_PolicyNvWritten"
        case policySecret = "Esys_PolicySecret"
        case policyCommandCode = "Esys_PolicyCommandCode"
        case policyAuthorize = "Esys_PolicyAuthorize"
        case certify = "Esys_Certify"
        case unseal = "Esys_Unseal"
        case readPCRs = "Esys_PCR_Read"
        case event = "Esys_PCR_Event"
        case extend = "Esys_PCR_Extend"
        case defineSpace = "Esys_NV_DefineSpace"
        case undefineSpace = "Esys_NV_UndefineSpace"
        case increment = "Esys_NV_Increment"
        case readIndex = "Esys_NV_Read"
        case capability = "Esys_GetCapability"
        case marshal = "Tss2_MU_TPM2B_PUBLIC_Marshal"
        /// No call to TSS: the policy is computed here.
        case policyDigest = "policy digest"
    }

    public let call: Call
    /// 32 bits: the TPM's response code, or a TSS layer number (bits 16...23) and that layer's code. 0 where
    /// `fault` says it all.
    public let code: UInt32
    /// What we refused, where TSS was content.
    public let fault: Fault?

    init(_ call: Call, code: UInt32) {
        self.call = call
        self.code = code
        fault = nil
    }

    init(_ call: Call, _ fault: Fault) {
        self.call = call
        code = 0
        self.fault = fault
    }

    /// For example `Esys_Unseal: tpm:session(1):a policy check failed`.
    public var description: String { call.rawValue + ": " + (fault?.description ?? text) }

    private var text: String {
        let number = "0x" + String(code, radix: 16)
        // Older tpm2-tss looks layers up without a bound (CVE-2023-22745); the known ones end at 12.
        guard code >> 16 <= 12, let text = unsafe Tss2_RC_Decode(code) else { return number }
        return unsafe String(cString: text) + " (" + number + ")"
    }
}
