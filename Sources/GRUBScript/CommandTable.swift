/// Which module has which command, and the commands that change nothing but the screen.
///
/// Source: `command.lst` and `moddep.lst` of GRUB 2.06 for x86_64-efi.
enum CommandTable {
    /// Whether GRUB's core or one of `modules` has a command.
    static func has(_ command: String, in modules: Set<String>) -> Bool {
        owners[command]?.contains { $0 == "kernel" || modules.contains($0) } ?? false
    }

    /// Every module whose commands are known here.
    static let modules = Set(owners.values.joined()).union(
        """
        adler32 affs afs afsplitter ahci all_video aout archelp at_keyboard ata bfs bitmap bitmap_scale bswap_test \
        btrfs bufio cbfs cbls cbtable cmdline_cat_test cpio cpio_be crc64 crypto cs5536 ctz_test datehook datetime disk \
        diskfilter div div_test dm_nv efi_gop efi_uga efinet ehci elf exfat exfctest ext2 extcmd f2fs fat fshelp \
        gcry_arcfour gcry_blowfish gcry_camellia gcry_cast5 gcry_crc gcry_des gcry_dsa gcry_idea gcry_md4 gcry_md5 \
        gcry_rfc2268 gcry_rijndael gcry_rmd160 gcry_rsa gcry_seed gcry_serpent gcry_sha1 gcry_sha256 gcry_sha512 \
        gcry_tiger gcry_twofish gcry_whirlpool geli gfxmenu gfxterm gfxterm_menu gzio hfs hfsplus hfspluscomp http \
        iso9660 jfs jpeg json ldm linuxefi luks luks2 lvm lzopio macho mdraid09 mdraid09_be mdraid1x memdisk minix \
        minix2 minix2_be minix3 minix3_be minix_be morse mpi msdospart newc nilfs2 ntfs ntfscomp odc offsetio ohci \
        part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos part_plan part_sun part_sunpc \
        pata pbkdf2 png priority_queue procfs progress raid5rec raid6rec reiserfs relocator romfs scsi setjmp sfs \
        spkmodem squash4 tar tftp tga tpm trig udf ufs1 ufs1_be ufs2 uhci usb usb_keyboard usbms usbserial_common \
        usbserial_ftdi usbserial_pl2303 usbserial_usbdebug video video_bochs video_cirrus video_colors video_fb xfs xzio \
        zfs zstd \
        cmp_test legacy_password_test mul_test pbkdf2_test setjmp_test shift_test signature_test sleep_test \
        strtoull_test videotest_checksum xnu_uuid_test
        """.split(separator: " ").map(String.init))

    /// Commands that neither measure nor change anything that a script can see, with what they return.
    static let quiet: [String: Status] = [
        "echo": .success, "true": .success, "false": .testFailure, "clear": .success,
        "terminal_input": .unknown("which terminals there are"), "serial": .unknown("which serial ports there are"),
        "terminfo": .unknown("which terminals there are"), "background_color": .unknown("the graphics adapter"),
        "cpuid": .unknown("the processor"), "lsfonts": .success, "lsmod": .success, "lsefi": .success,
        "lsefimmap": .success, "lsefisystab": .success, "lssal": .unknown("the firmware's tables"),
        "password_pbkdf2": .unknown("whether a password is well formed"), "gettext": .unknown("a translation"),
    ]

    /// The modules of each command; a few are in two.
    private static let owners: [String: [String]] = {
        var owners: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == ":" }).map(String.init)
            for command in words.dropFirst() { owners[command, default: []].append(words[0]) }
        }
        return owners
    }()

    private static let text = """
        kernel: set unset ls insmod
        acpi: acpi
        appleldr: appleloader
        backtrace: backtrace
        blocklist: blocklist
        boot: boot
        bsd: kfreebsd knetbsd kopenbsd kfreebsd_loadenv kfreebsd_module kfreebsd_module_elf knetbsd_module \
        knetbsd_module_elf kopenbsd_ramdisk
        cat: cat
        cbls: lscoreboot
        cbmemc: cbmemc
        cbtime: coreboot_boottime
        chain: chainloader
        cmp: cmp
        configfile: . source configfile extract_entries_source extract_entries_configfile
        cpuid: cpuid
        cryptodisk: cryptomount
        date: date
        echo: echo
        efifwsetup: fwsetup
        eval: eval
        file: file
        fixvideo: fix_video
        font: loadfont lsfonts
        functional_test: functional_test all_functional_test
        gettext: gettext
        gfxterm_background: background_image background_color
        gptsync: gptsync
        halt: halt
        hashsum: crc hashsum md5sum sha1sum sha256sum sha512sum
        hdparm: hdparm
        hello: hello
        help: help
        hexdump: hexdump
        iorw: inb inl inw outb outl outw
        keylayouts: keymap
        keystatus: keystatus
        legacycfg: legacy_source legacy_configfile legacy_kernel legacy_initrd legacy_initrd_nounzip legacy_password \
        legacy_check_password extract_legacy_entries_source extract_legacy_entries_configfile
        linux: linux initrd
        linux16: linux16 initrd16
        linuxefi: linuxefi initrdefi
        loadbios: loadbios fakebios
        loadenv: load_env save_env list_env
        loopback: loopback
        ls: ls
        lsacpi: lsacpi
        lsefi: lsefi
        lsefimmap: lsefimmap
        lsefisystab: lsefisystab
        lsmmap: lsmmap
        lspci: lspci
        lssal: lssal
        macbless: mactelbless macppcbless
        memrw: read_byte read_word read_dword write_byte write_word write_dword
        minicmd: cat help dump rmmod lsmod exit
        mmap: badram cutmem
        multiboot: multiboot module
        multiboot2: multiboot2 module2
        nativedisk: nativedisk
        net: net_add_addr net_add_dns net_add_route net_bootp net_bootp6 net_del_addr net_del_dns net_del_route net_dhcp \
        net_get_dhcp_option net_ipv6_autoconf net_ls_addr net_ls_cards net_ls_dns net_ls_routes net_nslookup
        normal: menuentry submenu authenticate break continue clear export normal normal_exit return setparams shift
        parttool: parttool
        password: password
        password_pbkdf2: password_pbkdf2
        pcidump: pcidump
        pgp: trust distrust list_trusted verify_detached
        play: play
        probe: probe
        random: hexdump_random
        rdmsr: rdmsr
        read: read
        reboot: reboot
        regexp: regexp
        search: search
        search_fs_file: search.file
        search_fs_uuid: search.fs_uuid
        search_label: search.fs_label
        serial: serial
        setpci: setpci
        sleep: sleep
        smbios: smbios
        syslinuxcfg: syslinux_source syslinux_configfile extract_syslinux_entries_source \
        extract_syslinux_entries_configfile
        terminal: terminal_input terminal_output
        terminfo: terminfo
        test: [ test
        test_blockarg: test_blockarg
        testload: testload
        testspeed: testspeed
        time: time
        tr: tr
        true: true false
        usbtest: usb
        videoinfo: videoinfo
        videotest: videotest
        wrmsr: wrmsr
        xnu: xnu_devprop_load xnu_kernel xnu_kernel64 xnu_kext xnu_kextdir xnu_mkext xnu_ramdisk xnu_resume xnu_splash
        xnu_uuid: xnu_uuid
        zfscrypt: zfskey
        zfsinfo: zfs-bootfs zfsinfo
        """
}
