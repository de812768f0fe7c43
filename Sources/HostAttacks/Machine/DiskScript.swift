/// Shell scripts that change what lies open on a copy of the disk, `disk.raw`, as `make image` lays it out.
enum DiskScript {
    /// The kernel and the initrd, in the file system with /boot.
    static let kernel = first("vmlinuz")
    static let initrd = first("initrd.img")

    /// Copies `$disk` without its last partition, the root, which nothing reads before the unlock: all up to there, and the
    /// second copy of the partition table in the last 33 sectors.
    static let copy = copy(mebibytes: 257)

    /// The same with the first 32 MiB of the root, where a LUKS2 header is.
    static let copyWithHeader = copy(mebibytes: 289)

    private static func copy(mebibytes: Int) -> String {
        """
        truncate -r "$disk" disk.raw; dd if="$disk" of=disk.raw bs=1M count=\(mebibytes) conv=notrunc,sparse status=none
        end=$(($(stat -c %s "$disk") / 512 - 33))
        dd if="$disk" of=disk.raw bs=512 skip="$end" seek="$end" conv=notrunc status=none

        """
    }

    /// Adds an argument to all lines of GRUB's configuration that name a kernel.
    static func addArgument(_ argument: String) -> String {
        editBoot("/grub/grub.cfg", "sed -i 's|^\\([[:space:]]*linux[[:space:]].*\\)$|\\1 \(argument)|' edited")
    }

    /// Makes a key of the host's: `host.key`, and its certificate `host.pem` and `host.der`.
    static let makeKey = """
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=host -days 2 -keyout host.key -out host.pem 2>log
        openssl x509 -in host.pem -outform DER -out host.der

        """

    /// Changes a file of the partition with /boot, 65 MiB into the disk.
    ///
    /// - Parameter change: a script on the file `edited`.
    static func editBoot(_ path: String, _ change: String) -> String {
        """
        \(bootPartition); file=\(path)
        debugfs -R "dump $file edited" "$boot" 2>/dev/null
        cp edited before; \(change); if cmp -s edited before; then exit 1; fi
        debugfs -w -R "rm $file" "$boot" 2>/dev/null
        debugfs -w -R "write edited $file" "$boot" >/dev/null 2>&1

        """
    }

    /// For `kernel` and `initrd`.
    static let bootPartition = #"boot="disk.raw?offset=$((65 << 20))""#

    /// Changes a file of the EFI system partition, 1 MiB into the disk.
    static func editESP(_ path: String, _ change: String) -> String {
        """
        mcopy -n -i disk.raw@@1M "::\(path)" edited
        cp edited before; \(change); if cmp -s edited before; then exit 1; fi
        mcopy -o -i disk.raw@@1M edited "::\(path)"

        """
    }

    /// Takes all signatures off the program `edited`.
    static let unsign =
        "while sbverify --list edited 2>&1 | grep -q '^signature 1'; do sbattach --remove edited; done 2>log"

    /// Puts the host's own in their place.
    static let resign = unsign + "; sbsign --key host.key --cert host.pem --output edited edited 2>log"

    private static func first(_ prefix: String) -> String {
        #"/$(debugfs -R "ls -p /" "$boot" 2>/dev/null | tr / '\n' | grep '^"# + prefix + "' | head -n 1)"
    }
}
