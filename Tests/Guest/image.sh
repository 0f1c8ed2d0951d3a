#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# image.sh SUITE: prints the folder of a guest's disk.ext4, vmlinuz and initrd.img: Debian's SUITE with
# systemd, and so with cgroups of version 2 alone. Made once, which takes five minutes; made anew when
# this file changes. The guest mounts its second disk, runs boot.sh from it, and powers off.
set -eu -o pipefail
suite=$1

packages=(
  systemd-sysv dbus linux-image-cloud-amd64 kmod mount procps bsdutils
  containerd runc crun busybox-static strace
  criu iptables                                      # criu calls it to hold connections
  libevent-core-2.1-7 libmd0 libstdc++6  # of the tests
  python3-grpcio python3-protobuf python3-websockets protobuf-compiler
)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/containerd-shim-swift
image=$cache/$suite-$(sha256sum "$0" | cut -c 1-12)
if [ -e "$image" ]; then
  echo "$image"
  exit
fi

mkdir -p "$cache"
new=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
root=$new/root
# Debian's initrd is not made: see below. The index of testing is valid for a week, and a mirror may be
# older.
INITRD=No mmdebstrap --quiet --variant=minbase --include="${packages[*]}" \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$root" >&2

cat >"$root/etc/systemd/system/second-disk.service" <<'END'
[Unit]
Description=What the second disk says
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir /run/disk && mount /dev/vdb /run/disk && exec /run/disk/boot.sh'
ExecStopPost=/sbin/poweroff --force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
END
systemctl --quiet --root="$root" enable second-disk
# The tests run a containerd of their own. The rest takes half of the time in which an emulated
# processor boots, and nothing here needs it: the kernel itself makes the devices.
systemctl --quiet --root="$root" mask containerd serial-getty@ttyS0 getty@tty1 getty-static \
  systemd-udevd systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger \
  systemd-logind systemd-user-sessions systemd-update-utmp systemd-journal-flush systemd-binfmt \
  proc-sys-fs-binfmt_misc.automount systemd-random-seed e2scrub_reap \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  systemd-tmpfiles-clean.timer

# An initrd that finds the disk, and no more.
version=$(basename "$root"/lib/modules/*)
mkdir -p "$root/initrd"/{bin,dev,modules,root}
cp "$root/bin/busybox" "$root/initrd/bin"
chroot "$root" modprobe -S "$version" -a --show-depends virtio_pci virtio_blk |
  awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | nl -w 3 -n rz | while read -r number file; do
    xz -dcf "$root$file" >"$root/initrd/modules/$number.ko" # as it is if it is not compressed
  done
cat >"$root/initrd/init" <<'END'
#!/bin/busybox sh
PATH=/bin
for name in insmod mount switch_root; do busybox ln -s busybox /bin/$name; done
for module in /modules/*; do insmod "$module"; done
mount -t devtmpfs devtmpfs /dev
until [ -b /dev/vda ]; do :; done
mount -t ext4 /dev/vda /root
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
END
chmod 755 "$root/initrd/init"
chroot "$root" sh -c 'cd initrd && find . | busybox cpio -o -H newc 2>/dev/null' |
  gzip >"$new/initrd.img"

mv "$root"/boot/vmlinuz-* "$new/vmlinuz"
rm -rf "$root/initrd"
mke2fs -q -t ext4 -d "$root" "$new/disk.ext4" 3G >&2
rm -rf "$root"
rm -rf "$cache/$suite"-* # older ones; a guest that runs has its files open
mv "$new" "$image"
echo "$image"
