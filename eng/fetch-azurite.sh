#!/usr/bin/env bash
# Installs Azurite, Microsoft's emulator of Azure Blob Storage, for the storage tests: into artifacts/, at one exact version.
# Prints the path of its entry script. usage: eng/fetch-azurite.sh
set -euo pipefail

# The newest version that still runs on Debian 12's Node.js (18).
version=3.35.0
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CPT_AZURITE_DIR:-$root/artifacts/azurite}/$version
entry=$target/node_modules/azurite/dist/src/blob/main.js

if [ ! -f "$target/.complete" ]; then
    if ! command -v npm >/dev/null; then
        echo "npm is missing; installing Debian's packages nodejs and npm (the storage tests run against Azurite)" >&2
        if [ "$(id -u)" = 0 ]; then sudo=
        elif command -v sudo >/dev/null; then sudo=sudo
        else echo "run as root: apt-get install -y --no-install-recommends nodejs npm" >&2; exit 1
        fi
        $sudo apt-get update -qq >&2 && $sudo apt-get install -y -qq --no-install-recommends nodejs npm >&2
    fi
    mkdir -p "$target"
    exec 9>"$target/.lock"
    flock 9 # two test runs at once
    if [ ! -f "$target/.complete" ]; then
        npm install --prefix "$target" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "azurite@$version" >&2
        touch "$target/.complete"
    fi
fi
[ -f "$entry" ] || { echo "$entry is missing; delete $target and run this again" >&2; exit 1; }
echo "$entry"
