/// What the owner demands of a guest that wants its keys: one JSON file.
///
/// An unknown key is refused: it may be a rule that this version would not apply. Every key but `version` may be left
/// out, but a policy must say which guest it means: by `measurements`, `id_keys` or `author_keys`, or, where the platform
/// certifies its TPM, by `ek_roots` alone. As soon as there is a rule for reports, `minimum_tcb` must be there, too.
///
/// | key | value | default |
/// | --- | --- | --- |
/// | `version` | 1 | |
/// | `measurements` | launch digests that are accepted: 96 digits each | any |
/// | `id_keys`, `author_keys` | SHA-384 of the keys that signed the ID block: 96 digits each | any |
/// | `family_ids`, `image_ids` | of the ID block: 32 digits each | any |
/// | `minimum_guest_svn` | number | 0 |
/// | `vmpl` | 0 to 3: the level that asked for the report | 0 |
/// | `minimum_tcb` | object of `milan`, `genoa`, `turin`; a generation that is not named is refused | |
/// | `minimum_tcb.G` | object of `reported` (required), `committed`, `launch`: objects of `boot_loader`, `tee`, `snp`, `microcode`, and `fmc` for Turin, all of them 0 to 255 | |
/// | `guest_policy` | object of `smt`, `migration-agent`, `debug`, `single-socket`, `cxl`, `mem-aes-256-xts`, `rapl-disabled`, `ciphertext-hiding`, `page-swap-disabled`: each `refused`, `allowed` or `required` | `debug` and `migration-agent` refused, the others allowed |
/// | `platform_info` | object of `smt`, `tsme`, `ecc`, `rapl-disabled`, `ciphertext-hiding`, `alias-check-complete`, `tio`: likewise | allowed |
/// | `host_data` | values that are accepted: 64 digits each | any |
/// | `chips` | processors that are accepted, as CHIP_ID has them: 128 digits each, or 16 of a Turin | any |
/// | `signers` | list of `vcek`, `vlek` | both |
/// | `csp_ids` | cloud providers whose VLEKs are accepted | any |
/// | `roots` | PEM texts of roots besides AMD's, such as an emulated chip's | none |
/// | `revocation_list` | `fresh`, `any` or `optional`: whether a list of the root's must be at hand | `optional` |
/// | `ek_roots` | PEM texts of the authorities that certify endorsement keys of TPMs | none |
/// | `not_before` | a time such as `2026-11-24T00:00:00Z`: a clock that shows less is not believed | none |
public struct AttestationPolicy: Equatable, Sendable {
    /// nil where the platform's certificate of the TPM is all that is demanded.
    public let report: ReportRules?
    public let roots: TrustedRoots
    public let revocation: RevocationDemand
    /// DER of the authorities for endorsement keys.
    public let ekRoots: [[UInt8]]
    /// In seconds since 1970.
    public let notBefore: Int64?

    /// The time that certificates are checked at, by a clock that somebody may have set back.
    public func time(clock: Int64) -> Int64 { max(clock, notBefore ?? .min) }

    /// The verifier for this policy, with `others` as further roots.
    public func verifier(clock: Int64, roots others: TrustedRoots = .amd) -> ReportVerifier {
        ReportVerifier(roots: roots.union(others), revocation: revocation, time: time(clock: clock))
    }
}
