internal import ArgumentParser

/// `sealroot policy`.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Have boots approved by a key that is elsewhere.",
        discussion: """
            For a volume that was enrolled with '--authority key.pem'. 'policy digest' writes a request, whose message \
            the owner of the key signs; 'policy add' takes both back:

              sealroot policy digest --request boot.json --message boot.bin
              openssl dgst -sha256 -sign key.pem -out boot.sig boot.bin
              sealroot policy add --request boot.json --signature boot.sig
            """,
        subcommands: [PolicyDigestCommand.self, PolicyAddCommand.self, PolicyNameCommand.self])
}
