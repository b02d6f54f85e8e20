#!/usr/bin/env bash
# eng/bench/cluster.sh [-o json]: what it costs to run on a cluster of this machine: sizes of the images, install to ready, pod start to first step, and the handoff
# of a stage with the start of its pod. Brings a cluster of its own up with ./cpt cluster (needs root) and takes it down.
set -euo pipefail
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
form=text
case "${1:-} ${2:-}" in
  " ") ;;
  "-o json") form=json ;;
  *) sed -n '2,3s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
command -v jq >/dev/null || { echo "jq is missing: apt-get install jq" >&2; exit 69; }

name=bench stages=8
work=$(mktemp -d)
trap './cpt cluster down --name $name >&2; rm -rf "$work"' EXIT
# Images are built and Kubernetes is unpacked before anything is timed.
eng/images/build.sh operator trainer-cpu azurite prometheus >&2
./cpt cluster up --name $name --kubeconfig "$work/config" 2>"$work/up" || { cat "$work/up" >&2; exit 69; }
cat "$work/up" >&2
export KUBECONFIG=$work/config

# The release anew, with its images on the node: from `helm install` to the first and to both replicas ready.
helm=$(eng/fetch-helm.sh)
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
"$helm" uninstall cpt-operator --namespace cpt-system --wait >&2
from=$EPOCHREALTIME
"$helm" install cpt-operator charts/cpt-operator --namespace cpt-system --values eng/cluster/values.yaml --wait >&2
ready=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')

{
  cat <<YAML
apiVersion: cpt.dev/v1alpha1
kind: ContinualRun
metadata: {name: bench, namespace: default}
spec:
  baseModel: {uri: bundled://models/digits-base}
  storage: {uri: azblob://bench/bench, secretRef: {name: cpt-storage}}
  template: {resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}}
  evaluation: {maxResponseTokens: 4, maxSamples: 16}
  stages:
YAML
  for ((stage = 1; stage <= stages; stage++)); do
    echo "  - {name: s$stage, method: SFT, task: {uri: 'generated://digits/parity?seed=$stage&train=64&eval=16'}, parameters: {learningRate: '1e-5', steps: '5', batchSize: '16', maxSequenceTokens: '16'}}"
  done
} | kubectl apply --server-side -f - >&2
kubectl wait --for=condition=Succeeded --timeout=15m crun/bench >&2

# Times of the trainers' own lines, to the millisecond: the kubelet's are whole seconds.
for ((stage = 1; stage <= stages; stage++)); do
  pod=$(kubectl get pods -l "cpt.dev/run=bench,cpt.dev/stage=s$stage" -o jsonpath='{.items[0].metadata.name}')
  created=$(kubectl get pod "$pod" -o jsonpath='{.metadata.creationTimestamp}')
  kubectl logs "$pod" | jq -sc --arg created "$created" '
    def seconds: sub("(?<f>\\.[0-9]+)?\\+00:00$"; "Z") | fromdateiso8601;
    def exact: (seconds) + ((capture("(?<f>\\.[0-9]+)").f // "0") | tonumber);
    {created: ($created | fromdateiso8601), first: (.[0].time | exact), step: ([.[] | select(.event == "step")][0].time | exact), last: (.[-1].time | exact)}'
done >"$work/stages"

jq -s --argjson ready "$ready" \
  --argjson operator "$(stat -c %s artifacts/images/operator.tar)" --argjson trainer "$(stat -c %s artifacts/images/trainer-cpu.tar)" '
  def middle: sort | .[length / 2 | floor];
  {
    operatorImageBytes: $operator, trainerImageBytes: $trainer, installToReadySeconds: $ready, stages: length,
    podCreatedToFirstLineSeconds: ([.[] | .first - .created] | middle),
    firstLineToFirstStepSeconds: ([.[] | .step - .first] | middle),
    handoffWithPodStartSeconds: ([range(1; length) as $i | .[$i].first - .[$i - 1].last] | middle),
    handoffToFirstStepSeconds: ([range(1; length) as $i | .[$i].step - .[$i - 1].last] | middle)
  }' "$work/stages" >"$work/result"
if [ $form = json ]; then cat "$work/result"; else
  jq -r '"operator image (compressed)         \(.operatorImageBytes / 1e6 | floor) MB
trainer-cpu image (compressed)      \(.trainerImageBytes / 1e6 | floor) MB
helm install to both replicas ready \(.installToReadySeconds * 10 | round / 10) s
of \(.stages) stages, the median:
  pod created to first line         \(.podCreatedToFirstLineSeconds * 100 | round / 100) s (the first to a second: the API server rounds it down)
  first line to first step          \(.firstLineToFirstStepSeconds * 100 | round / 100) s
  last line of a stage to the first of the next  \(.handoffWithPodStartSeconds * 100 | round / 100) s
  … and to its first step           \(.handoffToFirstStepSeconds * 100 | round / 100) s"' "$work/result"
fi
