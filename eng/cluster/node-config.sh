# The configuration files of a node's programs; sourced by node.sh, which has the plan of the network. They name the places that these programs have on any
# node: /var/lib/kubelet, /run/containerd. In the node's mount namespace those are directories of its own (node-init.sh).

write_node_config() {
  local restrict=false
  # Without the right to lower an oom_score_adj (bit 24, CAP_SYS_RESOURCE) a container that asks for it would not start; this makes containerd leave it.
  (((0x$(sed -n 's/^CapEff:\t*//p' /proc/self/status) >> 24) & 1)) || restrict=true

  cat >"$CLUSTER_DIR/containerd.toml" <<TOML
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = $restrict
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$NODE/root/usr/lib/cni"
    conf_dir = "$CLUSTER_DIR/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "$NODE/root/usr/sbin/runc"
      SystemdCgroup = false
TOML

  # Pods are routed and not bridged: what passes a bridge meets the rules of Services only where a module of the kernel (br_netfilter) was loaded.
  mkdir -p "$CLUSTER_DIR/cni"
  cat >"$CLUSTER_DIR/cni/10-pods.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_RANGE"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}, "snat": false}]}
JSON

  cat >"$CLUSTER_DIR/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_ADDRESS
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $CLUSTER_DIR/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $CLUSTER_DIR/pki/kubelet-serving.crt
tlsPrivateKeyFile: $CLUSTER_DIR/pki/kubelet-serving.key
cgroupDriver: cgroupfs
cgroupRoot: /$NETWORK
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
clusterDNS: [$NODE_ADDRESS]
clusterDomain: cluster.local
nodeStatusUpdateFrequency: 1s
# Only memory: a disk that is rather full is a developer's everyday, and no reason to throw pods out.
evictionHard: {memory.available: 100Mi}
imageGCHighThresholdPercent: 100
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 50
kubeAPIBurst: 100
maxPods: 100
volumePluginDir: /var/lib/kubelet/volumeplugins
volumeStatsAggPeriod: 10s
YAML

  cat >"$CLUSTER_DIR/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: node
clientConnection: {kubeconfig: $CLUSTER_DIR/kube-proxy.kubeconfig}
clusterCIDR: $POD_RANGE
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
# Limits of the whole machine stay as they are.
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
iptables: {minSyncPeriod: 0s, syncPeriod: 30s}
YAML
}
