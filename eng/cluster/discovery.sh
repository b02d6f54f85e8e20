#!/usr/bin/env bash
# discovery.sh DIR: keeps two files as Services and Pods are, for programs of Debian's that do not ask the API server themselves. Started on the node by node.sh.
#   DIR/dns/names                            for dnsmasq: NAME.NAMESPACE.svc.cluster.local, and HOSTNAME.NAME… for the pods of a headless Service
#   DIR/var/lib/cpt-volumes/scrape/pods.json for Prometheus (built without its Kubernetes discovery): pods that ask for it by the usual annotations
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
. "$HERE/network.sh"
CLUSTER_DIR=$1
load_plan
NAMES=$CLUSTER_DIR/dns/names
SCRAPE=$CLUSTER_DIR/var/lib/cpt-volumes/scrape/pods.json
mkdir -p "$(dirname "$SCRAPE")"
export KUBECONFIG=$CLUSTER_DIR/admin.kubeconfig KUBECACHEDIR=$CLUSTER_DIR/dns/cache NO_PROXY='*'

# Lines "name ADDRESS NAMES…" and "scrape TARGET". A headless Service has no address: its pods stand for it, and the controller marks its Endpoints.
# A pod that has ended keeps its address for a while; it is not one that is down.
# shellcheck disable=SC2016 # these are the template's variables
TEMPLATE='{{range $item := .items}}{{$name := printf "%s.%s.svc.cluster.local" .metadata.name .metadata.namespace
}}{{if eq .kind "Service"}}{{with .spec.clusterIP}}{{if ne . "None"}}name {{.}} {{$name}}
{{end}}{{end}}{{else if eq .kind "Endpoints"}}{{range $label, $value := .metadata.labels}}{{if eq $label "service.kubernetes.io/headless"
}}{{range $item.subsets}}{{range .addresses}}name {{.ip}} {{$name}}{{if .hostname}} {{.hostname}}.{{$name}}{{end}}
{{end}}{{end}}{{end}}{{end}}{{else if and .metadata.annotations .status.podIP (eq .status.phase "Running")}}{{$noted := .metadata.annotations
}}{{with index $noted "prometheus.io/scrape"}}{{if eq . "true"}}scrape {"targets": ["{{$item.status.podIP}}:{{with index $noted "prometheus.io/port"}}{{.}}{{else}}80{{end
}}"], "labels": {"namespace": {{printf "%q" $item.metadata.namespace}}, "pod": {{printf "%q" $item.metadata.name
}}, "__metrics_path__": {{with index $noted "prometheus.io/path"}}{{printf "%q" .}}{{else}}"/metrics"{{end}}{{range $label, $value := $item.metadata.labels
}}{{if eq $label "cpt.dev/run"}}, "cpt_dev_run": {{printf "%q" $value}}{{else if eq $label "cpt.dev/stage"}}, "cpt_dev_stage": {{printf "%q" $value
}}{{else if eq $label "cpt.dev/attempt"}}, "cpt_dev_attempt": {{printf "%q" $value}}{{end}}{{end}}}}
{{end}}{{end}}{{end}}{{end}}'

# replace FILE: by what comes in, in one step; fails where it is the same already.
replace() {
  cat >"$1.new"
  ! cmp -s "$1.new" "$1" && mv "$1.new" "$1"
}

write_files() {
  local found
  found=$(kubectl get services,endpoints,pods --all-namespaces --request-timeout=5s -o go-template="$TEMPLATE") || return 0
  if sed -n 's/^name //p' <<<"$found" | replace "$NAMES"; then kill -HUP "$(cat /run/dnsmasq.pid)" || true; fi
  { echo '[' && sed -n 's/^scrape //p' <<<"$found" | sed '$!s/$/,/' && echo ']'; } | replace "$SCRAPE" || true
}

# A line for every change, until one of the watches ends; the first lines are of what is there already.
changes() {
  local kind
  for kind in services endpoints pods; do
    curl -sfN --noproxy '*' --cacert "$CLUSTER_DIR/pki/ca.crt" --cert "$CLUSTER_DIR/pki/admin.crt" --key "$CLUSTER_DIR/pki/admin.key" \
      "https://$NODE_ADDRESS:6443/api/v1/$kind?watch=true" &
  done
  wait -n || true
  # shellcheck disable=SC2046 # several numbers
  kill $(jobs -p) 2>/dev/null || true
}

while :; do
  changes | while read -r _; do
    while read -r -t 0.2 _; do :; done # what comes together is written once
    write_files
  done || true
  sleep 1 # the API server is away
done
