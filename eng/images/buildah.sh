# Debian's buildah and runc, unpacked for this alone: nothing is installed, no daemon runs, no registry is asked. Sourced by build.sh; needs root.

# Packages of Debian 12; a point release replaces the pinned versions, hence no pins: they build images and are not in them.
BUILDAH_PACKAGES=(buildah runc libgpgme11 golang-github-containers-common golang-github-containers-image libsubid4)

# Kept between checkouts: the base of Debian and what was installed on it take a minute and a half to make.
images_cache() {
  if [ -n "${CPT_IMAGES_CACHE:-}" ]; then
    printf '%s\n' "$CPT_IMAGES_CACHE"
  elif [ -n "${HOME:-}" ] && [ -w "$HOME" ]; then
    printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/cpt-operator/images"
  else
    printf '%s\n' "$ROOT/artifacts/images/cache"
  fi
}

need_buildah() {
  [ "$(id -u)" -eq 0 ] || die $EX_UNAVAILABLE "Building images without Docker mounts file systems, which needs root: run this with sudo, or with --engine docker."
  CACHE=$(images_cache)
  mkdir -p "$CACHE/tmp" "$CACHE/state"
  local tools="$CACHE/tools"
  if [ ! -f "$tools/.complete" ]; then
    say "Unpacking buildah and runc (Debian packages) into $tools …"
    rm -rf "$tools"
    mkdir -p "$tools/debs"
    (
      cd "$tools/debs"
      apt-get download -q "${BUILDAH_PACKAGES[@]}" || { apt-get update -q && apt-get download -q "${BUILDAH_PACKAGES[@]}"; }
      for package in *.deb; do dpkg-deb -x "$package" "$tools"; done
    ) >"$CACHE/tools.log" 2>&1 || die $EX_UNAVAILABLE "buildah could not be had; $CACHE/tools.log ends:" "$(tail -n 3 "$CACHE/tools.log")"
    rm -rf "$tools/debs"
    touch "$tools/.complete"
  fi
  cat >"$CACHE/storage.conf" <<END
[storage]
driver = "overlay"
runroot = "$CACHE/state/run"
graphroot = "$CACHE/state/graph"
END
}

# buildah COMMAND …: with all its state in the cache. Two places that it has built in (/etc/cni, /var/lib/containers) are covered by overlays in a mount
# namespace of its own, so that nothing is written outside.
buildah() {
  local command=$1 tools="$CACHE/tools" arguments=()
  shift
  case "$command" in
    build) arguments=(--signature-policy "$tools/etc/containers/policy.json" --runtime "$tools/usr/sbin/runc" --network host) ;;
    push | pull | from | commit) arguments=(--signature-policy "$tools/etc/containers/policy.json") ;;
  esac
  mkdir -p "$CACHE"/state/{etc,etc.work,lib,lib.work}
  env LD_LIBRARY_PATH="$tools/usr/lib/$(uname -m)-linux-gnu" TMPDIR="$CACHE/tmp" CONTAINERS_STORAGE_CONF="$CACHE/storage.conf" \
    CONTAINERS_REGISTRIES_CONF="$tools/etc/containers/registries.conf" CONTAINERS_CONF="$tools/usr/share/containers/containers.conf" \
    unshare --mount --propagation slave bash -euc '
      state=$1; shift
      mount -t overlay overlay -o "lowerdir=/etc,upperdir=$state/etc,workdir=$state/etc.work" /etc
      mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$state/lib,workdir=$state/lib.work" /var/lib
      exec "$@"' - "$CACHE/state" "$tools/usr/bin/buildah" "$command" "${arguments[@]}" "$@"
}

# has_image NAME
has_image() { buildah inspect --type image "$1" >/dev/null 2>&1; }
