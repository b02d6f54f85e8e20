#!/usr/bin/env bash
# pack-image.sh NAME:TAG DIRECTORY FILE.tar [CONFIG]: packs a directory as an OCI image of one layer that `ctr images import` takes. The same directory
# gives the same file, byte for byte. CONFIG is the image's configuration as JSON: '{"Entrypoint":["/pause"]}'.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: pack-image.sh NAME:TAG DIRECTORY FILE.tar [CONFIG]" >&2; exit 64; }
name=$1 directory=$2 file=$3 config=${4:-{\}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
blobs=$work/blobs/sha256
mkdir -p "$blobs"
case "$(uname -m)" in aarch64) machine=arm64 ;; *) machine=amd64 ;; esac

# keep FILE: under its digest, which is printed.
keep() {
  local digest
  digest=$(sha256sum <"$1" | cut -d' ' -f1)
  mv "$1" "$blobs/$digest"
  printf '%s\n' "$digest"
}
size_of() { stat -c %s "$blobs/$1"; }

tar -C "$directory" --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -cf "$work/layer" .
contents=$(sha256sum <"$work/layer" | cut -d' ' -f1)
gzip -n1 "$work/layer"
layer=$(keep "$work/layer.gz")

cat >"$work/config" <<JSON
{"architecture":"$machine","os":"linux","created":"1970-01-01T00:00:00Z","config":$config,"rootfs":{"type":"layers","diff_ids":["sha256:$contents"]}}
JSON
config=$(keep "$work/config")
cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config","size":$(size_of "$config")},
"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$layer","size":$(size_of "$layer")}]}
JSON
manifest=$(keep "$work/manifest")
cat >"$work/index.json" <<JSON
{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$manifest","size":$(size_of "$manifest"),
"annotations":{"io.containerd.image.name":"$name","org.opencontainers.image.ref.name":"$name"},"platform":{"architecture":"$machine","os":"linux"}}]}
JSON
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
tar -C "$work" --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -cf "$file" oci-layout index.json blobs
