#!/usr/bin/env bash
# ./cpt cluster: a developer's own Kubernetes on a Debian machine, with a node that runs pods, storage, Prometheus and the operator.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
. "$ROOT/eng/launch.sh"
. "$ROOT/eng/test-tools.sh"
. "$HERE/lib.sh"
. "$HERE/network.sh"
. "$HERE/steps.sh"
. "$HERE/kubeconfig.sh"
. "$HERE/show.sh"

usage() {
  cat <<'TEXT'
A Kubernetes cluster of your own on this machine, from Debian's packages: one node that runs pods, Azurite as blob storage, Prometheus, and the operator
as built from this checkout. Needs root (sudo). Nothing is installed for the whole machine but small tools, which are named first.

Usage:
  ./cpt cluster up [--name NAME] [--no-operator] [--no-addons]   bring it up, or bring it up to date: continues where it is, loads what was built anew
  ./cpt cluster down [--name NAME]                               take it down with all that is in it
  ./cpt cluster load [--name NAME] IMAGE.tar…                    hand image archives (OCI, docker save) to the node
  ./cpt cluster status [--name NAME] [-o json]                   what runs, and where; exit code 1 where it is not all ready
  ./cpt cluster kubeconfig [--name NAME]                         print a kubeconfig that holds all it needs

Options:
  --name NAME        one of several clusters side by side [default: dev]
  --no-operator      without images, storage Secret and operator: a bare cluster (with the add-ons)
  --no-addons        without Azurite and Prometheus; then there is no storage Secret either
  --kubeconfig FILE  where `up` writes the kubeconfig [default: ~/.kube/cpt-NAME.config]
  -h, --help         this

Examples:
  sudo ./cpt cluster up
  export KUBECONFIG=~/.kube/cpt-dev.config
  kubectl apply -f examples/cluster-quickstart.yaml
  sudo ./cpt cluster down

More: docs/cluster.md
TEXT
}

wrong() {
  say "cpt cluster: $*" "See: ./cpt cluster --help"
  exit 64
}

verb=${1:-}
case "$verb" in
  -h | --help | help) usage; exit 0 ;;
  "") usage >&2; exit 64 ;;
  up | down | load | status | kubeconfig) shift ;;
  *) wrong "\"$verb\" is not one of up, down, load, status, kubeconfig." ;;
esac

NAME=dev OPERATOR=yes ADDONS=yes OUTPUT=text KUBECONFIG_FILE="" archives=()
while [ $# -gt 0 ]; do
  case "$1" in
    --name=* | --kubeconfig=* | --output=*) set -- "${1%%=*}" "${1#*=}" "${@:2}"; continue ;;
    -ojson) set -- -o json "${@:2}"; continue ;;
    --name | --kubeconfig | -o | --output)
      [ $# -ge 2 ] || wrong "$1 needs a value."
      case "$1" in
        --name) NAME=$2 ;;
        --kubeconfig) KUBECONFIG_FILE=$2 ;;
        *) OUTPUT=$2 ;;
      esac
      shift 2
      continue
      ;;
    --no-operator) OPERATOR= ;;
    --no-addons) ADDONS= ;;
    -h | --help) usage; exit 0 ;;
    -*) wrong "$verb has no option $1." ;;
    *) [ "$verb" = load ] || wrong "$verb takes no argument \"$1\"; a cluster is named with --name."; archives+=("$1") ;;
  esac
  shift
done
[[ $NAME =~ ^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$ ]] || wrong "--name $NAME: a name has 1 to 30 lower-case letters, digits and hyphens, and starts and ends with no hyphen."
case "$OUTPUT" in text | json) ;; *) wrong "-o $OUTPUT: it is text or json." ;; esac
[ "$verb" != load ] || [ ${#archives[@]} -gt 0 ] || wrong "load needs at least one image archive."
if [ "$(id -u)" -ne 0 ]; then
  say "cpt cluster $verb needs root: a node makes namespaces, mounts and cgroups. Run:" "  sudo ${CPT_COMMAND:-./cpt} cluster $verb"
  exit 69
fi

find_directory
case "$verb" in
  up) bring_up ;;
  down) take_down ;;
  load) must_exist; exec "$HERE/load.sh" "$CLUSTER_DIR" "${archives[@]}" ;;
  status) must_exist; show_status ;;
  kubeconfig) must_exist; whole_kubeconfig ;;
esac
