#!/usr/bin/env bash
# Installs Grafana's own types of dashboards, and the compiler that checks against them, into artifacts/ at exact versions. Prints their directory.
# usage: eng/fetch-grafana-schema.sh
set -euo pipefail
schema=13.2.3
typescript=5.9.3
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/artifacts/grafana-schema/$schema-$typescript

if [ ! -f "$target/.complete" ]; then
    command -v npm >/dev/null || { echo "npm is not installed; it fetches @grafana/schema@$schema (Debian package: npm)" >&2; exit 69; }
    mkdir -p "$target"
    exec 9>"$target/.lock"
    flock 9 # two test runs at once
    if [ ! -f "$target/.complete" ]; then
        npm install --prefix "$target" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "@grafana/schema@$schema" "typescript@$typescript" >&2
        touch "$target/.complete"
    fi
fi
echo "$target"
