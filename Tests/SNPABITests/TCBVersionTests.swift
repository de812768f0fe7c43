import SNPABI
import Testing

@Suite struct TCBVersionTests {
    /// The levels of the real reports' certificates, see `snp/reports/*/expected.json`.
    @Test func hasItsComponentsWhereTheGenerationHasThem() {
        let milan = TCBVersion(rawValue: 0xD918_0000_0000_0004)
        #expect(
            milan.components(for: .milan) == TCBComponents(bootLoader: 4, tee: 0, snp: 0x18, microcode: 0xD9))
        #expect(TCBVersion(milan.components(for: .milan), for: .milan) == milan)
        let turin = TCBVersion(rawValue: 0x4700_0000_0200_0100)
        #expect(
            turin.components(for: .turin) == TCBComponents(fmc: 0, bootLoader: 1, tee: 0, snp: 2, microcode: 0x47))
        #expect(TCBVersion(turin.components(for: .turin), for: .turin) == turin)
        #expect(turin.description == "0001000200000047")
    }

    /// A number that is larger as a whole may be older in one component.
    @Test func isComparedByComponent() {
        let old = TCBVersion(TCBComponents(bootLoader: 5, tee: 0, snp: 20, microcode: 100), for: .genoa)
        let mixed = TCBVersion(TCBComponents(bootLoader: 4, tee: 0, snp: 20, microcode: 200), for: .genoa)
        #expect(mixed.rawValue > old.rawValue)
        #expect(!mixed.isAtLeast(old))
        #expect(!old.isAtLeast(mixed))
        #expect(old.isAtLeast(old))
    }
}
