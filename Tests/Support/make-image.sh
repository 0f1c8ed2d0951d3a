#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make-image.sh OUT.tar [NAME [COMMAND...]]: an OCI image of this machine's static busybox with a link
# for each of its commands, by default docker.io/library/busybox:test, which runs sh. The same busybox
# gives the same bytes; no network is used.
set -eu

out=$1
name=${2:-docker.io/library/busybox:test}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- sh
command=$(printf ',"%s"' "$@") # words without quotes in them
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
image=$work/image
blobs=$image/blobs/sha256
mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp} "$blobs"

# Modes are set and not left to the umask; times, owners and order are fixed.
pack() {
  chmod -R u=rwX,go=rX "$1"
  [ ! -d "$1/tmp" ] || chmod 1777 "$1/tmp"
  tar -C "$1" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$2" .
}

# Names the file by its digest, as OCI wants it, and prints its descriptor.
blob() {
  local type=$1 file=$2 digest size
  digest=$(sha256sum "$file" | cut -d ' ' -f 1)
  size=$(stat -c %s "$file")
  mv "$file" "$blobs/$digest"
  printf '"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s' \
    "$type" "$digest" "$size"
}

cp /bin/busybox "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

pack "$root" "$work/layer"
layer=$(sha256sum "$work/layer" | cut -d ' ' -f 1)
layers=$(blob layer.v1.tar "$work/layer")

cat >"$work/config" <<EOF
{"architecture":"$(dpkg --print-architecture)","os":"linux",
"config":{"Env":["PATH=/bin"],"Cmd":[${command#,}]},
"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
EOF
config=$(blob config.v1+json "$work/config")

cat >"$work/manifest" <<EOF
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{$config},"layers":[{$layers}]}
EOF
manifest=$(blob manifest.v1+json "$work/manifest")

cat >"$image/index.json" <<EOF
{"schemaVersion":2,"manifests":[{$manifest,
"annotations":{"io.containerd.image.name":"$name"}}]}
EOF
echo '{"imageLayoutVersion":"1.0.0"}' >"$image/oci-layout"

pack "$image" "$out"
