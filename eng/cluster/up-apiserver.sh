#!/usr/bin/env bash
# up-apiserver.sh DIR: etcd and kube-apiserver, state in DIR; prints the admin kubeconfig's path. On a loopback address of their own, or, where up-node.sh
# gave DIR a network, in there.
# Starts what does not run: after `down.sh DIR kube-apiserver` it brings the API server back with all its data.
# Any number of DIRs side by side. Environment:
#   CPT_CLUSTER_OWNER    a pid: when that process is gone, the cluster is taken down and DIR is deleted
#   CPT_CLUSTER_ADDRESS  an address in 127.0.0.0/8 that ends in .1 (by default one that nobody uses)
#   CPT_CLUSTER_PORT     6443
#   CPT_CLUSTER_PODS=1   service accounts are asked of pods, as on a real cluster (needs the controller manager)
#   CPT_APISERVER_ARGS   more flags
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
[ $# -eq 1 ] || fail "usage: up-apiserver.sh DIR"
mkdir -p "$1"
CLUSTER_DIR=$(cd "$1" && pwd -P)
lock_cluster
BIN=$("$HERE/assets.sh")
PORT=${CPT_CLUSTER_PORT:-6443}

if load_plan; then
  ADDRESS=$NODE_ADDRESS SERVICES=$SERVICE_RANGE SERVICE_ADDRESS=$SERVICE_PREFIX.1
  printf '%s\n' "$ADDRESS" >"$CLUSTER_DIR/address"
  endpoints=master-count # the Service `kubernetes` leads pods here
else
  # All of 127.0.0.0/8 is this machine's own: a random address makes clusters meet about never, and then the next one is tried.
  if [ ! -s "$CLUSTER_DIR/address" ]; then
    address=${CPT_CLUSTER_ADDRESS:-}
    while [ -z "$address" ]; do
      address=127.$((RANDOM % 254 + 1)).$((RANDOM % 254 + 1)).1
      ! (: <"/dev/tcp/$address/$PORT") 2>/dev/null || address=
    done
    printf '%s\n' "$address" >"$CLUSTER_DIR/address"
  fi
  ADDRESS=$(cat "$CLUSTER_DIR/address")
  SERVICES=${ADDRESS%.1}.0/24 SERVICE_ADDRESS=$ADDRESS
  endpoints=none
fi
"$HERE/pki.sh" "$CLUSTER_DIR" "$ADDRESS" "$PORT" "$SERVICE_ADDRESS"
PKI=$CLUSTER_DIR/pki
ETCD=http://$ADDRESS:2379

if ! running etcd; then
  # What is lost when the machine dies is of no use to a test: no waiting for the disk.
  fsync=$("$BIN/etcd" --help 2>&1 | grep -o -m 1 -e --unsafe-no-fsync || true)
  start etcd "${INSIDE[@]}" "$BIN/etcd" --name test --data-dir "$CLUSTER_DIR/etcd" --listen-client-urls "$ETCD" --advertise-client-urls "$ETCD" \
    --listen-peer-urls "http://$ADDRESS:2380" --initial-advertise-peer-urls "http://$ADDRESS:2380" --initial-cluster "test=http://$ADDRESS:2380" \
    --logger=zap --log-level=warn ${fsync:+"$fsync"} --quota-backend-bytes=4294967296
fi

if ! running kube-apiserver; then
  flags=()
  ! older_than 23 "$BIN/kube-apiserver" || flags+=(--feature-gates=TTLAfterFinished=true)
  # Without the controller manager nobody makes the default service account, and every pod would be refused.
  [ -n "${CPT_CLUSTER_PODS:-}" ] || [ ${#INSIDE[@]} -gt 0 ] || flags+=(--disable-admission-plugins=ServiceAccount)
  # shellcheck disable=SC2086 # several flags in one variable
  start kube-apiserver "${INSIDE[@]}" "$BIN/kube-apiserver" --etcd-servers="$ETCD" --bind-address="$ADDRESS" --secure-port="$PORT" --advertise-address="$ADDRESS" \
    --endpoint-reconciler-type=$endpoints --service-cluster-ip-range="$SERVICES" --allow-privileged=true --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction "${flags[@]}" --profiling=false --event-ttl=1h \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-signing-key-file="$PKI/service-accounts.key" --service-account-key-file="$PKI/service-accounts.pub" \
    --kubelet-client-certificate="$PKI/kubelet-client.crt" --kubelet-client-key="$PKI/kubelet-client.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP ${CPT_APISERVER_ARGS:-}
fi

# Nobody takes the cluster down after a test process that was killed; so this one watches for its end.
if [ -n "${CPT_CLUSTER_OWNER:-}" ] && ! running watchdog; then
  CPT_CLUSTER_OWNER_SINCE=$(started_at "$CPT_CLUSTER_OWNER") start watchdog "$HERE/watchdog.sh" "$CLUSTER_DIR"
fi

wait_for "the API server was ready" 90 kube-apiserver ask /readyz
printf '%s\n' "$CLUSTER_DIR/admin.kubeconfig"
