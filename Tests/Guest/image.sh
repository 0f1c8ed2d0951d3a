#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# image.sh: prints the folder of a guest's disk.ext4, vmlinuz and initrd.img: Debian 12 with systemd,
# and so with cgroups of version 2 alone. Made once, which takes five minutes; made anew when this file
# changes. The guest mounts its second disk, runs boot.sh from it, and powers off.
set -eu

packages=(
  systemd-sysv dbus linux-image-cloud-amd64 initramfs-tools kmod mount procps bsdutils
  containerd runc crun criu busybox-static
  libevent-core-2.1-7 libjansson4 libmd0 libstdc++6  # of the tests
)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/containerd-shim-swift
image=$cache/guest-$(sha256sum "$0" | cut -c 1-12)
if [ ! -e "$image" ]; then
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  mmdebstrap --quiet --variant=minbase --include="${packages[*]}" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$new/root" >&2

  cat >"$new/root/etc/systemd/system/second-disk.service" <<'END'
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
  systemctl --quiet --root="$new/root" enable second-disk
  # The tests run a containerd of their own.
  systemctl --quiet --root="$new/root" mask containerd serial-getty@ttyS0 getty@tty1

  mv "$new"/root/boot/vmlinuz-* "$new/vmlinuz"
  mv "$new"/root/boot/initrd.img-* "$new/initrd.img"
  mke2fs -q -t ext4 -d "$new/root" "$new/disk.ext4" 3G >&2
  rm -rf "$new/root"
  mv "$new" "$image"
fi
echo "$image"
