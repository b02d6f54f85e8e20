#!/usr/bin/env bash
# Prints the directory that holds etcd, kube-apiserver and kube-controller-manager, after putting them there if need be:
#   KUBEBUILDER_ASSETS   set: that directory, as it is (setup-envtest makes one; has no kube-controller-manager)
#   CPT_KUBE_ARCHIVE     set: kube-apiserver and the others come from this file, one program packed with xz (see build.sh)
#   otherwise            they are built by build.sh from Debian's source package, once, into ~/.cache/cpt-operator
# etcd comes from Debian's etcd-server package, unpacked and not installed: an installed one would start a server of its own.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  for program in etcd kube-apiserver; do
    [ -x "$KUBEBUILDER_ASSETS/$program" ] || fail "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has no $program"
  done
  printf '%s\n' "$KUBEBUILDER_ASSETS"
  exit 0
fi

CACHE=$(cluster_cache)
BIN=$CACHE/bin
mkdir -p "$BIN"
# Test processes start side by side: the first one fetches, the others wait and find it done.
exec 9>"$CACHE/.lock"
flock 9

if [ ! -x "$BIN/etcd" ]; then
  say "Unpacking etcd (from Debian's etcd-server package) into $BIN …"
  unpacked=$(mktemp -d "$CACHE/etcd.XXXXXX")
  (
    cd "$unpacked"
    apt-get download -q etcd-server || { [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get download -q etcd-server; }
    dpkg-deb -x etcd-server_*.deb .
  ) >"$CACHE/etcd.log" 2>&1 9>&- || fail "etcd could not be had; $CACHE/etcd.log ends:" "$(tail -n 3 "$CACHE/etcd.log")"
  mv "$unpacked/usr/bin/etcd" "$BIN/etcd"
  rm -rf "$unpacked"
fi

# The archive's stamp: another archive replaces what an earlier one left.
stamp=${CPT_KUBE_ARCHIVE:+$(stat -L -c '%n %s' "$CPT_KUBE_ARCHIVE")} || fail "CPT_KUBE_ARCHIVE is $CPT_KUBE_ARCHIVE, which cannot be read"
if [ ! -x "$BIN/kube-all" ] || { [ -n "$stamp" ] && [ "$stamp" != "$(cat "$BIN/kube-all.from" 2>/dev/null)" ]; }; then
  if [ -n "$stamp" ]; then
    xz -dc "$CPT_KUBE_ARCHIVE" >"$BIN/kube-all.new" || fail "CPT_KUBE_ARCHIVE is $CPT_KUBE_ARCHIVE, which xz cannot unpack"
  else
    "$HERE/build.sh" "$BIN/kube-all.new" >&2 9>&-
  fi
  chmod +x "$BIN/kube-all.new"
  mv "$BIN/kube-all.new" "$BIN/kube-all"
  printf '%s\n' "$stamp" >"$BIN/kube-all.from"
  # One program that acts by the name it is called with.
  for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet; do
    ln -sf kube-all "$BIN/$name"
  done
fi
printf '%s\n' "$BIN"
