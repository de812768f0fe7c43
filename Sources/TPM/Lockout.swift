internal import CTSS2

/// Dictionary-attack protection as it stands.
public struct LockoutState: Equatable, Sendable {
    public let isLockedOut: Bool
    /// Failed authorisations counted, and how many lead to lockout.
    public let failures: UInt32
    public let maximumFailures: UInt32
    /// Seconds until one failure is forgotten.
    public let intervalSeconds: UInt32
    /// Seconds until lockoutAuth may be tried again after it failed.
    public let recoverySeconds: UInt32
}

extension TPM {
    /// Reads the lockout state, by TPM2_GetCapability.
    ///
    /// Source: TCG TPM 2.0 Library, Part 2, section 6.13 (TPM_PT) and 8.6 (TPMA_PERMANENT).
    public func lockout() throws(TPMError) -> LockoutState {
        let esys = unsafe try link.ready()
        let first = shim_TPM2_PT_PERMANENT
        let count = shim_TPM2_PT_LOCKOUT_RECOVERY - first + 1
        let answer = unsafe try capability(TPM2_CAP_TPM_PROPERTIES, from: first, count: count, esys)
        var list = unsafe answer.data.tpmProperties
        let properties = unsafe withUnsafeBytes(of: &list.tpmProperty) {
            unsafe Array($0.bindMemory(to: TPMS_TAGGED_PROPERTY.self).prefix(Int(list.count)))
        }
        func value(_ property: TPM2_PT) throws(TPMError) -> UInt32 {
            guard let found = properties.first(where: { $0.property == property }) else {
                throw TPMError(.capability, .properties)
            }
            return found.value
        }
        return LockoutState(
            isLockedOut: try value(shim_TPM2_PT_PERMANENT) & TPMA_PERMANENT_INLOCKOUT != 0,
            failures: try value(shim_TPM2_PT_LOCKOUT_COUNTER),
            maximumFailures: try value(shim_TPM2_PT_MAX_AUTH_FAIL),
            intervalSeconds: try value(shim_TPM2_PT_LOCKOUT_INTERVAL),
            recoverySeconds: try value(shim_TPM2_PT_LOCKOUT_RECOVERY))
    }
}
