#!/usr/bin/env bash
# Runs an image without Docker, as a restricted pod would: a root file system that is only read, no capabilities, no way to new privileges, a network that
# is only loopback; /tmp and /work are of memory. Needs root, and runc from eng/images/build.sh.
#
#   eng/images/run-image.sh ARCHIVE.tar [--user UID] [--volume DIRECTORY:PATH[:ro]]… [--env NAME=VALUE]… [-- ARGUMENT…]
#
#   --user UID     default: the image's; any number works, whether /etc/passwd has it or not
#   ARGUMENT…      for the image's entry point; default: the image's own
# The exit code is the program's.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
. "$ROOT/eng/launch.sh"
. "$ROOT/eng/images/buildah.sh"

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in -h | --help) usage; exit 0 ;; '' | -*) usage >&2; exit 64 ;; esac
archive=$1 user='' mounts='[]' variables='[]'
shift
[ -f "$archive" ] || die 66 "run-image: there is no $archive; eng/images/build.sh makes it"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  [ $# -ge 2 ] || die 64 "run-image: $1 needs a value"
  case "$1" in
    --user) [[ $2 =~ ^[0-9]+$ ]] || die 64 "run-image: --user: \"$2\" is not a number"; user=$2 ;;
    --env) variables=$(jq -c --arg v "$2" '. + [$v]' <<<"$variables") ;;
    --volume)
      IFS=: read -r from to mode <<<"$2"
      [ -d "$from" ] || die 66 "run-image: --volume: there is no directory $from"
      mounts=$(jq -c --arg from "$(readlink -f "$from")" --arg to "$to" --arg mode "${mode:-rw}" \
        '. + [{destination: $to, type: "bind", source: $from, options: ["bind", $mode, "nosuid", "nodev"]}]' <<<"$mounts")
      ;;
    *) die 64 "run-image: \"$1\" is unknown; see --help" ;;
  esac
  shift 2
done
[ $# -eq 0 ] || shift
need_buildah

# Unpacked once: nothing writes there.
unpacked="$ROOT/artifacts/images/unpacked"
mkdir -p "$unpacked"
manifest=$(tar -xOf "$archive" index.json | jq -r '.manifests[0].digest' | cut -d: -f2)
directory=$unpacked/$manifest
exec 7>"$unpacked/.lock"
flock 7
if [ ! -f "$directory/.complete" ]; then
  current="$unpacked/$(basename "$archive").current"
  [ ! -f "$current" ] || rm -rf --one-file-system "${unpacked:?}/$(cat "$current")"
  rm -rf --one-file-system "$directory"
  mkdir -p "$directory/root"
  for layer in $(tar -xOf "$archive" "blobs/sha256/$manifest" | jq -r '.layers[].digest' | cut -d: -f2); do
    tar -xOf "$archive" "blobs/sha256/$layer" >"$directory/layer"
    # Marks of what this layer removes from the ones below it.
    { tar -tzf "$directory/layer" | grep -E '(^|/)\.wh\.' || true; } | while read -r mark; do
      case "$mark" in
        *.wh..wh..opq) find "$directory/root/$(dirname "$mark")" -mindepth 1 -delete 2>/dev/null || true ;;
        *) rm -rf "$directory/root/$(dirname "$mark")/$(basename "$mark" | cut -c5-)" ;;
      esac
    done
    tar -C "$directory/root" -xzf "$directory/layer" --numeric-owner --exclude='.wh.*'
    rm -f "$directory/layer"
  done
  printf '%s\n' "$manifest" >"$current"
  touch "$directory/.complete"
fi
exec 7>&-

bundle=$(mktemp -d "$unpacked/run.XXXXXX")
id="cpt-image-$(basename "$bundle")"
trap '"$CACHE/tools/usr/sbin/runc" --root "$bundle/state" delete --force "$id" 2>/dev/null; rm -rf --one-file-system "$bundle"' EXIT
"$ROOT/eng/images/read-image.sh" "$archive" --config | jq --arg root "$directory/root" --arg user "$user" --argjson mounts "$mounts" --argjson variables "$variables" '
  .config as $image
  | (if $user == "" then $image.User // "0" else $user end | split(":")) as $ids
  | def memory($path; $mode): {destination: $path, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=\($mode)"]};
  {
    ociVersion: "1.0.2",
    process: {
      user: {uid: ($ids[0] | tonumber), gid: ($ids[1] // $ids[0] | tonumber)},
      args: (($image.Entrypoint // []) + if $ARGS.positional == [] then $image.Cmd // [] else $ARGS.positional end),
      env: (($image.Env // []) + $variables),
      cwd: (if ($image.WorkingDir // "") == "" then "/" else $image.WorkingDir end),
      capabilities: {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []},
      noNewPrivileges: true
    },
    root: {path: $root, readonly: true},
    hostname: "image",
    mounts: ([
      {destination: "/proc", type: "proc", source: "proc"},
      {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]},
      {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
      memory("/tmp"; "1777"), memory("/work"; "1777")
    ] + $mounts),
    linux: {namespaces: [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}, {type: "network"}]}
  }' --args -- "$@" >"$bundle/config.json"
"$CACHE/tools/usr/sbin/runc" --root "$bundle/state" run --bundle "$bundle" "$id" </dev/null
