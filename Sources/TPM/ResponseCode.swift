internal import CTSS2

// What a response code means to a caller.
//
// Source: TCG TPM 2.0 Library, Part 2, section 6.6 (TPM_RC); TCG TSS 2.0 Overview, section 3.2 (layers).
extension TPMError {
    /// The sealed object's policy does not hold for the PCRs as they stand.
    public var isPolicyFailure: Bool { tpmCode == shim_TPM2_RC_POLICY_FAIL }

    /// A PCR was extended between the check of the policy and its use; a fresh session may succeed.
    public var isPCRChange: Bool { tpmCode == shim_TPM2_RC_PCR_CHANGED }

    /// The TPM is in dictionary-attack lockout.
    public var isLockout: Bool { tpmCode == shim_TPM2_RC_LOCKOUT }

    /// The TPM is busy, and still was after all our retries.
    public var isRetry: Bool { tpmCode.map(isRetryCode) ?? false }

    /// The object belongs to another TPM or key, or was changed.
    public var isForeignObject: Bool {
        guard fault != .objectAttributes, fault != .seed else { return true }
        switch call {
        case .load: return tpmCode == shim_TPM2_RC_INTEGRITY || tpmCode == shim_TPM2_RC_BINDING
        // Whichever parameter the TPM numbers (bit 6), the object is not one that was wrapped for this key.
        case .importObject: return tpmCode != nil && code & 0xC0 == 0xC0
        default: return false
        }
    }

    /// The TPM says that it has failed, of itself or of what it was given.
    var isFailure: Bool { tpmCode == shim_TPM2_RC_FAILURE }

    /// The counter has moved on, beyond what the policy was approved for.
    public var isRevoked: Bool { call == .policyNV && tpmCode == shim_TPM2_RC_POLICY }

    /// The counter was stepped before, and a first step was asked for.
    public var isStepped: Bool { call == .increment && tpmCode == shim_TPM2_RC_POLICY_FAIL }

    /// No NV index lives under the counter's handle.
    public var isMissingCounter: Bool {
        switch call {
        case .policyNV, .readIndex, .increment, .undefineSpace: tpmCode == shim_TPM2_RC_HANDLE
        default: false
        }
    }

    /// An NV index lives under the counter's handle, and shows itself not to be the counter: it was never stepped,
    /// or is not for everybody to read, or too short. Others satisfy no policy either: `isUnapproved`.
    public var isForeignCounter: Bool {
        guard fault != .foreignCounter else { return true }
        switch call {
        case .policyNV, .readIndex:
            switch tpmCode {
            case shim_TPM2_RC_NV_UNINITIALIZED, shim_TPM2_RC_NV_AUTHORIZATION, shim_TPM2_RC_NV_LOCKED,
                shim_TPM2_RC_NV_RANGE, shim_TPM2_RC_AUTH_FAIL, shim_TPM2_RC_BAD_AUTH,
                shim_TPM2_RC_AUTH_UNAVAILABLE, shim_TPM2_RC_SIZE:
                return true
            default: return false
            }
        default: return false
        }
    }

    /// What holds now is not what was approved, or the authority did not approve it.
    public var isUnapproved: Bool {
        switch call {
        case .loadExternal:
            tpmCode == shim_TPM2_RC_ECC_POINT || tpmCode == shim_TPM2_RC_KEY || tpmCode == shim_TPM2_RC_BINDING
        case .verifySignature: tpmCode == shim_TPM2_RC_SIGNATURE
        case .policyAuthorize: tpmCode == shim_TPM2_RC_VALUE
        default: false
        }
    }

    /// Nothing lives under the handle.
    public var isMissingHandle: Bool { call == .fromPublic && tpmCode == shim_TPM2_RC_HANDLE }

    /// The persistent handle or NV index is taken.
    public var isHandleTaken: Bool {
        (call == .evictControl || call == .defineSpace) && tpmCode == shim_TPM2_RC_NV_DEFINED
    }

    /// No TPM answers: no device, a broken connection, a TPM that was not started or has failed.
    public var isUnavailable: Bool {
        switch layer {
        case .tpm: tpmCode == shim_TPM2_RC_INITIALIZE || tpmCode == shim_TPM2_RC_FAILURE
        case .transport: code != shim_TSS2_TCTI_RC_MALFORMED_RESPONSE
        default: call == .connect || call == .initialize
        }
    }

    /// What answered does not speak as a TPM does, or its answer does not authenticate.
    public var isMalformedReply: Bool {
        switch fault {
        case .pcrValues, .eventDigests, .properties, .name, .reply: true
        case .some: false
        case .none:
            code == shim_TSS2_TCTI_RC_MALFORMED_RESPONSE || layer == .stack && !isOutOfMemory || isBrokenSession
        }
    }

    /// The TPM refuses our session's HMAC. Its key comes from the salt alone, so either another key answers, or
    /// what we were told of the session was altered on the way.
    private var isBrokenSession: Bool {
        switch call {
        case .unseal, .create, .event, .extend, .readPCRs, .increment:
            tpmCode == shim_TPM2_RC_BAD_AUTH || tpmCode == shim_TPM2_RC_AUTH_FAIL
        default: false
        }
    }

    /// The TSS layer has nothing to fall back on; the context needs to be made anew.
    var breaksContext: Bool { code >> 16 != 0 }

    private enum Layer { case tpm, stack, transport, other }

    private var layer: Layer {
        switch code >> 16 {
        case 0 where code != 0: .tpm
        case 7, 8, 9: .stack
        case 10: .transport
        // 11 and 12: the resource manager speaking for itself, or for the TPM.
        case 11, 12: .tpm
        default: .other
        }
    }

    private var isOutOfMemory: Bool { code & 0xFFFF == UInt32(TSS2_BASE_RC_MEMORY) }

    /// The TPM's own code. A format-one code also numbers a handle, parameter or session (bits 6 and 8...11);
    /// those are masked off.
    private var tpmCode: UInt32? {
        guard fault == nil, layer == .tpm else { return nil }
        let number = code & 0xFFFF
        return number & 0x80 != 0 ? number & ~0xF40 : number
    }
}

/// The TPM did not run the command and wants it again, unchanged.
func isRetryCode(_ code: UInt32) -> Bool {
    code == shim_TPM2_RC_RETRY || code == shim_TPM2_RC_YIELDED || code == shim_TPM2_RC_TESTING
        || code == shim_TPM2_RC_NV_RATE
}
