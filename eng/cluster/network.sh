# The network of one cluster with a node; sourced after lib.sh, never run. Needs CLUSTER_DIR.
#
# A network namespace of its own, and a pair of virtual cards between it and the machine. Nothing else leads out of it: no uplink, no address translation.
# Each cluster has a /20 of 198.18.0.0/15, which RFC 2544 sets aside for measuring networks: nobody routes it, and neither Docker nor a VPN hands it out.
#
#   x.y.z+0.1     the node, and the API server           x.y.z+4.0/22  Pods
#   x.y.z+0.2     the machine, as the cluster sees it    x.y.z+8.0/22  Services: .1 is the API server, .10 DNS
#
# /run/cpt-cluster/NAME is a link to the directory of the cluster that holds the network. Making a link is atomic, so two clusters never take the same
# one; and whatever was made is found again by it, also after a script that was killed half-way.

NETWORKS=/run/cpt-cluster

# plan BASE: names and addresses that follow from "198.18.32", the first three octets of the /20.
plan() {
  local octets
  IFS=. read -ra octets <<<"$1"
  NETWORK=cpt-${octets[0]}-${octets[1]}-${octets[2]} # also the name of the namespace, the card and the cgroup; a card's has room for 15 letters
  RANGE=$1.0/20
  NODE_ADDRESS=$1.1
  HOST_ADDRESS=$1.2
  POD_RANGE=${octets[0]}.${octets[1]}.$((octets[2] + 4)).0/22
  SERVICE_RANGE=${octets[0]}.${octets[1]}.$((octets[2] + 8)).0/22
  SERVICE_PREFIX=${octets[0]}.${octets[1]}.$((octets[2] + 8))
  INSIDE=(nsenter "--net=/run/netns/$NETWORK") # `ip netns exec` would mount another /sys, without the cgroups
}

# The plan of a cluster that has a network; fails for one that has none (a control plane on loopback).
load_plan() {
  INSIDE=()
  [ -s "$CLUSTER_DIR/network" ] && plan "$(cat "$CLUSTER_DIR/network")"
}

# Whether no route of this machine lies in a range or covers it; the ways to everywhere do not count, a VPN's two halves of it neither.
unrouted() {
  local routes
  routes=$(ip -4 route show table all root "$1" && ip -4 route show table all match "$1") || return 1
  ! grep -qvE '^((unicast|unreachable) )?(default|0\.0\.0\.0/1|128\.0\.0\.0/1)( |$)|^$' <<<"$routes"
}

# Takes a network for this cluster, or finds the one it has.
claim_network() {
  local base bases=() link
  mkdir -p "$NETWORKS"
  if [ -s "$CLUSTER_DIR/network" ]; then
    bases=("$(cat "$CLUSTER_DIR/network")") # certificates and kubeconfigs name its addresses
  elif [ -n "${CPT_CLUSTER_NETWORK:-}" ]; then
    bases=("$CPT_CLUSTER_NETWORK")
  else
    mapfile -t bases < <(for second in 18 19; do for third in $(seq 0 16 240); do echo "198.$second.$third"; done; done | shuf)
  fi

  for base in "${bases[@]}"; do
    plan "$base"
    link=$(readlink "$NETWORKS/$NETWORK") || link=
    [ "$link" = "$CLUSTER_DIR" ] && { printf '%s\n' "$base" >"$CLUSTER_DIR/network"; return 0; }
    # A cluster whose directory somebody deleted, and none of whose programs run.
    if [ -n "$link" ] && [ ! -e "$link" ] && [ -z "$(ip netns pids "$NETWORK" 2>/dev/null)" ]; then remove_network; fi
    unrouted "$RANGE" || continue
    ln -sT "$CLUSTER_DIR" "$NETWORKS/$NETWORK" 2>/dev/null || continue
    printf '%s\n' "$base" >"$CLUSTER_DIR/network"
    return 0
  done
  [ ${#bases[@]} -gt 1 ] || fail "the network ${bases[0]}.0/20 is taken: $(readlink "$NETWORKS/$NETWORK" || ip -4 route show match "$RANGE" | tail -n 1)"
  fail "every network in 198.18.0.0/15 is taken, by other clusters (ls -l $NETWORKS) or by routes (ip route); CPT_CLUSTER_NETWORK=10.213.32 would take 10.213.32.0/20"
}

inside() { "${INSIDE[@]}" "$@"; }

# Makes what of it is missing.
make_network() {
  [ -e "/run/netns/$NETWORK" ] || ip netns add "$NETWORK"
  inside ip link set lo up
  if ! ip link show "$NETWORK" >/dev/null 2>&1; then
    ip link add name "$NETWORK" type veth peer name eth0 netns "$NETWORK"
  fi
  # An address for every card is IPv6's own idea.
  sysctl -qw "net.ipv6.conf.$NETWORK.disable_ipv6=1" 2>/dev/null || true
  ip addr replace "$HOST_ADDRESS/24" dev "$NETWORK"
  ip link set "$NETWORK" up
  inside ip addr replace "$NODE_ADDRESS/24" dev eth0
  inside ip link set eth0 up
  ip route replace "$RANGE" via "$NODE_ADDRESS" dev "$NETWORK" src "$HOST_ADDRESS"
  # What looks for the world is told at once that there is none; without it connections would hang.
  inside ip route replace unreachable default metric 4096
  inside sysctl -qw net.ipv4.ip_forward=1
}

# The directories of the cgroup hierarchies: one of version 2, or of version 1 those that kubelet and runc use, and version 2's empty one beside them.
cgroup_roots() {
  local controller
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
  else
    for controller in cpu cpuacct cpuset memory devices freezer blkio pids hugetlb net_cls net_prio perf_event systemd unified; do
      [ ! -d /sys/fs/cgroup/$controller ] || readlink -f /sys/fs/cgroup/$controller
    done | sort -u
  fi
}

# A root of its own for the cgroups of a node's pods: nodes on one machine do not meet.
make_cgroup() {
  local root file
  for root in $(cgroup_roots); do
    mkdir -p "$root/$NETWORK"
    # Version 1: a new cpuset is empty, and an empty one takes no process.
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$root/$NETWORK/$file" ] || [ "$root" = /sys/fs/cgroup ] || [ -n "$(cat "$root/$NETWORK/$file")" ] || cat "$root/$file" >"$root/$NETWORK/$file"
    done
    # Version 2: a group's controllers are those that every group above it hands down.
    if [ "$root" = /sys/fs/cgroup ]; then
      for file in cpuset cpu io memory pids hugetlb; do
        echo "+$file" >"$root/cgroup.subtree_control" || true
        echo "+$file" >"$root/$NETWORK/cgroup.subtree_control" || true
      done 2>/dev/null
    fi
  done
}

# The node and all its processes have ended; what is killed leaves its cgroup a moment later.
remove_cgroup() {
  local root left tick
  for tick in $(seq 200); do
    left=
    for root in $(cgroup_roots); do
      [ -d "$root/$NETWORK" ] || continue
      find "$root/$NETWORK" -depth -type d -exec rmdir {} + 2>/dev/null || left=yes
    done
    [ -n "$left" ] || return 0
    sleep 0.05
  done
  say "the cgroup $NETWORK is still used by processes"
}

# Takes away what make_network made.
remove_network() {
  remove_cgroup
  ip link del "$NETWORK" 2>/dev/null || true # and with it its other end and the route
  [ ! -e "/run/netns/$NETWORK" ] || ip netns del "$NETWORK"
  rm -f "$NETWORKS/$NETWORK"
}
