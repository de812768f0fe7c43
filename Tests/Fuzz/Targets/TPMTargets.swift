import CTSS2

@testable import TPM

enum TPMTargets {
    /// The header of a command, ten bytes, and the response to it.
    static let response: Fuzz.Target = { input in
        guard input.count >= 10 else { return }
        let (command, response) = (Array(input.prefix(10)), Array(input.dropFirst(10)))
        guard let frame = ResponseFrame(response, to: command) else { return }
        demand(response.count >= 10, "a response has a header")
        demand(frame.code == 0 || response.count == 10, "a failure is a header alone")
        demand(frame.code != 0 || response[..<2] == command[..<2], "a success has sessions where the command had")
        demand(ResponseFrame(response + [0], to: command) == nil, "nothing may follow a response")
    }

    /// Against tpm2-tss, which reads the same bytes later.
    static let publicArea: Fuzz.Target = { input in
        let area = try PublicArea(parsing: input)
        demand(area.authPolicy.count < input.count, "the policy lies in the area")
        _ = try? SealedBlob(publicArea: input, privateArea: input).decoded()
        guard area.kind != .other, var decoded = decodePublic(input) else { return }
        let encoded = try unsafe encode(&decoded)
        demand(encoded == input, "what tpm2-tss writes again is the input")
    }
}
