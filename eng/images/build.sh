#!/usr/bin/env bash
# Builds images into artifacts/images/NAME.tar, OCI archives that `ctr -n k8s.io images import` and `docker load` take; what has not changed is not built again.
#
#   eng/images/build.sh [operator] [trainer-cpu] [trainer-cuda] [azurite] [prometheus]      default: operator trainer-cpu
#
#   --engine buildah   (default) on Debian 12 with the .NET SDK, as root: no Docker, no daemon, no registry; base images are made of Debian's packages
#   --engine docker    with Docker and its registries, from the published base images
#   --tag TAG          default: dev; images are named localhost/cpt-operator, localhost/cpt-trainer (-cuda), localhost/azurite, localhost/prometheus
#   --torch-base IMAGE the PyTorch image that trainer-cuda stands on; --torch DIR: where in it include/ and lib/ are, if its Python does not know
#   --output DIR       default: artifacts/images
#   --no-cache         every step anew, Debian's base too: takes newer packages
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
. "$ROOT/eng/launch.sh"
. "$ROOT/eng/images/buildah.sh"
. "$ROOT/eng/images/bases.sh"

engine=buildah tag=dev output="$ROOT/artifacts/images" fresh='' torch_base='' torch='' targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    operator | trainer-cpu | trainer-cuda | azurite | prometheus) targets+=("$1"); shift; continue ;;
    --no-cache) fresh=yes; shift; continue ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --engine | --tag | --torch-base | --torch | --output) [ $# -ge 2 ] || die 64 "build.sh: $1 needs a value" ;;
    *) die 64 "build.sh: \"$1\" is unknown; give operator, trainer-cpu, trainer-cuda, azurite or prometheus, or see --help" ;;
  esac
  case "$1" in
    --engine) engine=$2 ;;
    --tag) tag=$2 ;;
    --torch-base) torch_base=$2 ;;
    --torch) torch=$2 ;;
    --output) output=$2 ;;
  esac
  shift 2
done
[ ${#targets[@]} -gt 0 ] || targets=(operator trainer-cpu)
case "$engine" in buildah | docker) ;; *) die 64 "build.sh: --engine: \"$engine\" is neither buildah nor docker" ;; esac
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || die 64 "build.sh: --tag: \"$tag\" is not a tag; letters, digits, _ . - and at most 128 of them"

image_name() {
  case "$1" in
    operator) echo "localhost/cpt-operator:$tag" ;;
    trainer-cpu) echo "localhost/cpt-trainer:$tag" ;;
    trainer-cuda) echo "localhost/cpt-trainer-cuda:$tag" ;;
    *) echo "localhost/$1:$tag" ;;
  esac
}

# sources TARGET: what it is made of.
sources() {
  case "$1" in
    azurite) echo eng/images/{Dockerfile.dev,bases.sh,collect-root.sh} eng/fetch-azurite.sh ;;
    prometheus) echo eng/images/{Dockerfile.dev,bases.sh,collect-root.sh} ;;
    *) echo Dockerfile .dockerignore .config eng/images/{bases,collect-root,drop-unused,publish,sbom}.sh eng/images/sbom.jq eng/build-shim.sh eng/System.IO.Hashing src examples/models ;;
  esac
}

version=$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' "$ROOT/Directory.Build.props")
revision=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null || true)
origin=$(git -C "$ROOT" remote get-url origin 2>/dev/null | grep -E '^https://[^@]*$' || true)

# kept TARGET: stages that take minutes and rarely change. They get names, so that they survive when what earlier builds left is removed.
kept() {
  case "$1" in
    operator) echo sbom runtime-root ;;
    trainer-cpu) echo sbom trainer-root ;;
    trainer-cuda) echo sbom torch-runtime shim-cuda ;;
    azurite) echo node-root azurite-modules ;;
    prometheus) echo prometheus-root ;;
  esac
}

# Removes what has no name any more. Containers that a build left would hold it; nobody else builds now. What cannot go yet goes next time.
prune() {
  buildah rm --all >/dev/null 2>&1 || true
  buildah rmi --prune >/dev/null 2>&1 || true
}

# forget IMAGE…: and the steps that led to it, so that none of them is taken for a new one.
forget() {
  local image
  for image in "$@"; do
    ! has_image "$image" || buildah rmi --force "$image" >/dev/null
  done
  prune
}

# prepare TARGET: what is made outside of images.
prepare() {
  [ "$1" != azurite ] || "$ROOT/eng/fetch-azurite.sh" >/dev/null
  [ "$engine" = buildah ] || return 0
  case "$1" in operator | trainer-*) "$ROOT/eng/images/publish.sh" "$ROOT/artifacts/images/published" "$1" ;; esac
  [ "$1" != trainer-cpu ] || env -u CPT_TORCH_HOME "$ROOT/eng/build-shim.sh" --output "$ROOT/artifacts/images/published/shim/libcpt_torch.so"
}

# build TARGET: with the engine, under its name.
build() {
  local target=$1 stage arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision")
  [ -z "$origin" ] || arguments+=(--build-arg "SOURCE=$origin")
  case "$target" in
    azurite)
      arguments+=(-f "$ROOT/eng/images/Dockerfile.dev" --build-arg "AZURITE_VERSION=$(sed -n 's/^version=//p' "$ROOT/eng/fetch-azurite.sh")")
      ;;
    prometheus) arguments+=(-f "$ROOT/eng/images/Dockerfile.dev") ;;
    trainer-cuda)
      arguments+=(-f "$ROOT/Dockerfile" --build-arg "TORCH=$torch")
      [ -z "$torch_base" ] || arguments+=(--build-arg "TORCH_BASE=$torch_base")
      ;;
    *) arguments+=(-f "$ROOT/Dockerfile") ;;
  esac
  if [ "$engine" = docker ]; then
    docker build ${fresh:+--no-cache} --target "$target" -t "$(image_name "$target")" "${arguments[@]}" "$ROOT"
    return
  fi

  arguments+=(--build-arg "DEBIAN=$LOCAL_DEBIAN")
  case "$target" in
    operator | trainer-cpu | trainer-cuda)
      # Stages that are not used are left out only where each name is given here.
      arguments+=(--build-arg PUBLISHED=context --build-arg "DOTNET=$LOCAL_DOTNET" --build-arg OPERATOR_BASE=runtime)
      ;;
  esac
  # With one time for all files and for the image itself, equal contents have equal digests.
  arguments+=(--layers --identity-label=false --timestamp "${SOURCE_DATE_EPOCH:-0}")
  for stage in $(kept "$target"); do
    buildah build --target "$stage" -t "localhost/cpt-build/$stage" "${arguments[@]}" "$ROOT"
  done
  buildah build --target "$target" -t "$(image_name "$target")" "${arguments[@]}" "$ROOT"
  prune
}

# export_image TARGET: the archive, and its bill of materials beside it.
export_image() {
  local target=$1 file="$output/$1.tar" name
  name=$(image_name "$target")
  rm -f "$file.new"
  if [ "$engine" = docker ]; then
    docker save -o "$file.new" "$name"
  else
    buildah push --quiet "$name" "oci-archive:$file.new:$name" >/dev/null
  fi
  mv "$file.new" "$file"
  "$ROOT/eng/images/read-image.sh" "$file" 'usr/share/sbom/*.cdx.json' >"$output/$target.cdx.json.new" 2>/dev/null && mv "$output/$target.cdx.json.new" "$output/$target.cdx.json" ||
    rm -f "$output/$target.cdx.json.new"
}

mkdir -p "$output" "$ROOT/artifacts/images"
output=$(cd "$output" && pwd)
need_packages jq/jq="reads the built images"
if [ "$engine" = buildah ]; then
  need_dotnet
  need_sdk_10
  need_buildah
  case " ${targets[*]} " in *" trainer-cpu "*) need_training_packages ;; esac
else
  command -v docker >/dev/null || die $EX_UNAVAILABLE "build.sh: --engine docker: there is no docker on this machine"
fi

# unchanged TARGET: whether its archive is what its sources make; sets now and stamp.
unchanged() {
  # shellcheck disable=SC2046 # a list of files
  now="$(cd "$ROOT" && fingerprint $(sources "$1")) $engine $(image_name "$1") $version $torch_base $torch"
  stamp="$output/.$1.built"
  [ -z "$fresh" ] && [ -f "$output/$1.tar" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]
}

bases=
for target in "${targets[@]}"; do
  # Two builds in one checkout: the second waits, then finds what the first has built.
  exec 6>"$ROOT/artifacts/images/.lock"
  if unchanged "$target" || { flock 6 && unchanged "$target"; }; then
    say "$target: unchanged, $output/$target.tar ($(du -h "$output/$target.tar" | cut -f1))"
    exec 6>&-
    continue
  fi
  say "Building $target …"
  log="$ROOT/artifacts/images/$target.log"
  prepare "$target" >"$log" 2>&1 6>&- </dev/null || die 70 "The build of $target failed; all it said is in $log, which ends:" "$(tail -n 15 "$log")"
  if [ "$engine" = buildah ]; then
    # What checkouts share is changed by one at a time.
    exec 7>"$CACHE/.lock"
    flock 7
    # shellcheck disable=SC2046 # a list of names
    [ -z "$fresh" ] || forget "$(image_name "$target")" $(kept "$target" | sed 's#[^ ]*#localhost/cpt-build/&#g') $([ -n "$bases" ] || echo "$LOCAL_DEBIAN") 6>&- 7>&-
    need_debian_base 6>&- 7>&-
    need_dotnet_base 6>&- 7>&-
    bases=yes
  fi
  build "$target" >>"$log" 2>&1 6>&- 7>&- </dev/null || die 70 "The build of $target failed; all it said is in $log, which ends:" "$(tail -n 15 "$log")"
  export_image "$target" 6>&- 7>&-
  printf '%s\n' "$now" >"$stamp"
  say "$target: $(image_name "$target"), $output/$target.tar ($(du -h "$output/$target.tar" | cut -f1))"
  exec 7>&- 6>&-
done
