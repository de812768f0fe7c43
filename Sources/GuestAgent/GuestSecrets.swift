internal import InitramfsRuntime
internal import SNPABI
internal import Secrets

/// What the firmware leaves for a guest's kernel: its level, and the key of that level with its counter.
struct GuestSecrets: ~Copyable {
    /// VMPL of the kernel, and the number of its VMPCK.
    let level: UInt8
    /// nil where whoever is more privileged has taken it away.
    let key: SecretBytes?
    /// msg_seqno of the last answer under that key.
    let counter: UInt32

    static func read(_ places: AgentPlaces) throws(AgentError) -> GuestSecrets {
        let level = try self.level(in: places.level)
        let bytes: SecretBytes
        do throws(FileError) {
            // Not by its size: files of fw_cfg have none.
            bytes = try SecretInput.read(try FileDescriptor.open(readingAt: places.secretsPage))
        } catch { throw .file(error) }
        let page: SecretsPage
        do throws(SNPFormatError) { page = try SecretsPage.read(bytes) } catch { throw .secretsPage(error) }
        return GuestSecrets(
            level: level, key: page.messageKey(Int(level)), counter: page.sequenceNumbers[Int(level)])
    }

    private static func level(in path: String) throws(AgentError) -> UInt8 {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileBytes.read(path, limit: 1) } catch { throw .file(error) }
        guard let level = bytes.first, level < UInt8(SecretsPage.messageKeyCount) else { throw .level(bytes) }
        return level
    }
}
