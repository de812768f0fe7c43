import TPM
import Testing

@Suite struct PolicyAuthorityTests {
    @Test func takesItsOwnPublicAreaAndNoOther() throws {
        let authority = try Authority().authority
        let area = authority.publicArea
        #expect(try PolicyAuthority(publicArea: area, reference: authority.reference) == authority)
        for length in 0..<area.count {
            #expect(throws: TPMError.self) {
                try PolicyAuthority(publicArea: Array(area.prefix(length)), reference: [1])
            }
        }
        #expect(throws: TPMError.self) { try PolicyAuthority(publicArea: area + [0], reference: [1]) }
        // All that is not the point is fixed: sizes, algorithms, attributes, scheme and curve.
        for offset in area.indices where !(24..<56).contains(offset) && !(58..<90).contains(offset) {
            for bit in 0..<8 {
                var spoilt = area
                spoilt[offset] ^= 1 << UInt8(bit)
                let error = try refusal { _ = try PolicyAuthority(publicArea: spoilt, reference: [1]) }
                #expect(error?.fault == .authorityKey, "bit \(bit) of byte \(offset)")
            }
        }
    }

    @Test func refusesReferencesAndSizesThatNoTPMTakes() throws {
        let authority = try Authority().authority
        for count in [0, 65, 100_000] {
            let reference = [UInt8](repeating: 1, count: count)
            let error = try refusal { _ = try PolicyAuthority(publicArea: authority.publicArea, reference: reference) }
            #expect(error?.fault == .policyReference)
        }
        let good = [UInt8](repeating: 1, count: 32)
        for (x, y) in [([], good), (good, []), (good + [1], good), (good, Array(good.dropLast()))] {
            let error = try refusal { _ = try PolicyAuthority(x: x, y: y, reference: [1]) }
            #expect(error?.fault == .authorityKey)
        }
        for (digest, signature) in [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)] {
            let error = try refusal {
                _ = try Approval(
                    authority: authority, policyDigest: randomBytes(digest), signature: randomBytes(signature))
            }
            #expect(error?.fault == .policySize || error?.fault == .signature)
        }
    }

    @Test(arguments: [0, 0x017F_FFFF, 0x01C0_0000, 0x8100_0001, UInt32.max])
    func refusesACounterThatNoOwnerDefines(_ handle: UInt32) throws {
        let authority = try Authority().authority
        let error = try refusal { _ = try RevocationCounter(handle: handle, authority: authority) }
        #expect(error?.fault == .counterHandle)
    }

    @Test func refusesAPolicyOfAnotherSizeThanTheTPMs() throws {
        let counter = try RevocationCounter(handle: 0x0180_5EA0, authority: Authority().authority)
        for count in [0, 31, 33, 64] {
            let error = try refusal { _ = try PolicyDigest.counter(atMost: 1, of: counter, after: randomBytes(count)) }
            #expect(error?.fault == .policySize)
        }
    }

    @Test func namesACounterByItsHandleAndKeyAlone() throws {
        let (authority, other) = (try Authority(), try Authority())
        let counter = try RevocationCounter(handle: 0x0180_5EA0, authority: authority.authority)
        let reference = try PolicyAuthority(publicArea: authority.authority.publicArea, reference: [7])
        #expect(try RevocationCounter(handle: 0x0180_5EA0, authority: reference) == counter)
        #expect(try RevocationCounter(handle: 0x0180_5EA1, authority: authority.authority).name != counter.name)
        #expect(try RevocationCounter(handle: 0x0180_5EA0, authority: other.authority).name != counter.name)
        #expect(counter.authority.reference == Array("sealroot counter step v1".utf8))
    }
}
