#!/usr/bin/env bash
# watchdog.sh DIR: started by up-apiserver.sh; takes the cluster in DIR down when the process CPT_CLUSTER_OWNER is gone.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
while [ "$(started_at "$CPT_CLUSTER_OWNER")" = "$CPT_CLUSTER_OWNER_SINCE" ] && [ -d "$1" ]; do sleep 1; done
rm -f "$1/watchdog.pid" # down.sh would end this very process
[ ! -d "$1" ] || exec "$HERE/down.sh" --wipe "$1"
