#!/usr/bin/env bash
# sbom.sh ROOT PROGRAM NUGET.json OUTPUT: the bill of materials (CycloneDX JSON) of the image whose files lie in ROOT: PROGRAM and its NuGet packages as
# publish.sh found them, the .NET runtime, Debian's packages and, where there are any, Python's. Runs while an image is built; needs jq.
# It holds no time and no serial number, so that equal images have equal ones.
set -euo pipefail
[ $# -eq 4 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 64; }
root=$1 program=$2 nuget=$3 output=$4
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
work=$(mktemp -d)

# licences COPYRIGHT: the names that a machine-readable copyright file gives, else the common licences that its text points to, on one line.
licences() {
  local names
  names=$(sed -n 's/^License:[[:space:]]*\([^[:space:]].*\)$/\1/p' "$1")
  [ -n "$names" ] || names=$({ grep -o 'common-licenses/[A-Za-z0-9.+-]*[A-Za-z0-9+]' "$1" || true; } | cut -d/ -f2)
  LC_ALL=C sort -u <<<"$names" | paste -sd'|'
}

# One line a package: name, version, architecture, source, licences.
{
  shopt -s nullglob
  # dpkg's own database, or what images without a package manager have in its place.
  for status in "$root"/var/lib/dpkg/status "$root"/var/lib/dpkg/status.d/*; do
    [ -f "$status" ] || continue
    case "$status" in *.md5sums) continue ;; esac
    awk -v RS= -v OFS='\t' '{
      name = version = architecture = source = ""; installed = 1
      count = split($0, lines, "\n")
      for (i = 1; i <= count; i++) {
        if (lines[i] ~ /^Package: /) name = substr(lines[i], 10)
        else if (lines[i] ~ /^Version: /) version = substr(lines[i], 10)
        else if (lines[i] ~ /^Architecture: /) architecture = substr(lines[i], 15)
        else if (lines[i] ~ /^Source: /) { source = substr(lines[i], 9); sub(/ .*/, "", source) }
        else if (lines[i] ~ /^Status: / && lines[i] !~ / installed$/) installed = 0
      }
      if (installed && name != "") print name, version, architecture, source == "" ? name : source
    }' "$status"
  done | LC_ALL=C sort -u | while IFS=$'\t' read -r name version architecture source; do
    copyright=$root/usr/share/doc/$name/copyright
    [ -f "$copyright" ] || copyright=/dev/null
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$version" "$architecture" "$source" "$(licences "$copyright")"
  done
} >"$work/debian.tsv"

# Python's packages say who they are in METADATA.
{ find "$root/usr" "$root/opt" -path '*.dist-info/METADATA' -print0 2>/dev/null || true; } | LC_ALL=C sort -z | while IFS= read -r -d '' metadata; do
  awk -v OFS='\t' '/^$/ { exit } /^Name: / { name = substr($0, 7) } /^Version: / { version = substr($0, 10) } /^License(-Expression)?: / { licence = $0; sub(/^[^ ]* /, "", licence) }
    END { print name, version, length(licence) > 60 ? "" : licence }' "$metadata"
done | LC_ALL=C sort -u >"$work/python.tsv"

# name and version of each shared framework of .NET; a self-contained program has them in its own folder, and publish.sh has listed them.
for framework in "$root"/usr/share/dotnet/shared/*/*/; do
  printf '%s\t%s\n' "$(basename "$(dirname "$framework")")" "$(basename "$framework")"
done >"$work/dotnet.tsv"

distribution=$(. "$root/etc/os-release" && printf '%s-%s' "$ID" "${VERSION_ID%%.*}")
mkdir -p "$(dirname "$output")"
jq --arg program "$program" --arg distribution "$distribution" --rawfile debian "$work/debian.tsv" --rawfile python "$work/python.tsv" --rawfile dotnet "$work/dotnet.tsv" \
  -f "$here/sbom.jq" "$nuget" >"$output"
rm -rf "$work"
echo "sbom: $output lists $(jq '.components | length' "$output") components"
