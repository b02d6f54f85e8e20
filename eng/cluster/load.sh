#!/usr/bin/env bash
# load.sh DIR IMAGE.tar…: hands image archives (OCI or docker-archive) to the node of the cluster in DIR.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
[ $# -ge 2 ] && [ -d "$1" ] || fail "usage: load.sh DIR IMAGE.tar…, where up-node.sh DIR ran before"
CLUSTER_DIR=$(cd "$1" && pwd -P)
shift
load_plan && running containerd || fail "the node of $CLUSTER_DIR does not run: node.sh start $CLUSTER_DIR"
NODE=$("$HERE/node-assets.sh")
for archive in "$@"; do
  [ -r "$archive" ] || fail "$archive cannot be read"
  nsenter "--target=$(target_of node)" --mount --net --pid --wd "$NODE/root/usr/bin/ctr" --namespace k8s.io images import - <"$archive" ||
    fail "$archive is no image archive that containerd takes"
done
