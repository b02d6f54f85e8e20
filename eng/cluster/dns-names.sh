#!/usr/bin/env bash
# dns-names.sh DIR: keeps DIR/dns/names as the Services are, for the cluster's DNS server: NAME.NAMESPACE.svc.cluster.local, and HOSTNAME.NAME… for the pods
# of a headless one. Debian has no DNS server that asks the API server by itself; so dnsmasq reads a file of names. Started on the node by node.sh.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
CLUSTER_DIR=$1
load_plan
NAMES=$CLUSTER_DIR/dns/names
export KUBECONFIG=$CLUSTER_DIR/admin.kubeconfig KUBECACHEDIR=$CLUSTER_DIR/dns/cache NO_PROXY='*'

# A headless Service has no address; its pods stand for it, and the controller marks its Endpoints.
TEMPLATE='{{range $item := .items}}{{$name := printf "%s.%s.svc.cluster.local" .metadata.name .metadata.namespace}}{{if eq .kind "Service"
}}{{if .spec.clusterIP}}{{if ne .spec.clusterIP "None"}}{{.spec.clusterIP}} {{$name}}
{{end}}{{end}}{{else}}{{range $label, $value := .metadata.labels}}{{if eq $label "service.kubernetes.io/headless"
}}{{range $item.subsets}}{{range .addresses}}{{.ip}} {{$name}}{{if .hostname}} {{.hostname}}.{{$name}}{{end}}
{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}'

write_names() {
  kubectl get services,endpoints --all-namespaces --request-timeout=5s -o go-template="$TEMPLATE" >"$NAMES.new" || return 0
  ! cmp -s "$NAMES.new" "$NAMES" || return 0
  mv "$NAMES.new" "$NAMES"
  kill -HUP "$(cat /run/dnsmasq.pid)"
}

# A line for every change, until one of the two watches ends; the first lines are of what is there already.
changes() {
  local kind
  for kind in services endpoints; do
    curl -sfN --noproxy '*' --cacert "$CLUSTER_DIR/pki/ca.crt" --cert "$CLUSTER_DIR/pki/admin.crt" --key "$CLUSTER_DIR/pki/admin.key" \
      "https://$NODE_ADDRESS:6443/api/v1/$kind?watch=true" &
  done
  wait -n || true
  # shellcheck disable=SC2046 # two numbers
  kill $(jobs -p) 2>/dev/null || true
}

while :; do
  changes | while read -r _; do
    while read -r -t 0.2 _; do :; done # what comes together is written once
    write_names
  done
  sleep 1 # the API server is away
done
