# What `./cpt cluster` tells people and scripts; sourced by cluster.sh.

PROGRAMS=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy dns discovery)

say_what_next() {
  local config
  config=$(cat "$CLUSTER_DIR/kubeconfig-at")
  say "" "Ready after $1 s. Kubernetes $("$("$HERE/assets.sh")/kubelet" --version | cut -d' ' -f2) on https://$NODE_ADDRESS:6443, Pods and Services at their own addresses from this machine." ""
  say "  export KUBECONFIG=$config"
  [ -z "${HTTPS_PROXY:-}${https_proxy:-}" ] || say "  export NO_PROXY=\"\${NO_PROXY:-},198.18.0.0/15\"       # else kubectl would ask your proxy for it"
  if [ -n "$OPERATOR" ] && [ -e "$ROOT/examples/cluster-quickstart.yaml" ]; then
    say "  kubectl apply -f examples/cluster-quickstart.yaml"
    say "  kubectl get crun -w"
  else
    say "  kubectl get nodes"
  fi
  [ -z "$ADDONS" ] || say "" "  Prometheus    $(prometheus_url)" \
    "  blob storage  Secret cpt-storage in namespace default, for spec.storage.secretRef; on this machine:" \
    "                export AZURE_STORAGE_CONNECTION_STRING='$(connection_string)'"
  say ""
}

# NAME NAMESPACE READY WANTED, a line a deployment of ours.
deployments() {
  local namespace
  for namespace in cpt-dev cpt-system; do
    kubectl --namespace $namespace get deployments --ignore-not-found --request-timeout=5s \
      -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.namespace} {.status.readyReplicas} {.spec.replicas}{"\n"}{end}' 2>/dev/null |
      awk 'NF == 3 { print $1, $2, 0, $3 } NF == 4'
  done
}

show_status() {
  local program missing=() state=Ready ready=true name namespace now wanted lines=() phases
  PATH=$PATH:$ROOT/artifacts/tools/kubectl
  for program in "${PROGRAMS[@]}"; do
    running "$program" || missing+=("$program")
  done
  ask /api/v1/nodes/node 2>/dev/null | tr -d ' \n' | grep -q '{"type":"Ready","status":"True"' || state=NotReady
  [ $state = Ready ] && [ ${#missing[@]} -eq 0 ] || ready=false
  mapfile -t lines < <(deployments)
  for name in ${lines[@]+"${lines[@]}"}; do
    read -r _ _ now wanted <<<"$name"
    [ "$now" -ge "$wanted" ] || ready=false
  done

  if [ "$OUTPUT" = json ]; then
    # Names here are words, so no text needs escaping but two paths.
    quoted() { printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"; }
    printf '{"name":"%s","ready":%s,"node":"%s","server":"https://%s:6443","directory":%s,"kubeconfig":%s,' \
      "$NAME" $ready $state "$NODE_ADDRESS" "$(quoted "$CLUSTER_DIR")" "$(quoted "$(cat "$CLUSTER_DIR/kubeconfig-at" 2>/dev/null)")"
    printf '"pods":"%s","services":"%s","stopped":[%s],"deployments":[' "$POD_RANGE" "$SERVICE_RANGE" "$(printf '"%s",' ${missing[@]+"${missing[@]}"} | sed 's/^"",$//; s/,$//')"
    for name in ${lines[@]+"${lines[@]}"}; do
      read -r name namespace now wanted <<<"$name"
      printf '%s{"name":"%s","namespace":"%s","ready":%s,"wanted":%s}' "${phases:-}" "$name" "$namespace" "$now" "$wanted"
      phases=,
    done
    printf ']'
    case " ${lines[*]-} " in *" prometheus cpt-dev "*) printf ',"prometheus":"%s"' "$(prometheus_url)" ;; esac
    printf '}\n'
  else
    printf '%-13s %s\n' cluster "$NAME" node $state server "https://$NODE_ADDRESS:6443" kubeconfig "$(cat "$CLUSTER_DIR/kubeconfig-at" 2>/dev/null || echo none)" \
      directory "$CLUSTER_DIR" Pods "$POD_RANGE" Services "$SERVICE_RANGE"
    [ ${#missing[@]} -eq 0 ] || printf '%-13s %s\n' "not running" "${missing[*]} (./cpt cluster up starts them; logs: $CLUSTER_DIR/NAME.log)"
    for name in ${lines[@]+"${lines[@]}"}; do
      read -r name namespace now wanted <<<"$name"
      printf '%-13s %s of %s ready (namespace %s)\n' "$name" "$now" "$wanted" "$namespace"
    done
  fi
  [ $ready = true ]
}
