internal import Cryptography
public import SNPABI

/// Parameters of SNP_LAUNCH_FINISH.
public struct LaunchFinish: Sendable {
    /// ID_BLOCK, 96 bytes, and ID_AUTH, 4096 bytes, by whoever built the guest; nil without.
    public var identity: (block: [UInt8], authentication: [UInt8])?
    /// AUTH_KEY_EN: whether the ID key is signed by an author's.
    public var hasAuthorKey: Bool
    /// VCEK_DIS: the guest gets neither reports nor keys by the VCEK.
    public var isVCEKDisabled: Bool
    /// 32 bytes of the host's choice, for the reports.
    public var hostData: [UInt8]

    public init(
        identity: (block: [UInt8], authentication: [UInt8])? = nil, hasAuthorKey: Bool = false,
        isVCEKDisabled: Bool = false, hostData: [UInt8] = [UInt8](repeating: 0, count: 32)
    ) {
        self.identity = identity
        self.hasAuthorKey = hasAuthorKey
        self.isVCEKDisabled = isVCEKDisabled
        self.hostData = hostData
    }
}

/// The end of a launch. Source: AMD 56860, SNP_LAUNCH_FINISH.
extension SecureProcessor {
    /// SNP_LAUNCH_FINISH: the guest runs from now on.
    ///
    /// - Throws: INVALID_GUEST_STATE unless in launch, INACTIVE without an ASID, INVALID_PARAM for unknown algorithms,
    ///   curves and versions, and an author's key without an ID block; POLICY_FAILURE, BAD_MEASUREMENT and BAD_SIGNATURE
    ///   where the ID block has another policy or digest, or is not signed. The guest then is in launch still.
    public func launchFinish(_ guest: GuestHandle, _ finish: LaunchFinish) throws(FirmwareStatus) {
        let context = try context(guest, in: .launch)
        guard context.asid != nil else { throw .inactive }
        guard finish.hostData.count == 32, finish.identity != nil || !finish.hasAuthorKey else {
            throw .invalidParameter
        }
        if let identity = finish.identity {
            context.identity = try checked(identity, hasAuthorKey: finish.hasAuthorKey, context)
        }
        context.hostData = finish.hostData
        context.isVCEKDisabled = finish.isVCEKDisabled
        context.state = .running
    }

    private func checked(
        _ identity: (block: [UInt8], authentication: [UInt8]), hasAuthorKey: Bool, _ context: GuestContext
    ) throws(FirmwareStatus) -> GuestIdentity {
        let (block, authentication): (IDBlock, IDAuthentication)
        do throws(SNPFormatError) {
            block = try IDBlock(parsing: identity.block)
            authentication = try IDAuthentication(parsing: identity.authentication)
        } catch { throw .invalidParameter }
        guard block.policy == context.policy else { throw .policyFailure }
        guard block.launchDigest == context.digest.bytes else { throw .badMeasurement }
        guard authentication.idKey.signed(identity.block, authentication.blockSignature) else { throw .badSignature }
        var result = GuestIdentity()
        result.familyID = block.familyID
        result.imageID = block.imageID
        result.guestSVN = block.guestSVN
        result.idKeyDigest = try working { () throws(CryptographyError) in try authentication.idKey.digest() }
        guard hasAuthorKey else { return result }
        guard let author = authentication.author, author.key.signed(authentication.idKey.encoded(), author.signature)
        else { throw .badSignature }
        result.authorKeyDigest = try working { () throws(CryptographyError) in try author.key.digest() }
        return result
    }
}

extension SigningPublicKey {
    /// Whether the key's owner has signed these bytes.
    fileprivate func signed(_ message: [UInt8], _ signature: ReportSignature) -> Bool {
        P384Signature.isValid(r: signature.r, s: signature.s, for: message, x: x, y: y)
    }
}
