#!/usr/bin/env bash
# ./test.sh [unit|cluster|e2e|all]: installs what tests need, builds the solution, runs every test project, and ends with "N passed, N failed".
#   unit     without the tests that start whole runs (trait Category=EndToEnd), an API server (Category=Cluster), build images (Images) or need a node (Node, E2E)
#   cluster  those against a real API server alone; see eng/cluster/README.md for where it comes from
#   e2e      images that are built, and a real cluster whose node runs pods (Category=Images, Node, E2E); they need root and say so where they are skipped
#   all      everything (the default)
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$ROOT/eng/launch.sh"

mode=${1:-all}
case "$mode" in
  unit) filter=(-trait- Category=EndToEnd -trait- Category=Cluster -trait- Category=Images -trait- Category=Node -trait- Category=E2E) ;;
  cluster) filter=(-trait Category=Cluster) ;;
  e2e) filter=(-trait Category=Images -trait Category=Node -trait Category=E2E) ;;
  all) filter=() ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) die 64 "test.sh: \"$mode\" is not one of unit, cluster, e2e, all." ;;
esac

. "$ROOT/eng/test-tools.sh"
need_training_packages
need_picture_packages
need_packages \
  npm/npm="brings nodejs and fetches Azurite, the blob storage that storage tests run against" \
  chromium/chromium="opens the HTML report in a test" \
  python3-torch="the peer that cpt bench trainer is measured against (some 60 MB)"
need_dotnet
need_node_tools
need_promtool
[ "$mode" = unit ] || need_cluster
case "$mode" in e2e | all) need_node ;; esac
build_if_changed "cpt and its tests" .tests-built CptOperator.sln "${CPT_SOURCES[@]}" tests examples CptOperator.sln
mark_built .cpt-built "${CPT_SOURCES[@]}"

results="$ROOT/artifacts/test-results"
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0 broken=()

# start PROJECT[:PART]: runs its tests in the background; what they say goes into files. A part is the tests with that trait Part; without one, those that have none.
start() {
  local name=$1 project=${1%%:*} only=("${filter[@]}" -trait- Part=Cuda)
  [[ $name != *:* ]] || only=(-trait "Part=${name#*:}")
  # A project without tests (or with none after the filter) is not a failure.
  # A shell in the background hands its children SIGINT ignored, and tests send it.
  {
    local code=0 since=$SECONDS
    env --default-signal=INT,QUIT dotnet "$ROOT/artifacts/bin/$project/release/$project.dll" -noLogo -noColor -xml "$results/$name.xml" "${only[@]}" </dev/null >"$results/$name.log" 2>&1 || code=$?
    echo "$code $((SECONDS - since))" >"$results/$name.code"
  } &
  lanes[$!]=$name
}

# count ATTRIBUTE: of the one <assembly …> a file has; "failed" there leaves out what broke outside a test, which "errors" counts.
count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$line"; }

# finish: waits for one of the projects that run, and tells how it went.
finish() {
  local pid name code took line p f s e xml log
  wait -n -p pid || true
  name=${lanes[$pid]}
  unset "lanes[$pid]"
  xml=$results/$name.xml log=$results/$name.log
  read -r code took <"$results/$name.code"
  if [ ! -s "$xml" ]; then
    say "── $name"
    tail -n 30 "$log" >&2
    broken+=("$name ended with exit code $code before it wrote its results")
    failed=$((failed + 1))
    return
  fi

  line=$(grep -o '<assembly [^>]*>' "$xml" | head -n 1)
  p=$(count passed) f=$(count failed) s=$(count skipped) e=$(count errors)
  passed=$((passed + p)) failed=$((failed + f + e)) skipped=$((skipped + s))
  say "── $name: $p passed, $((f + e)) failed$([ "$s" -eq 0 ] || echo ", $s skipped") ($took s)"
  if [ $((f + e)) -gt 0 ]; then
    grep -vE '^ *(Discover|Starting|Finished|=== TEST)' "$log" | head -n 200 >&2
  elif [ "$code" -ne 0 ] && [ $((p + s)) -gt 0 ]; then
    broken+=("$name passed its tests and then ended with exit code $code")
    failed=$((failed + 1))
  fi
}

# Many tests wait for something most of their time: an API server, a process, a pod. So three projects run at a time: one lane builds the images and runs pods with them, the others
# take what is left, the long ones first.
declare -A lanes=()
most=${CPT_TEST_LANES:-3}
chain=(Cpt.Images.Tests Cpt.EndToEnd.Tests)
queue=(Cpt.Cli.Tests Cpt.Operator.Tests Cpt.Trainer.Tests Cpt.Cluster.Tests)
mapfile -t -O ${#queue[@]} queue < <(cd "$ROOT/tests" && printf '%s\n' Cpt.*.Tests | grep -vxF "$(printf '%s\n' "${queue[@]}" "${chain[@]}")")
# The pods need no CUDA image, which takes minutes: it waits for a lane instead of holding them up.
case "$mode" in e2e | all) queue+=(Cpt.Images.Tests:Cuda) ;; esac
say "Testing, $most projects at a time (CPT_TEST_LANES); each is told of when it ends …"
linked=
while [ ${#chain[@]} -gt 0 ] || [ ${#queue[@]} -gt 0 ] || [ ${#lanes[@]} -gt 0 ]; do
  [ -z "$linked" ] || [[ " ${lanes[*]-} " == *" $linked "* ]] || linked=
  if [ -z "$linked" ] && [ ${#chain[@]} -gt 0 ] && [ ${#lanes[@]} -lt "$most" ]; then
    linked=${chain[0]} chain=("${chain[@]:1}")
    start "$linked"
  elif [ ${#queue[@]} -gt 0 ] && [ ${#lanes[@]} -lt "$most" ]; then
    start "${queue[0]}"
    queue=("${queue[@]:1}")
  else
    finish
  fi
done

for line in ${broken[@]+"${broken[@]}"}; do say "FAILED: $line"; done
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
