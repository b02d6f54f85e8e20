#!/usr/bin/env bash
# down.sh [--kill|--wipe] DIR [PROCESS…]: ends what was started for DIR, all of it or the named ones (kube-apiserver, kube-controller-manager, etcd).
# --kill: at once, where an API server otherwise waits some seconds for its watchers; --wipe: the same, and DIR is deleted.
# Only processes recorded in DIR are touched.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
patience=15 wipe=
case "${1:-}" in
  --kill) patience=0; shift ;;
  --wipe) patience=0 wipe=yes; shift ;;
esac
[ $# -ge 1 ] || die "usage: down.sh [--kill|--wipe] DIR [PROCESS…]"
[ -d "$1" ] || exit 0
CLUSTER_DIR=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- watchdog kube-controller-manager kube-apiserver etcd
for name in "$@"; do stop "$name" $patience; done
[ -z "$wipe" ] || rm -rf "$CLUSTER_DIR"
