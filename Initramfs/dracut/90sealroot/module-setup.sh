#!/bin/bash
# dracut module: puts sealroot-init, what it needs, and the units that run it, into the initramfs.

# The functions that dracut calls are subshells: it has names of its own.

# The means that `contents` asks for.
# shellcheck disable=SC2317,SC2154 # add_sealroot calls them; moddir is dracut's
prepare() {
    fail() {
        dfatal "sealroot: $*"
        exit 1
    }
    add_file() { inst_simple "$1" || fail "cannot copy $1"; }
    add_program() { inst_multiple "$1" || fail "cannot copy $1"; }
    add_prompt() { inst_script "$moddir/sealroot-ask" /usr/lib/sealroot/ask || fail "cannot copy sealroot-ask"; }
    # shellcheck source=Initramfs/contents
    . /usr/share/sealroot/initramfs/contents
}

# Without a configuration the machine boots as it did before the package came.
check() {
    [[ -e /etc/sealroot/init.conf ]] || return 255
}

depends() (
    prepare
    echo systemd-initrd dracut-systemd dm rootfs-block
    # It asks for the passphrase of a volume that is not enrolled yet.
    [[ $(setting unenrolled) != prompt ]] || echo systemd-cryptsetup
    [[ $(setting recovery) != prompt ]] || echo systemd-ask-password
)

# The initramfs may be for another machine: which modules this one has loaded says nothing.
installkernel() (
    prepare
    # shellcheck disable=SC2086 # a list of names
    hostonly="" instmods $sealroot_modules
)

# dracut goes on when a module fails: only its own end makes no initramfs.
install() {
    put || exit 1
}

put() (
    # shellcheck disable=SC2154,SC2034 # from dracut, for add_sealroot
    initramfs=$initdir units=$initdir/etc/systemd/system
    prepare
    [[ -z ${dracutsysrootdir-} ]] || fail "dracut --sysroot is not supported"
    add_sealroot
    put_crypttab
    put_stand_in

    inst_multiple poweroff reboot sleep tr || fail "a program is missing"
    inst_script "$moddir/sealroot-boot" /usr/lib/sealroot/boot
    inst_simple "$moddir/sealroot-unlock.service" /etc/systemd/system/sealroot-unlock.service
    mkdir -p "$units/initrd-root-device.target.requires"
    ln -s ../sealroot-unlock.service "$units/initrd-root-device.target.requires/"
    for name in sysroot.mount systemd-cryptsetup@.service; do
        inst_simple "$moddir/after-unlock.conf" "/etc/systemd/system/$name.d/sealroot.conf"
    done
    inst_simple "$moddir/fence.conf" /etc/systemd/system/initrd-switch-root.service.d/sealroot.conf
    # What gives a shell, each by its own name, in a folder that goes before that of the shell's.
    for name in emergency rescue dracut-emergency; do
        inst_simple "$moddir/no-shell.service" "/etc/systemd/system/$name.service"
    done
    ln -s /dev/null "$units/debug-shell.service"
)

# Nobody but systemd-cryptsetup may ask for the volume's passphrase, and it only on a machine that is not enrolled yet.
# The module crypt has made the table before, as far as this machine's disks are in it.
put_crypttab() {
    table=$initdir/etc/crypttab
    mapping=$(setting mapping)
    if [[ -e $table ]]; then
        awk -v name="$mapping" '$1 != name' "$table" >"$table.others"
        mv "$table.others" "$table"
    fi
    [[ $(setting unenrolled) == prompt ]] || return 0
    awk -v name="$mapping" '$1 == name { found = 1; print } END { exit !found }' /etc/crypttab >>"$table" ||
        dwarning "sealroot: /etc/crypttab has no entry '$mapping', so nothing can ask for its passphrase"
}

# rd.luks.uuid, from GRUB's menu or where dracut is told to keep the command line, has systemd-cryptsetup open the volume once
# more under dracut's own name for it, and ask for its passphrase until it is given. A unit in the place of that one is
# content when the volume is open.
put_stand_in() {
    uuid=$(blkid -s UUID -o value "$(expand_persistent_dev "$(setting device)")")
    [[ -n $uuid ]] || return 0
    name=$(systemd-escape --template=systemd-cryptsetup@.service "luks-$uuid") || fail "systemd-escape fails"
    inst_simple "$moddir/stand-in.service" "/etc/systemd/system/$name"
}
