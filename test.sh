#!/usr/bin/env bash
# ./test.sh [unit|cluster|all]: installs what tests need, builds the solution, runs every test project, and ends with "N passed, N failed".
#   unit     without the tests that start whole runs (trait Category=EndToEnd), an API server (Category=Cluster) or build images (Category=Images)
#   cluster  those against a real API server alone; see tests/cluster/README.md for where it comes from
#   all      everything (the default)
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$ROOT/eng/launch.sh"

mode=${1:-all}
case "$mode" in
  unit) filter=(-trait- Category=EndToEnd -trait- Category=Cluster -trait- Category=Images) ;;
  cluster) filter=(-trait Category=Cluster) ;;
  all) filter=() ;;
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) die 64 "test.sh: \"$mode\" is not one of unit, cluster, all." ;;
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
build_if_changed "cpt and its tests" .tests-built CptOperator.sln "${CPT_SOURCES[@]}" tests examples CptOperator.sln
mark_built .cpt-built "${CPT_SOURCES[@]}"

results="$ROOT/artifacts/test-results"
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0 broken=()

for project in "$ROOT"/tests/Cpt.*.Tests; do
  name=$(basename "$project")
  dll="$ROOT/artifacts/bin/$name/release/$name.dll"
  xml="$results/$name.xml"
  log="$results/$name.log"
  say "── $name"
  code=0
  # A project without tests (or with none after the filter) is not a failure, hence exit code 8's absence below.
  # A shell in the background hands its children SIGINT ignored, and tests send it.
  env --default-signal=INT,QUIT dotnet "$dll" -noLogo -noColor -xml "$xml" "${filter[@]}" </dev/null >"$log" 2>&1 || code=$?
  if [ ! -s "$xml" ]; then
    tail -n 30 "$log" >&2
    broken+=("$name ended with exit code $code before it wrote its results")
    failed=$((failed + 1))
    continue
  fi

  # One <assembly …> a file; "failed" there leaves out what broke outside a test, which "errors" counts.
  line=$(grep -o '<assembly [^>]*>' "$xml" | head -n 1)
  count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$line"; }
  p=$(count passed) f=$(count failed) s=$(count skipped) e=$(count errors)
  passed=$((passed + p)) failed=$((failed + f + e)) skipped=$((skipped + s))
  say "   $p passed, $((f + e)) failed$([ "$s" -eq 0 ] || echo ", $s skipped")"
  if [ $((f + e)) -gt 0 ]; then
    grep -vE '^ *(Discover|Starting|Finished|=== TEST)' "$log" | head -n 200 >&2
  elif [ "$code" -ne 0 ] && [ $((p + s)) -gt 0 ]; then
    broken+=("$name passed its tests and then ended with exit code $code")
    failed=$((failed + 1))
  fi
done

for line in ${broken[@]+"${broken[@]}"}; do say "FAILED: $line"; done
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
