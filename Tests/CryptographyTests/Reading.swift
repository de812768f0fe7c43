import Cryptography
import TestSupport

/// `#require` for types that cannot be copied.
func readCertificate(_ bytes: [UInt8]) throws -> X509Certificate {
    guard let certificate = X509Certificate.parse(bytes) else { throw CommandFailure(description: "no certificate") }
    return certificate
}

func readList(_ bytes: [UInt8]) throws -> RevocationList {
    guard let list = RevocationList.parse(bytes) else { throw CommandFailure(description: "no revocation list") }
    return list
}

/// `#expect` takes no call of theirs either.
func isSigned(_ certificate: [UInt8], by issuer: [UInt8]) throws -> Bool {
    let issuer = try readCertificate(issuer)
    return try readCertificate(certificate).isSigned(by: issuer)
}

func names(_ certificate: [UInt8], asIssuer issuer: [UInt8]) throws -> Bool {
    let issuer = try readCertificate(issuer)
    return try readCertificate(certificate).names(asIssuer: issuer)
}
