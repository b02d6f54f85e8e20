#!/usr/bin/env bash
# down.sh [--kill|--wipe] DIR [PROCESS…]: ends what was started for DIR, all of it or the named ones (kube-apiserver, kube-controller-manager, etcd, …).
# --kill: at once, where an API server otherwise waits some seconds for its watchers; --wipe: the same, and DIR is deleted.
# Only processes recorded in DIR are touched; with all of them goes the network that DIR has. Works on what was only half started as well.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
patience=15 wipe=
case "${1:-}" in
  --kill) patience=0; shift ;;
  --wipe) patience=0 wipe=yes; shift ;;
esac
[ $# -ge 1 ] || fail "usage: down.sh [--kill|--wipe] DIR [PROCESS…]"
[ -d "$1" ] || exit 0
CLUSTER_DIR=$(cd "$1" && pwd -P)
lock_cluster
shift
if [ $# -gt 0 ]; then
  for name in "$@"; do stop "$name" $patience; done
  exit 0
fi

stop watchdog 0
stop node 0 # and with its first process every other one in it, and every mount
for name in kubelet containerd kube-proxy dns discovery; do stop "$name" 0; done
for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do stop "$name" $patience; done
for link in "$NETWORKS"/*; do
  [ "$(readlink "$link")" = "$CLUSTER_DIR" ] || continue
  NETWORK=$(basename "$link")
  remove_network
done
[ -z "$wipe" ] || rm -rf --one-file-system "$CLUSTER_DIR"
