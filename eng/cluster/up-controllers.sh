#!/usr/bin/env bash
# up-controllers.sh DIR: kube-controller-manager (Jobs, garbage collection, service accounts, namespaces' ends) beside up-apiserver.sh's API server.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
[ $# -eq 1 ] && [ -s "$1/address" ] || fail "usage: up-controllers.sh DIR, where up-apiserver.sh DIR ran before"
CLUSTER_DIR=$(cd "$1" && pwd -P)
lock_cluster
BIN=$("$HERE/assets.sh")
[ -x "$BIN/kube-controller-manager" ] || fail "$BIN has no kube-controller-manager"
load_plan || true
ADDRESS=$(cat "$CLUSTER_DIR/address")
CONFIG=$CLUSTER_DIR/kube-controller-manager.kubeconfig
PKI=$CLUSTER_DIR/pki

# Flags that old ones need and new ones no longer know.
old=()
! older_than 24 "$BIN/kube-controller-manager" || old+=(--port=0)
! older_than 23 "$BIN/kube-controller-manager" || old+=(--feature-gates=TTLAfterFinished=true)

running kube-controller-manager || start kube-controller-manager "${INSIDE[@]}" "$BIN/kube-controller-manager" \
  --kubeconfig="$CONFIG" --authentication-kubeconfig="$CONFIG" --authorization-kubeconfig="$CONFIG" \
  --bind-address="$ADDRESS" --secure-port=10257 "${old[@]}" --leader-elect=false --use-service-account-credentials=true \
  --service-account-private-key-file="$PKI/service-accounts.key" --root-ca-file="$PKI/ca.crt" \
  --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" --flex-volume-plugin-dir="$CLUSTER_DIR/volumeplugins" \
  --profiling=false --kube-api-qps=200 --kube-api-burst=400
# Made by one of its last controllers to start, and what pods wait for.
wait_for "the default service account was there" 60 kube-controller-manager ask /api/v1/namespaces/default/serviceaccounts/default
