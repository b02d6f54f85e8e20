#!/usr/bin/env bash
# read-image.sh ARCHIVE.tar PATTERN: prints the files of an image (an OCI archive) that match PATTERN, such as 'usr/share/sbom/*.cdx.json'. Needs jq.
# read-image.sh ARCHIVE.tar --config: prints the image's configuration (user, entry point, labels, layers) as JSON.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 64; }
blob() { tar -xOf "$1" "blobs/sha256/${2#sha256:}"; }
manifest=$(blob "$1" "$(tar -xOf "$1" index.json | jq -r '.manifests[0].digest')")
if [ "$2" = --config ]; then
  blob "$1" "$(jq -r .config.digest <<<"$manifest")"
  exit 0
fi
found=
for layer in $(jq -r '.layers | reverse | .[].digest' <<<"$manifest"); do
  # A layer without such a file is no error; the last layer that has one counts.
  if blob "$1" "$layer" | tar -xzO --wildcards "$2" 2>/dev/null; then found=yes; break; fi
done
[ -n "$found" ] || { echo "read-image: $1 holds no $2" >&2; exit 66; }
