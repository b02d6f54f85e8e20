#!/usr/bin/env bash
# node-init.sh DIR CACHE NODE: started by node.sh as the first process of the node's PID and mount namespaces. Makes the mounts that keep the node's
# programs from touching the machine, then only waits: containerd, kubelet and kube-proxy come in by nsenter. When it ends, all of them end.
set -euo pipefail
DIR=$1 CACHE=$2 NODE=$3
mount --make-rshared / # so that a volume mounted by the kubelet is seen by containers that ask for it; nothing gets out to the machine

# cover PLACE BACKING: a directory of the node's own at PLACE. What the node needs and lies under PLACE on the machine stays where it is.
cover() {
  local place=$1 backing=$2 needed
  mkdir -p "$backing"
  for needed in "$DIR" "$CACHE"; do
    case "$needed" in "$place"/*)
      mkdir -p "$backing${needed#"$place"}"
      mount --rbind "$needed" "$backing${needed#"$place"}"
      ;;
    esac
  done
  mount --rbind "$backing" "$place"
}
cover /var/lib "$DIR/var/lib"
cover /var/log "$DIR/var/log"
mkdir -p "$DIR/run"
mount -t tmpfs -o mode=755 tmpfs "$DIR/run" # as on a real node, gone with it
cover /run "$DIR/run"

# The kubelet sets these for the whole machine (a kernel that panics at an oops, for one) unless they are as it wants. So it is shown that they are.
mkdir -p /run/kernel
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  name=${setting%=*}
  [ -e "/proc/sys/$name" ] || continue
  echo "${setting#*=}" >"/run/kernel/${name//\//.}"
  mount --bind "/run/kernel/${name//\//.}" "/proc/sys/$name"
done

cd /
: >"$DIR/node.ready"
exec "$NODE/bin/pause"
