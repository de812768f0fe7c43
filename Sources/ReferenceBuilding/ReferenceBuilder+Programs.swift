internal import BootPolicy
internal import Cryptography
internal import EFI
internal import InstalledSystem

/// The programs that a system has, each with its digest.
extension ReferenceBuilder {
    /// The programs in the packages of the root, from where they are copied to the EFI system partition.
    func packaged() throws(ReferenceBuildingError) -> [Reference.Program] {
        var programs: [Reference.Program] = []
        guard let root = system.root else { return programs }
        for path in Self.packagedPrograms {
            let kind = try Self.reading { () throws(InstalledSystemError) in try root.kind(of: path) }
            if case .file = kind { try add(path, of: root, to: &programs) }
        }
        return programs
    }

    /// The programs of the EFI system partition for which there is no package, and those that a boot has started.
    ///
    /// The host can write there: what it puts beside a packaged shim must not become allowed by the next update.
    func installed(
        beside packaged: [Reference.Program], started: [[UInt8]]
    ) throws(ReferenceBuildingError) -> [Reference.Program] {
        var programs: [Reference.Program] = []
        guard let esp = system.esp else { return programs }
        for folder in try Self.reading({ () throws(InstalledSystemError) in try esp.names(in: "/EFI") }) ?? [] {
            let path = "/EFI/" + folder
            let names = try Self.reading { () throws(InstalledSystemError) in try esp.names(in: path) } ?? []
            for name in names where name.lowercased().hasSuffix(".efi") {
                try add(path + "/" + name, of: esp, to: &programs)
            }
        }
        return programs.filter { program in
            started.contains(program.digest) || !packaged.contains { $0.role == program.role }
        }
    }

    private static let packagedPrograms = [
        "/usr/lib/shim/shimx64.efi.signed", "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
        "/usr/lib/systemd/boot/efi/systemd-bootx64.efi.signed", "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
    ]

    /// Takes a program that has a part in a boot. MokManager, shim's fallback and other tools have none: a boot that
    /// started one of them is not accepted.
    private func add(
        _ path: String, of volume: Volume, to programs: inout [Reference.Program]
    ) throws(ReferenceBuildingError) {
        let program: BootProgram
        do throws(InstalledSystemError) { program = try volume.program(path) } catch {
            // The partition is the host's to write to; a file of the name that is no program is never started.
            guard case .program = error else { throw .system(error) }
            return
        }
        guard let role = program.role else { return }
        let entry = try Self.entry(role, program.image, of: program.file, named: path, version: program.version)
        // Debian installs each twice, under its own name and for removable media.
        guard !programs.contains(where: { $0.role == role && $0.digest == entry.digest }) else { return }
        programs.append(entry)
        guard role == .unifiedKernel, let section = program.image.layout.section(".linux") else { return }
        // systemd-stub starts the kernel inside by itself, which the firmware measures as one more image.
        let inner = SectionSource(file: program.file, range: section.contentRange)
        let image = try Self.image(inner, path)
        programs.append(try Self.entry(.kernel, image, of: inner, named: path + " (.linux)", version: nil))
    }

    func kernels() throws(ReferenceBuildingError) -> [Reference.Program] {
        let installed: [InstalledKernel]
        do throws(InstalledSystemError) { installed = try system.kernels() } catch {
            // A system of unified kernels has no /boot.
            guard case .noPartition = error, facts.kernels.isEmpty else { throw .system(error) }
            return []
        }
        for wanted in facts.kernels where !installed.contains(where: { $0.version.description == wanted }) {
            throw .noSuchKernel(wanted, installed: installed.map { $0.version.description })
        }
        var programs: [Reference.Program] = []
        for kernel in installed where facts.kernels.isEmpty || facts.kernels.contains(kernel.version.description) {
            let file = try Self.reading { () throws(InstalledSystemError) in
                try system.boot.volume.open(kernel.path)
            }
            let image = try Self.image(file, kernel.path)
            let folder = try Self.reading { () throws(InstalledSystemError) in try system.boot.prefix }
            let name = folder.isEmpty ? "/boot" + kernel.path : kernel.path
            programs.append(
                try Self.entry(.kernel, image, of: file, named: name, version: kernel.version.description))
        }
        return programs
    }

    private static func image<Source: ImageSource>(
        _ file: Source, _ path: String
    ) throws(ReferenceBuildingError) -> BootImage where Source.Failure == InstalledSystemError {
        do throws(ImageFailure<InstalledSystemError>) { return try BootImage(reading: file) } catch {
            throw .image(path, error)
        }
    }

    private static func entry<Source: ImageSource>(
        _ role: Reference.Role, _ image: BootImage, of file: Source, named path: String, version: String?
    ) throws(ReferenceBuildingError) -> Reference.Program where Source.Failure == InstalledSystemError {
        do throws(ImageFailure<InstalledSystemError>) {
            let digest = try image.layout.digest(.sha256, of: file)
            let signers = (try? image.signatures())?.compactMap { $0.signers.first?.subject.commonName } ?? []
            return Reference.Program(role: role, digest: digest, file: path, version: version, signers: signers)
        } catch { throw .image(path, error) }
    }
}
