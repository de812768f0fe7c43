public import SealedFormat
public import Secrets

/// Where the second factor comes from. On SEV-SNP that is the secure processor, by MSG_KEY_REQ.
public protocol SecondFactorProvider {
    /// The key that `selection` names, 32 bytes.
    ///
    /// - Throws: `.factorUnavailable`, `.factorRefused`.
    func key(_ selection: DerivedKeySelection) throws(SealingError) -> SecretBytes
}

/// A machine without secure processor.
public struct NoSecondFactor: SecondFactorProvider {
    public init() {}

    public func key(_ selection: DerivedKeySelection) throws(SealingError) -> SecretBytes {
        throw .factorUnavailable("there is no provider for it")
    }
}

extension SealedSecret {
    /// The secret as `selection` wants it: combined with the provider's key, or as it is where there is none.
    public consuming func combined(
        with selection: DerivedKeySelection?, from provider: some SecondFactorProvider
    ) throws(SealingError) -> SealedSecret {
        guard let selection else { return self }
        return try combined(with: provider.key(selection))
    }
}
