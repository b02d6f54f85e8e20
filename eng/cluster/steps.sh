# What `./cpt cluster …` does, step by step; sourced by cluster.sh. Bash forgets `set -e` in what `step` calls, hence all the `|| return`.

# Where clusters are kept, by name. As root on purpose: their files are root's.
find_directory() {
  local place=$ROOT/artifacts/clusters
  [ -z "${HOME:-}" ] || [ ! -w "$HOME" ] || place=${XDG_STATE_HOME:-$HOME/.local/state}/cpt-operator/clusters
  CLUSTER_DIR=${CPT_CLUSTERS:-$place}/$NAME
  [ ! -d "$CLUSTER_DIR" ] || CLUSTER_DIR=$(cd "$CLUSTER_DIR" && pwd -P)
  export KUBECONFIG=$CLUSTER_DIR/admin.kubeconfig KUBECACHEDIR=$CLUSTER_DIR/kubectl-cache
  # Through a company's proxy nothing here is reached.
  export NO_PROXY="${NO_PROXY:-${no_proxy:-}},198.18.0.0/15"
  export no_proxy=$NO_PROXY
}

must_exist() {
  [ -s "$CLUSTER_DIR/network" ] && load_plan && return 0
  local others
  others=$(cd "$(dirname "$CLUSTER_DIR")" 2>/dev/null && ls -x || true)
  fail "There is no cluster \"$NAME\"${others:+; there is: $others}. ./cpt cluster up --name $NAME makes it."
}

# step WHAT COMMAND…: says what it did and how long that took.
step() {
  local what=$1 from=$EPOCHREALTIME
  shift
  [ ! -t 2 ] || printf '  %s …' "$what" >&2
  "$@" || { say "" "FAILED: $what"; exit 69; }
  [ ! -t 2 ] || printf '\r\033[K' >&2
  printf '  %-66s %7s s\n' "$what" "$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" >&2
}

# quietly NAME COMMAND…: its output goes into DIR/NAME.log, and is shown only when it fails.
quietly() {
  local log=$CLUSTER_DIR/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null || { say "" "$(tail -n 30 "$log")"; return 1; }
}

bring_up() {
  local began=$SECONDS images=()
  need_packages \
    iproute2/ip="makes the network of the cluster" \
    procps/sysctl="sets up the network of the cluster" \
    openssl/openssl="makes the cluster's certificates" \
    curl/curl="asks the cluster whether it is ready" \
    g++/g++="compiles the program that holds a pod's namespaces"
  if [ -n "${CPT_KUBE_ARCHIVE:-}" ]; then need_packages xz-utils/xz="unpacks CPT_KUBE_ARCHIVE"; else need_packages dpkg-dev/dpkg-source="unpacks Debian's source package of Kubernetes"; fi
  need_kubectl
  hand_back
  PATH=$PATH:$ROOT/artifacts/tools/kubectl

  mkdir -p "$CLUSTER_DIR"
  CLUSTER_DIR=$(cd "$CLUSTER_DIR" && pwd -P)
  lock_cluster "Another \"cluster up\" or \"down\" is at work on \"$NAME\"; waiting for it …"

  say "Cluster \"$NAME\":"
  "$HERE/assets.sh" >/dev/null # these two say themselves what takes so long, the first time
  "$HERE/node-assets.sh" >/dev/null
  step "node and control plane" quietly up "$HERE/up-node.sh" "$CLUSTER_DIR"
  load_plan
  step "kubeconfig" write_kubeconfig

  if [ -n "$ADDONS" ] && available "the add-ons" "$ROOT/eng/images/build.sh"; then images+=(azurite prometheus); else ADDONS=; fi
  if [ -n "$OPERATOR" ] && available "the operator" "$ROOT/eng/images/build.sh" "$ROOT/charts/cpt-operator/Chart.yaml" "$ROOT/eng/fetch-helm.sh"; then
    images+=(operator trainer-cpu)
  else
    OPERATOR=
  fi

  if [ ${#images[@]} -gt 0 ]; then
    say "  images ${images[*]}: built where their sources changed (minutes the first time)"
    step "images are built" build_images "${images[@]}"
    step "images are on the node" load_images "${images[@]}"
  fi
  [ -z "$ADDONS" ] || step "Azurite and Prometheus" quietly addons apply_addons
  [ -z "$OPERATOR" ] || step "operator" quietly operator install_operator
  [ -z "$ADDONS" ] || step "Azurite and Prometheus are ready" quietly addons-ready wait_for_deployments cpt-dev
  [ -z "$OPERATOR" ] || step "operator is ready" quietly operator-ready wait_for_deployments cpt-system
  say_what_next $((SECONDS - began))
}

# available WHAT FILE…: whether this checkout has what it takes.
available() {
  local what=$1 file
  shift
  for file in "$@"; do
    [ -e "$file" ] || { say "  $what: left out, this checkout has no ${file#"$ROOT"/}"; return 1; }
  done
}

# What root puts into a person's checkout is theirs.
hand_back() {
  [ -z "${SUDO_UID:-}" ] || [ ! -d "$ROOT/artifacts" ] || chown -R "$SUDO_UID:$SUDO_GID" "$ROOT/artifacts"
}

build_images() {
  local code=0
  # sudo hides the SDK that its caller has at home.
  command -v dotnet >/dev/null || PATH=$PATH:$(person_home)/.dotnet
  # All that it says is kept; what it installs for the whole machine is shown.
  "$ROOT/eng/images/build.sh" "$@" 2>&1 </dev/null | tee "$CLUSTER_DIR/images.log" | sed -un '/^Missing on this machine/,/^Installing/p' >&2 || code=$?
  hand_back
  [ $code -eq 0 ] || { say "" "$(tail -n 30 "$CLUSTER_DIR/images.log")"; return $code; }
}

# Each archive once, and again when it was built anew.
load_images() {
  local image archive stamp
  mkdir -p "$CLUSTER_DIR/loaded"
  for image in "$@"; do
    archive=$ROOT/artifacts/images/$image.tar
    stamp=$(stat -L -c "%s %Y" "$archive") || return
    [ "$stamp" != "$(cat "$CLUSTER_DIR/loaded/$image" 2>/dev/null)" ] || continue
    quietly load "$HERE/load.sh" "$CLUSTER_DIR" "$archive" || return
    [ ! -e "$CLUSTER_DIR/loaded/$image" ] || touch "$CLUSTER_DIR/loaded/$image.is-new"
    printf '%s\n' "$stamp" >"$CLUSTER_DIR/loaded/$image"
  done
}

# restart_if_new IMAGE NAMESPACE DEPLOYMENT: a pod that runs does not see that the image of its name is another one.
restart_if_new() {
  [ -e "$CLUSTER_DIR/loaded/$1.is-new" ] || return 0
  kubectl --namespace "$2" rollout restart "deployment/$3" || return
  rm -f "$CLUSTER_DIR/loaded/$1.is-new"
}

# A namespace whose pods must keep to the strictest standard, where the server knows it (Kubernetes 1.23 and newer).
make_namespace() {
  kubectl apply -f - <<YAML
apiVersion: v1
kind: Namespace
metadata:
  name: $1
  labels: {pod-security.kubernetes.io/enforce: restricted}
YAML
}

apply_addons() {
  local addon
  mkdir -p "$CLUSTER_DIR"/var/lib/cpt-volumes/{azurite,scrape}
  make_namespace cpt-dev || return
  # The alerts that the chart brings, for as long as there is no Prometheus operator to read them.
  if compgen -G "$ROOT/charts/cpt-operator/rules/*.yaml" >/dev/null; then
    kubectl --namespace cpt-dev create configmap prometheus-rules --from-file="$ROOT/charts/cpt-operator/rules" --dry-run=client -o yaml |
      kubectl apply -f - || return
  fi
  for addon in azurite prometheus; do
    sed "s/SERVICES\./$SERVICE_PREFIX./" "$HERE/addons/$addon.yaml" | kubectl apply -f - || return
    restart_if_new $addon cpt-dev $addon || return
  done
  # What runs in the namespace default name as spec.storage.secretRef. The key is the one that every Azurite has.
  kubectl --namespace default create secret generic cpt-storage --from-literal=AZURE_STORAGE_CONNECTION_STRING="$(connection_string)" --dry-run=client -o yaml |
    kubectl apply -f -
}

azurite_url() { echo "http://$SERVICE_PREFIX.20:10000/devstoreaccount1"; }
prometheus_url() { echo "http://$SERVICE_PREFIX.30:9090"; }
connection_string() {
  local key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
  echo "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=$key;BlobEndpoint=$(azurite_url);"
}

install_operator() {
  local helm
  helm=$("$ROOT/eng/fetch-helm.sh") || return
  export HELM_CACHE_HOME=$CLUSTER_DIR/helm/cache HELM_CONFIG_HOME=$CLUSTER_DIR/helm/config HELM_DATA_HOME=$CLUSTER_DIR/helm/data
  make_namespace cpt-system || return
  "$helm" upgrade --install cpt-operator "$ROOT/charts/cpt-operator" --namespace cpt-system --values "$HERE/values.yaml" || return
  restart_if_new operator cpt-system cpt-operator
}

# Ready, or what a person would look up next.
wait_for_deployments() {
  local deployment
  for deployment in $(kubectl --namespace "$1" get deployments -o name); do
    kubectl --namespace "$1" rollout status "$deployment" --timeout=180s && continue
    kubectl --namespace "$1" get pods -o wide
    kubectl --namespace "$1" get events --sort-by=.lastTimestamp | tail -n 8
    kubectl --namespace "$1" logs "$deployment" --tail=8
    return 1
  done
}

take_down() {
  # Also for what was only half made.
  [ -d "$CLUSTER_DIR" ] || { say "There is no cluster \"$NAME\"; nothing to take down."; exit 0; }
  lock_cluster "A \"cluster up\" is at work on \"$NAME\"; waiting for it …"
  remove_kubeconfig
  "$HERE/down.sh" --wipe "$CLUSTER_DIR"
  say "The cluster \"$NAME\" is gone, with all that was in it. Images and programs are kept for the next one."
}
