#!/usr/bin/env bash
# Installs the CycloneDX project's own library with its published schemas into artifacts/ at one exact version: bills of materials of images are checked with it.
# Prints its node_modules. usage: eng/fetch-cyclonedx.sh
set -euo pipefail
version=10.3.0
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/artifacts/cyclonedx/$version

if [ ! -f "$target/.complete" ]; then
    command -v npm >/dev/null || { echo "npm is not installed; it fetches @cyclonedx/cyclonedx-library@$version (Debian package: npm)" >&2; exit 69; }
    mkdir -p "$target"
    exec 9>"$target/.lock"
    flock 9 # two test runs at once
    if [ ! -f "$target/.complete" ]; then
        # It leaves the choice of a JSON schema validator to its user.
        npm install --prefix "$target" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error \
            "@cyclonedx/cyclonedx-library@$version" ajv@8.20.0 ajv-formats@3.0.1 ajv-formats-draft2019@1.6.1 >&2
        touch "$target/.complete"
    fi
fi
echo "$target/node_modules"
