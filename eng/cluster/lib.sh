# Shared by the scripts of this folder; sourced, never run. Needs CLUSTER_DIR where processes are started or stopped.

say() { printf '%s\n' "$@" >&2; }

fail() {
  say "$@"
  exit 69
}

# Where programs are kept between checkouts; artifacts/ where there is no home to write to (a service, a container).
cluster_cache() {
  local here
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  if [ -n "${HOME:-}" ] && [ -w "$HOME" ]; then
    printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/cpt-operator/cluster"
  else
    printf '%s\n' "$here/../../artifacts/cluster"
  fi
}

# A pid comes back for another process one day; pid and start time together do not. Nothing for one that has ended, nor for one that only waits to be collected.
started_at() {
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${line##*) }" # the name before it may hold blanks
  [ "${fields[0]}" != Z ] || return 0
  printf '%s\n' "${fields[19]}"
}

# One script at a time changes a cluster; those that it calls come along. The descriptor is inherited by them and not by what they start, so the lock holds
# until the last of them has ended, also where the first one was killed.
lock_cluster() {
  [ "${CPT_CLUSTER_LOCKED:-}" != "$CLUSTER_DIR" ] || return 0
  # Not the same file after waiting: the cluster was taken down meanwhile.
  until [ "$CLUSTER_DIR/.lock" -ef /dev/fd/7 ]; do
    mkdir -p "$CLUSTER_DIR"
    exec 7>"$CLUSTER_DIR/.lock"
    flock --nonblock 7 || { [ $# -eq 0 ] || say "$@"; flock 7; }
  done
  export CPT_CLUSTER_LOCKED=$CLUSTER_DIR
}

# start NAME COMMAND…: in a session of its own, log in NAME.log, "pid start-time" in NAME.pid. No lock of the caller is handed on.
start() {
  local name=$1
  shift
  CPT_CLUSTER_LOCKED='' setsid nohup "$@" >>"$CLUSTER_DIR/$name.log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
  printf '%s %s\n' $! "$(started_at $!)" >"$CLUSTER_DIR/$name.pid"
}

# running NAME: whether what start recorded still runs.
running() {
  local pid since
  read -r pid since 2>/dev/null <"$CLUSTER_DIR/$1.pid" || return 1
  [ -n "$since" ] && [ "$(started_at "$pid")" = "$since" ]
}

# What a signal has to be sent to: for a program in a node's PID namespace the child of the nsenter or unshare that start recorded, neither of which
# passes signals on. Both end when their child has; and the first process of a namespace ends when all the others there have.
target_of() {
  local pid child
  read -r pid _ 2>/dev/null <"$CLUSTER_DIR/$1.pid" || return 1
  case "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" in
    nsenter\ *--pid* | unshare\ *) read -r child _ 2>/dev/null <"/proc/$pid/task/$pid/children" || true ;;
  esac
  printf '%s\n' "${child:-$pid}"
}

# stop NAME [SECONDS]: TERM, wait, KILL; with 0 seconds KILL at once. Only what start recorded.
stop() {
  local name=$1 patience=${2:-10} tick
  if running "$name"; then
    [ "$patience" -eq 0 ] || kill "$(target_of "$name")" 2>/dev/null || true
    for ((tick = 0; tick < patience * 20; tick++)); do
      running "$name" || break
      sleep 0.05
    done
    running "$name" && kill -9 "$(target_of "$name")" 2>/dev/null || true
    while running "$name"; do sleep 0.05; done
  fi
  rm -f "$CLUSTER_DIR/$name.pid"
}

# wait_for WHAT SECONDS NAME COMMAND…: until COMMAND succeeds; gives up when process NAME has ended.
wait_for() {
  local what=$1 until=$((SECONDS + $2)) name=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    running "$name" || fail "$name ended before $what; its log $CLUSTER_DIR/$name.log ends:" "$(tail -n 15 "$CLUSTER_DIR/$name.log")"
    [ $SECONDS -lt "$until" ] || fail "gave up waiting: $what; see $CLUSTER_DIR/$name.log"
    sleep 0.1
  done
}

# ask PATH: the cluster's API server, as the administrator. A proxy that the environment names has no business here.
ask() {
  curl -sf --noproxy '*' --max-time 5 --cacert "$CLUSTER_DIR/pki/ca.crt" --cert "$CLUSTER_DIR/pki/admin.crt" --key "$CLUSTER_DIR/pki/admin.key" \
    "$(sed -n 's/.*server: "\(.*\)",.*/\1/p' "$CLUSTER_DIR/admin.kubeconfig")$1"
}

# older_than MINOR PROGRAM: whether that Kubernetes program is of a version before 1.MINOR; flags come and go.
older_than() {
  local version
  version=$("$2" --version) || return 1
  version=${version#*v1.}
  [ "${version%%.*}" -lt "$1" ]
}
