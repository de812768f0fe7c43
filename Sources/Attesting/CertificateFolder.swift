internal import Cryptography
internal import InitramfsRuntime

/// Certificates and lists that the owner has put beside the policy. What is trusted stands in the policy.
enum CertificateFolder {
    private static let mostFiles = 64
    private static let longestFile = 1 << 18

    /// Contents of all files, by name; none where there is no such folder.
    static func read(_ path: String) throws(AttestingError) -> [[UInt8]] {
        do throws(FileError) {
            guard PathWaiter.isPresent(path) else { return [] }
            let names = try FileDescriptor.open(readingAt: path).names().sorted()
            guard names.count <= mostFiles else { throw FileError(.limit, path, errno: 0) }
            var files: [[UInt8]] = []
            for name in names {
                let file = path + "/" + name
                guard try FileDescriptor.open(readingAt: file).kind == .file else { continue }
                files.append(try FileBytes.read(file, limit: longestFile))
            }
            return files
        } catch { throw .certificateFolder(error) }
    }

    /// The DER of what files hold, PEM or DER: whatever it is.
    static func parts(of files: [[UInt8]]) -> [[UInt8]] {
        files.flatMap { file in PEMBundle.parse(file)?.map { $0.contents } ?? [file] }
    }
}
