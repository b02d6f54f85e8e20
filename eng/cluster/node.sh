#!/usr/bin/env bash
# node.sh start|kill|crash DIR: the node of a cluster that up-node.sh made. For tests of what happens when one fails.
#   kill   containerd and kubelet at once; containers go on running, as when both are killed on a real node
#   crash  everything on the node at once, containers too, as when it loses power
#   start  what of it does not run; returns when the node is Ready
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
usage="usage: node.sh start|kill|crash DIR, where up-node.sh DIR ran before"
[ $# -eq 2 ] && [ -d "$2" ] || fail "$usage"
CLUSTER_DIR=$(cd "$2" && pwd -P)
load_plan || fail "$usage"
lock_cluster

case "$1" in
  kill)
    stop kubelet 0
    stop containerd 0
    exit 0
    ;;
  crash)
    stop node 0
    for name in kubelet containerd kube-proxy dns discovery; do stop $name 0; done
    exit 0
    ;;
  start) ;;
  *) fail "$usage" ;;
esac

BIN=$("$HERE/assets.sh")
NODE=$("$HERE/node-assets.sh")
PATH=$BIN:$NODE/bin:$NODE/root/usr/bin:$NODE/root/usr/sbin:$PATH:$(cd "$HERE/../.." && pwd)/artifacts/tools/kubectl
. "$HERE/node-config.sh"
write_node_config

if ! running node; then
  remove_cgroup # after a power cut there are none either, and the kubelet would spend seconds on each that is left
  make_cgroup
  rm -f "$CLUSTER_DIR/node.ready"
  start node "${INSIDE[@]}" unshare --mount --propagation slave --pid --fork --kill-child --mount-proc "$HERE/node-init.sh" "$CLUSTER_DIR" "$(cluster_cache)" "$NODE"
  wait_for "the node's namespaces were made" 20 node test -e "$CLUSTER_DIR/node.ready"
fi
ON_NODE=(nsenter "--target=$(target_of node)" --mount --net --pid --wd)
CTR=("${ON_NODE[@]}" ctr --namespace k8s.io)

if ! running containerd; then
  start containerd "${ON_NODE[@]}" containerd --config "$CLUSTER_DIR/containerd.toml"
  wait_for "containerd answered" 30 containerd "${CTR[@]}" version
fi
for image in pause busybox; do
  [ -n "$("${CTR[@]}" images list -q "name==localhost/$image:1")" ] || "${CTR[@]}" images import - <"$NODE/images/$image.tar" >/dev/null
done

old=()
! older_than 27 "$BIN/kubelet" || old+=(--container-runtime=remote)
running kubelet || start kubelet "${ON_NODE[@]}" kubelet --config="$CLUSTER_DIR/kubelet.yaml" --kubeconfig="$CLUSTER_DIR/kubelet.kubeconfig" \
  --hostname-override=node --node-ip="$NODE_ADDRESS" "${old[@]}" --maximum-dead-containers-per-container=3 --container-runtime-endpoint=unix:///run/containerd/containerd.sock
running kube-proxy || start kube-proxy "${ON_NODE[@]}" kube-proxy --config="$CLUSTER_DIR/kube-proxy.yaml"

mkdir -p "$CLUSTER_DIR/dns"
touch "$CLUSTER_DIR/dns/names"
# No name of the world outside is known.
running dns || start dns "${ON_NODE[@]}" dnsmasq --keep-in-foreground --no-hosts --no-resolv --address=/#/ --listen-address="$NODE_ADDRESS" --bind-interfaces \
  --addn-hosts="$CLUSTER_DIR/dns/names" --cache-size=0 --user=root --pid-file=/run/dnsmasq.pid --log-facility=-
if ! command -v kubectl >/dev/null; then
  say "Pods find no Services by name: there is no kubectl on PATH, which lists them for the DNS server."
else
  running discovery || start discovery "${ON_NODE[@]}" "$HERE/discovery.sh" "$CLUSTER_DIR"
fi

healthy() { inside curl -sf --noproxy '*' --max-time 5 http://127.0.0.1:10248/healthz; }
ready() { ask /api/v1/nodes/node | tr -d ' \n' | grep -o '{"type":"Ready","status":"True"[^}]*}'; }
# In this order: what stands in the node's status may be from before its kubelet was killed.
wait_for "the kubelet was healthy" 60 kubelet healthy
wait_for "the node was Ready" 120 kubelet ready
