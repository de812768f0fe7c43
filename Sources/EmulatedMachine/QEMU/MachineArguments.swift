internal import EmulatorLink

/// QEMU's command line: no KVM, and everything that leads out of the machine goes to a descriptor of the emulator's.
struct MachineArguments {
    /// Numbers of the descriptors that QEMU inherits.
    struct Descriptors {
        var firmware, memory, secretsPage, level: Int32
        var tpm, console, monitor, processorPort, servicePort: Int32

        var all: [Int32] {
            [firmware, memory, secretsPage, level, tpm, console, monitor, processorPort, servicePort]
        }
    }

    static let program = "qemu-system-x86_64"

    let settings: MachineSettings
    let folder: MachineFolder
    let descriptors: Descriptors

    var words: [String] { [Self.program] + board + firmware + tpm + disk + ports + outside }

    private var board: [String] {
        // Without erms: TCG runs `rep stosb` byte by byte, by which a kernel with it clears each page.
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine",
            "q35,smm=on,sata=off,smbus=off,vmport=off,memory-backend=ram", "-accel",
            "tcg,thread=multi,tb-size=512", "-cpu", "max,-erms", "-smp", String(settings.processorCount), "-m",
            String(settings.memory >> 20) + "M", "-object",
            "memory-backend-file,id=ram,share=on,size=\(settings.memory),mem-path=" + Self.path(descriptors.memory),
            // As on hardware: an SNP guest is not reset but launched anew.
            "-action", "reboot=shutdown",
        ]
    }

    private var firmware: [String] {
        var words = [
            "-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1", "-drive",
            "if=pflash,format=raw,unit=0,readonly=on,file=" + Self.path(descriptors.firmware),
        ]
        if let variables = folder.variables {
            words += ["-drive", "if=pflash,format=raw,unit=1,file=" + Self.escaped(variables)]
        }
        return words
    }

    private var tpm: [String] {
        [
            "-chardev", "socket,id=tpm,fd=\(descriptors.tpm)", "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device",
            "tpm-crb,tpmdev=tpm0",
        ]
    }

    private var disk: [String] {
        let overlay = Self.escaped(folder.overlay)
        return [
            "-drive", "if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file=" + overlay, "-device",
            "virtio-blk-pci,drive=disk,bootindex=0", "-object", "rng-random,id=rng,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=rng",
        ]
    }

    private var ports: [String] {
        [
            "-device", "virtio-serial-pci,id=ports,max_ports=4", "-chardev",
            "socket,id=processor,fd=\(descriptors.processorPort)", "-device",
            "virtserialport,bus=ports.0,chardev=processor,name=" + LinkName.processorPort, "-chardev",
            "socket,id=service,fd=\(descriptors.servicePort)", "-device",
            "virtserialport,bus=ports.0,chardev=service,name=" + LinkName.servicePort, "-fw_cfg",
            "name=\(LinkName.secretsPageItem),file=" + Self.path(descriptors.secretsPage), "-fw_cfg",
            "name=\(LinkName.levelItem),file=" + Self.path(descriptors.level),
        ]
    }

    private var outside: [String] {
        [
            "-chardev", "socket,id=console,fd=\(descriptors.console)", "-serial", "chardev:console", "-chardev",
            "socket,id=monitor,fd=\(descriptors.monitor)", "-mon", "chardev=monitor,mode=control",
        ]
    }

    private static func path(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    /// A comma begins the next option, and two of them are one.
    private static func escaped(_ path: String) -> String {
        path.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
