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
    put && return
    dfatal "snp-emulator-guest: its part of the initramfs cannot be made"
    exit 1
}

put() {
    # shellcheck disable=SC2154 # from dracut
    local units=$initdir/etc/systemd/system

    inst_multiple modprobe /usr/sbin/snp-emulator-guest || return
    # What initramfs-tools runs in its place.
    inst_script /usr/share/initramfs-tools/scripts/init-premount/snp-emulator-guest /usr/lib/snp-emulator-guest/start ||
        return
    # shellcheck disable=SC2154 # from dracut
    inst_simple "$moddir/snp-emulator-guest.service" /etc/systemd/system/snp-emulator-guest.service || return
    mkdir -p "$units/initrd-root-device.target.wants"
    ln -s ../snp-emulator-guest.service "$units/initrd-root-device.target.wants/"
}
