internal import BoundedBytes
public import EFI
internal import InitramfsRuntime

/// The firmware's variables as the running kernel shows them.
public enum FirmwareVariables {
    public static let folder = "/sys/firmware/efi/efivars"

    /// Longest variable that is read, in bytes; dbx has some 20 KiB.
    private static let longest = 1 << 20

    /// Reads what boot entries, Secure Boot and shim have there.
    ///
    /// - Returns: nil where the folder is missing or empty, as on a machine that did not boot by UEFI.
    public static func read(_ folder: String = folder) throws(InstalledSystemError) -> [Variable]? {
        let names: [String]
        do throws(FileError) { names = try FileDescriptor.open(readingAt: folder).names() } catch {
            guard error.isMissing else { throw .file(error) }
            return nil
        }
        var variables: [Variable] = []
        for name in names.sorted() where vendors.contains(where: { name.hasSuffix("-" + $0) }) {
            let content = try files { () throws(FileError) in
                try FileBytes.read(folder + "/" + name, limit: longest)
            }
            do throws(EFIError) {
                variables.append(try Variable(efivarfsFile: name, content: content))
            } catch { throw .program(volume: folder, path: "/" + name, error) }
        }
        return variables.isEmpty ? nil : variables
    }

    private static let vendors = [GUID.globalVariable, .securityDatabase, .shim].map { $0.description }
}
