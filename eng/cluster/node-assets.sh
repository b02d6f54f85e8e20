#!/usr/bin/env bash
# Prints the directory that holds what a node needs beside Kubernetes' own programs, after putting it there if need be: containerd, runc, the CNI plugins,
# iptables, conntrack and busybox, unpacked from Debian's packages and not installed (an installed containerd would start a service), and the images
# localhost/pause:1 and localhost/busybox:1.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
CACHE=$(cluster_cache)
mkdir -p "$CACHE"
exec 9>"$CACHE/.node.lock"
flock 9

PACKAGES=(containerd runc containernetworking-plugins busybox-static dnsmasq-base
  iptables libip4tc2 libip6tc2 libnftnl11 libxtables12 libmnl0 libnfnetlink0 libnetfilter-conntrack3 conntrack libnftables1 libjansson4)
# Another list, or another way to pack, goes elsewhere: the node of another checkout may be running from here.
NODE=$CACHE/node-$(cat "$HERE/node-assets.sh" "$HERE/pack-image.sh" "$HERE/pause.c" | sha256sum | cut -c1-12)
if [ ! -d "$NODE" ]; then
  say "Unpacking containerd, runc and the other programs of a node (from Debian's packages) into $NODE …"
  new=$(mktemp -d "$CACHE/unpacking.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  (
    mkdir "$new/debs"
    cd "$new/debs"
    apt-get download -q "${PACKAGES[@]}" || { [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get download -q "${PACKAGES[@]}"; }
    for package in *.deb; do dpkg-deb -x "$package" "$new/root"; done
  ) >"$CACHE/node.log" 2>&1 9>&- || fail "the programs of a node could not be had; $CACHE/node.log ends:" "$(tail -n 3 "$CACHE/node.log")"
  rm -rf "$new/debs"

  # The libraries lie beside the programs, which look for them in the system's directories.
  mkdir "$new/bin" "$new/images"
  wrap() { # NAME COMMAND
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s XTABLES_LIBDIR=%s exec %s "$@"\n' \
      "$NODE/root/usr/lib/$(uname -m)-linux-gnu" "$NODE/root/usr/lib/$(uname -m)-linux-gnu/xtables" "$2" >"$new/bin/$1"
    chmod +x "$new/bin/$1"
  }
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    wrap $name "$NODE/root/usr/sbin/xtables-nft-multi $name"
  done
  wrap conntrack "$NODE/root/usr/sbin/conntrack"
  wrap dnsmasq "$NODE/root/usr/sbin/dnsmasq"

  # What holds a pod's namespaces: a static program, alone in its image.
  mkdir "$new/pause"
  gcc -Os -static -s -o "$new/pause/pause" "$HERE/pause.c" 2>"$CACHE/node.log" || fail "pause.c could not be compiled:" "$(cat "$CACHE/node.log")"
  cp "$new/pause/pause" "$new/bin/pause"
  "$HERE/pack-image.sh" localhost/pause:1 "$new/pause" "$new/images/pause.tar" '{"Entrypoint":["/pause"],"User":"65535:65535"}'

  mkdir -p "$new"/busybox/{bin,tmp,etc}
  chmod 1777 "$new/busybox/tmp"
  cp "$new/root/bin/busybox" "$new/busybox/bin/"
  for applet in $("$new/busybox/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$new/busybox/bin/$applet"; done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$new/busybox/etc/passwd"
  "$HERE/pack-image.sh" localhost/busybox:1 "$new/busybox" "$new/images/busybox.tar" '{"Cmd":["/bin/sh"],"Env":["PATH=/bin"]}'
  rm -rf "$new/pause" "$new/busybox"

  mv "$new" "$NODE"
fi
printf '%s\n' "$NODE"
