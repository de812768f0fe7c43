import SNPABI
import Testing

@Suite struct CPUModelTests {
    /// Signatures as virtee/sev-snp-measure 0.0.13 has them.
    @Test(
        arguments: [
            ("EPYC", 0x80_0F12), ("EPYC-v1", 0x80_0F12), ("EPYC-v4", 0x80_0F12), ("EPYC-IBPB", 0x80_0F12),
            ("EPYC-Rome", 0x83_0F10), ("EPYC-Rome-v3", 0x83_0F10), ("EPYC-Milan", 0xA0_0F11),
            ("EPYC-Milan-v2", 0xA0_0F11),
            ("EPYC-Genoa", 0xA1_0F10), ("EPYC-Genoa-v1", 0xA1_0F10), ("EPYC-Turin", 0xB0_0F00),
        ] as [(String, UInt32)])
    func hasTheSignatureOfItsGeneration(_ name: String, _ signature: UInt32) throws {
        let model = try #require(CPUModel(name: name))
        #expect(model.processor.signature == signature)
        #expect(model.name == name)
        #expect(ProcessorIdentity(signature: signature) == model.processor)
    }

    @Test(arguments: [
        "", "epyc", "EPYC-", "EPYC-v", "EPYC-v0", "EPYC-v6", "EPYC-v04", "EPYC-IBPB-v1", "EPYC-Milan-v4",
        "EPYC-Turin-v2",
        "EPYC-v1 ", "Opteron_G5", "host",
    ])
    func knowsNoOther(_ name: String) { #expect(CPUModel(name: name) == nil) }

    @Test func splitsEverySignatureOfAnExtendedFamily() {
        for family: UInt8 in [0, 6, 0xE, 0xF, 0x10, 0x19, 0xFF] {
            for model: UInt8 in [0, 1, 0x0F, 0x10, 0xFF] {
                let processor = ProcessorIdentity(family: family, model: model, stepping: 0xF)
                #expect(ProcessorIdentity(signature: processor.signature) == processor)
            }
        }
    }
}
