import EventLog
import GRUBScript
import TestSupport

/// The GRUB of Debian 12, from parts, and what a boot with it shows.
enum Machines {
    /// As `readelf` shows them in the `mods` section of grub-efi-amd64-signed 1+2.06+13+deb12u2.
    static let debianModules = """
        video video_fb video_cirrus video_bochs efi_uga efi_gop all_video boot zstd diskfilter raid6rec crypto lzopio gcry_crc
        gzio btrfs extcmd cat bufio datetime priority_queue net efinet chain terminal gettext normal configfile echo
        efifwsetup fshelp ext2 fat font f2fs trig bitmap bitmap_scale video_colors gfxterm gfxmenu gfxterm_background mmap
        acpi halt help hfsplus iso9660 jpeg keystatus disk loadenv loopback relocator linux ls lsefi lsefimmap lsefisystab
        lssal memdisk minicmd part_apple part_msdos part_gpt gcry_sha512 pbkdf2 password_pbkdf2 png probe reboot regexp
        search_label search_fs_file search_fs_uuid search terminfo serial sleep smbios xzio squash4 test true xfs zfs
        gcry_sha1 gcry_rijndael zfscrypt zfsinfo cpuid linuxefi play tpm archelp procfs cryptodisk gcry_arcfour gcry_blowfish
        gcry_camellia gcry_cast5 gcry_des mpi pgp gcry_dsa gcry_idea gcry_md4 gcry_md5 gcry_rfc2268 gcry_rmd160 gcry_rsa
        gcry_seed gcry_serpent gcry_sha256 gcry_tiger gcry_twofish gcry_whirlpool afsplitter luks json luks2 lvm mdraid09
        mdraid1x raid5rec
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// The configuration in Debian's memory disk, as `build-efi-images` of the source package writes it.
    private static let skeleton = """
        if [ -z "$prefix" -o ! -e "$prefix" ]; then
        	if ! search --file --set=root /.disk/info; then
        		search --file --set=root /.disk/mini-info
        	fi
        	set prefix=($root)/boot/grub
        fi
        if [ -e $prefix/x86_64-efi/grub.cfg ]; then
        	source $prefix/x86_64-efi/grub.cfg
        elif [ -e $prefix/grub.cfg ]; then
        	source $prefix/grub.cfg
        else
        	source $cmdpath/grub.cfg
        fi

        """

    /// A memory disk as Debian makes it, with mkfs.vfat and mtools.
    static func memdisk() throws -> [UInt8] {
        let folder = try Scratch()
        try folder.write(Array(skeleton.utf8), to: "grub.cfg")
        try folder.write(Array("FILE\0\0\0\u{4}PFF2".utf8), to: "unicode.pf2")
        try folder.shell(
            """
            mkfs.vfat -C m.fat 80 >/dev/null
            mcopy -i m.fat grub.cfg ::grub.cfg
            mmd -i m.fat ::fonts
            mcopy -i m.fat unicode.pf2 ::fonts/unicode.pf2
            """)
        return try folder.bytes("m.fat")
    }

    static func debian(isSecureBoot: Bool = true, without: Set<String> = []) throws -> GRUBMachine {
        let image = GRUBImage(
            modules: debianModules.filter { !without.contains($0) },
            configuration: Array("normal (memdisk)/grub.cfg\n".utf8), memdisk: try Memdisk(parsing: try memdisk()),
            prefix: "/EFI/debian")
        return GRUBMachine(
            image: image, bootDevice: "hd0,gpt1", bootDirectory: "/EFI/BOOT", isSecureBoot: isSecureBoot)
    }

    /// GRUB 2.12 of Debian 13, grub-efi-amd64-signed 1+2.12+9+deb13u4, as far as a boot shows a difference: it loads kernels
    /// by itself, has no configuration of its own, and looks for one beside itself.
    static func debian13(in directory: String = "/EFI/BOOT", isSecureBoot: Bool = true) -> GRUBMachine {
        let modules = debianModules.filter { $0 != "linuxefi" } + ["jfs", "ntfs", "setjmp", "peimage"]
        let image = GRUBImage(
            modules: modules, configuration: [], memdisk: nil, prefix: "/EFI/debian", asksForFirmwareSetup: true,
            looksBesideItself: true)
        return GRUBMachine(
            image: image, bootDevice: "hd0,gpt1", bootDirectory: directory, isSecureBoot: isSecureBoot,
            hasFirmwareSetup: true)
    }

    /// What `Packaging/images/build-disk` puts on the ESP.
    static let stub = Array(
        "search.fs_uuid \(MemoryDisk.bootUUID) root\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n".utf8)

    /// The fields that GRUB reads, as in Debian's kernel 6.1.
    static let kernel: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: 2048)
        for (offset, field) in [
            (0, [0x4D, 0x5A]), (0x1F1, [27]), (0x1FE, [0x55, 0xAA]), (0x202, Array("HdrS".utf8)),
            (0x206, [0x0F, 0x02]),
            (0x238, [0xFF, 0x07, 0, 0]), (0x264, [0x90, 0, 0, 0]),
        ] { bytes.replaceSubrange(offset..<offset + field.count, with: field) }
        return bytes
    }()

    /// A measurement as a log shows it: the register, and the text or the file's name.
    static func shown(_ event: GRUBEvent) -> String {
        switch event.measurement {
        case .command(let text), .kernelCommandLine(let text): "8 " + String(decoding: text, as: UTF8.self)
        case .file(let file, _): "9 " + file.shownName
        case .image: "4"
        }
    }

    /// What GRUB and shim measured, from GRUB's first command or file to the last event before the kernel runs.
    static func shown(_ log: EventLog) -> (lines: [String], events: [Event]) {
        let events = Array(log.events.drop { ![8, 9].contains($0.pcr) }).filter {
            $0.pcr == 4 || $0.type == .ipl && $0.pcr != 14
        }
        let lines = events.map { event in
            let text = log.data(of: event).prefix { $0 != 0 }
            let shown = String(decoding: text, as: UTF8.self)
            let prefix = ["grub_cmd: ", "kernel_cmdline: "].first { shown.hasPrefix($0) } ?? ""
            return event.pcr == 4 ? "4" : "\(event.pcr) " + shown.dropFirst(prefix.count)
        }
        return (lines, events)
    }
}
