#!/usr/bin/env bash
# Makes what eng/gpu-check.sh needs on a machine that has neither .NET nor a network: cpt and cpt-trainer with their runtime, packed into
# one file. The shim is not in it: it is compiled there, against the libtorch of that machine.
#
#   eng/publish-gpu-check.sh [--output DIR]       default: artifacts/gpu-check
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/eng/launch.sh"
output="$ROOT/artifacts/gpu-check"
while [ $# -gt 0 ]; do
  case "$1" in
    --output) output="${2:?--output needs a directory}"; shift 2 ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die 64 "publish-gpu-check: unknown argument '$1'; known is --output DIR" ;;
  esac
done

need_dotnet
need_sdk_10
need_packages xz-utils/xz="packs the program"
program="$ROOT/artifacts/publish/cpt"
rm -rf "$program"
for project in Cpt.Cli Cpt.Trainer; do
  say "Publishing $project …"
  (cd "$ROOT" && dotnet publish "src/$project/$project.csproj" -c Release -r linux-x64 --self-contained -o "$program" \
    -p:DebugType=none -nodeReuse:false --tl:off -clp:NoSummary -v quiet)
done


# Compiled where it runs.
rm -f "$program"/libcpt_torch.so "$program"/*.xml "$program"/*.pdb

mkdir -p "$output"
tar -C "$program" -c . | xz -T0 -6 >"$output/cpt.tar.xz.new"
mv "$output/cpt.tar.xz.new" "$output/cpt.tar.xz"
say "$output/cpt.tar.xz: $(du -h "$output/cpt.tar.xz" | cut -f1)"
