#!/usr/bin/env bash
# Installs an evaluator of the Common Expression Language into artifacts/ at one exact version: the rules in crds/ are tried with it where the API server at hand is
# too old to know them. Prints its directory. usage: eng/fetch-cel.sh
set -euo pipefail
version=0.6.1
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/artifacts/cel/$version

if [ ! -f "$target/.complete" ]; then
    command -v npm >/dev/null || { echo "npm is not installed; it fetches @bufbuild/cel@$version (Debian package: npm)" >&2; exit 69; }
    mkdir -p "$target"
    exec 9>"$target/.lock"
    flock 9 # two test runs at once
    if [ ! -f "$target/.complete" ]; then
        npm install --prefix "$target" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "@bufbuild/cel@$version" >&2
        touch "$target/.complete"
    fi
fi
echo "$target"
