#!/usr/bin/env bash
# Makes src/Cpt.Tasks/World/countries.json from the npm package countries-list (MIT). Run it by hand to take a newer version:
# raise the number here, run, read the diff. Task digests change with the facts, so stages that learned them train again.
set -euo pipefail
version=3.4.1

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "countries-list@$version" >/dev/null && tar xzf "countries-list-$version.tgz")
node "$root/eng/world-facts.js" "$work/package" > "$work/countries.json"
{
  echo "countries.json is made by eng/update-world.sh from the npm package countries-list $version"
  echo "(https://github.com/annexare/Countries). Names, capitals, continents and currency codes are"
  echo "unchanged; other fields are left out. Its licence:"
  echo
  cat "$work/package/LICENSE"
} > "$work/NOTICE"
mv "$work/countries.json" "$work/NOTICE" "$root/src/Cpt.Tasks/World/"
echo "wrote $(grep -c '"code"' "$root/src/Cpt.Tasks/World/countries.json") countries of countries-list $version"
