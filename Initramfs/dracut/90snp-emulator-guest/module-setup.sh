#!/bin/bash
# dracut module of the package snp-emulator-guest: puts the emulator's part of a virtual machine, and the unit that starts
# it, into the initramfs. On a machine without the emulator it does nothing there.

# The package is there, so it is wanted.
check() {
    return 0
}

depends() {
    echo systemd-initrd base
}

# The initramfs may be for another machine: which modules this one has loaded says nothing. configfs brings the folder
# /sys/kernel/config.
installkernel() {
    hostonly="" instmods fuse virtio_console qemu_fw_cfg configfs
}

# dracut goes on when a module fails: only its own end makes no initramfs.
install() {
    put || exit 1
}

put() (
    fail() {
        dfatal "snp-emulator-guest: $*"
        exit 1
    }
    program=/usr/sbin/snp-emulator-guest
    # dracut passes over a library that is missing; the next boot would have no device.
    missing=$(ldd "$program" | sed -n 's/[[:space:]]*\(.*\) => not found/\1/p')
    [[ -z $missing ]] || fail "$program lacks $missing"
    inst_multiple modprobe "$program" || fail "cannot copy $program"
    # What initramfs-tools runs in its place.
    script=/usr/share/initramfs-tools/scripts/init-premount/snp-emulator-guest
    inst_script "$script" /usr/lib/snp-emulator-guest/start || fail "cannot copy $script"
    # shellcheck disable=SC2154 # from dracut
    inst_simple "$moddir/snp-emulator-guest.service" /etc/systemd/system/snp-emulator-guest.service ||
        fail "cannot copy its unit"
    # shellcheck disable=SC2154 # from dracut
    wants=$initdir/etc/systemd/system/initrd-root-device.target.wants
    mkdir -p "$wants"
    ln -s ../snp-emulator-guest.service "$wants/" || fail "cannot enable its unit"
)
