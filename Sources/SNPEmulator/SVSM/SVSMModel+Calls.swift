public import SNPABI

/// What the guest's kernel calls, behind the calling area: the result goes into RAX.
///
/// Of the core protocol there is what needs no page tables: QUERY_PROTOCOL and the question of CONFIGURE_VTOM. PVALIDATE,
/// CREATE_VCPU and the others belong to the memory's model, and are UNSUPPORTED_CALL here.
/// Source: AMD 58019; where it leaves a choice, as coconut-svsm (kernel/src/protocols).
extension SVSMModel {
    /// Runs one call.
    public func handle(
        _ call: SVSMCall, _ registers: inout SVSMRegisters, memory: inout some SVSMGuestMemory
    ) -> SVSMResult {
        do throws(SVSMResult) {
            switch call.protocolNumber {
            case 0: try handleCore(call, &registers)
            case SVSMCall.attestServices.protocolNumber: try attest(call, &registers, memory: &memory)
            case SVSMCall.vtpmQuery.protocolNumber: try handleTPM(call, &registers, memory: &memory)
            default: return .unsupportedProtocol
            }
            return .success
        } catch { return error }
    }

    private func handleCore(_ call: SVSMCall, _ registers: inout SVSMRegisters) throws(SVSMResult) {
        switch call {
        case .queryProtocol: registers.rcx = Self.versions(of: registers.rcx)
        case Self.configureVTOM:
            // Only whether it could be configured is a question that has an answer: it cannot.
            guard registers.rcx & 1 == 1 else { throw .invalidRequest }
            registers.rcx = 0
        default: throw .unsupportedCall
        }
    }

    private static let configureVTOM = SVSMCall(protocolNumber: 0, number: 7)

    /// Highest and lowest version of a protocol, or 0 where the asked one is not among them. Of each there is version 1.
    private static func versions(of question: UInt64) -> UInt64 {
        let (number, version) = (question >> 32, question & 0xFFFF_FFFF)
        return number <= 2 && version == 1 ? 1 << 32 | 1 : 0
    }

    /// SVSM_VTPM_QUERY and SVSM_VTPM_CMD.
    private func handleTPM(
        _ call: SVSMCall, _ registers: inout SVSMRegisters, memory: inout some SVSMGuestMemory
    ) throws(SVSMResult) {
        switch call {
        case .vtpmQuery:
            registers.rcx = 1 << UInt64(VTPMCommand.sendCommand)
            registers.rdx = 0
        case .vtpmCommand:
            let address = registers.rcx
            // The buffer is a page, wherever it begins.
            guard address != 0, let buffer = memory.read(VTPMCommand.bufferByteCount, at: address) else {
                throw .invalidParameter
            }
            let command: VTPMCommand
            do throws(SNPFormatError) { command = try VTPMCommand(parsing: buffer) } catch { throw .invalidParameter }
            let answer: [UInt8]
            do {
                answer = try VTPMResponse(tpm.exchange(command.command)).encoded()
            } catch { throw .invalidRequest }
            guard memory.write(answer, at: address) else { throw .invalidParameter }
        default: throw .unsupportedCall
        }
    }
}
