#!/usr/bin/env bash
# can-run.sh: whether a cluster with a node can run here; says why not, and ends with 69 then.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
[ "$(id -u)" -eq 0 ] || fail "a node needs root: it makes namespaces, mounts and cgroups"
[ -z "${KUBEBUILDER_ASSETS:-}" ] || [ -x "$KUBEBUILDER_ASSETS/kubelet" ] || fail "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has no kubelet"
command -v ip >/dev/null || fail "the program ip is missing (Debian package: iproute2)"
said=$(unshare --mount --net --pid --fork mount -t tmpfs tmpfs /run 2>&1) || fail "this machine lets nobody make namespaces and mounts: $said"
for root in $(cgroup_roots); do
  [ -w "$root" ] || fail "the cgroups in $root cannot be written"
done
[ -n "$(cgroup_roots)" ] || fail "there are no cgroups in /sys/fs/cgroup"
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || fail "the kernel has no overlay file system"
