#!/usr/bin/env bash
# Builds localhost/cpt-test/torch:1 with build.sh's own buildah and Debian: see torch-base.Dockerfile.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
. "$ROOT/eng/launch.sh"
. "$ROOT/eng/images/buildah.sh"
. "$ROOT/eng/images/bases.sh"
need_buildah
exec 7>"$CACHE/.lock"
flock 7
need_debian_base 7>&-
buildah build --layers --timestamp 0 --build-arg "DEBIAN=$LOCAL_DEBIAN" -t localhost/cpt-test/torch:1 -f "$HERE/torch-base.Dockerfile" "$HERE" 7>&- </dev/null
