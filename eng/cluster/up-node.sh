#!/usr/bin/env bash
# up-node.sh DIR: a whole cluster of one node that runs pods, state in DIR; prints the admin kubeconfig's path. Needs root.
# API server, Pods and Services can be reached from this machine at their own addresses (network.sh); the node's programs have namespaces of their own, so
# that nothing is written outside of DIR. Starts what does not run. Any number of DIRs side by side. Environment, beside that of up-apiserver.sh:
#   CPT_CLUSTER_NETWORK  the first three octets of the /20 to take, 10.213.32 for one (by default one of 198.18.0.0/15 that nobody uses)
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
[ $# -eq 1 ] || fail "usage: up-node.sh DIR"
"$HERE/can-run.sh"
mkdir -p "$1"
CLUSTER_DIR=$(cd "$1" && pwd -P)
lock_cluster
BIN=$("$HERE/assets.sh")
"$HERE/node-assets.sh" >/dev/null
claim_network
make_network
"$HERE/up-apiserver.sh" "$CLUSTER_DIR"
"$HERE/up-controllers.sh" "$CLUSTER_DIR"

old=()
! older_than 23 "$BIN/kube-scheduler" || old+=(--port=0)
CONFIG=$CLUSTER_DIR/kube-scheduler.kubeconfig
running kube-scheduler || start kube-scheduler "${INSIDE[@]}" "$BIN/kube-scheduler" --kubeconfig="$CONFIG" --authentication-kubeconfig="$CONFIG" \
  --authorization-kubeconfig="$CONFIG" --bind-address="$NODE_ADDRESS" --secure-port=10259 "${old[@]}" --leader-elect=false --profiling=false \
  --kube-api-qps=200 --kube-api-burst=400

"$HERE/node.sh" start "$CLUSTER_DIR"
