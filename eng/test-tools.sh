# What only tests need, fetched into artifacts/: nothing is installed for the whole machine. Sourced by ./test.sh.

# Node packages of tests/package.json (exact versions), into artifacts/npm; again only when that file changes.
need_node_tools() {
  local list="$ROOT/tests/package.json" place="$ROOT/artifacts/npm"
  [ -f "$list" ] || return 0
  if ! cmp -s "$list" "$place/package.json" || [ ! -f "$place/.done" ]; then
    say "Fetching the node packages that tests use (tests/package.json) …"
    rm -rf "$place"
    mkdir -p "$place"
    cp "$list" "$place/"
    (cd "$place" && npm install --no-audit --no-fund --no-progress --loglevel=error >npm.log 2>&1 </dev/null) ||
      die $EX_UNAVAILABLE "npm install failed; it said:" "$(tail -n 20 "$place/npm.log")"
    touch "$place/.done"
  fi
  export CPT_NODE_MODULES="$place/node_modules"
}

# promtool checks the trainer's metrics page. Debian has it inside the prometheus package, whose installation would start a server; so it is only unpacked.
need_promtool() {
  command -v promtool >/dev/null && return 0
  local place="$ROOT/artifacts/tools/prometheus"
  if [ ! -x "$place/usr/bin/promtool" ]; then
    say "Unpacking promtool (from Debian's prometheus package) into artifacts/tools …"
    mkdir -p "$place"
    (
      cd "$place"
      apt-get download -q prometheus || { [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get download -q prometheus; }
      dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb
    ) >"$place.log" 2>&1 || die $EX_UNAVAILABLE "promtool could not be had: $(tail -n 3 "$place.log")"
  fi
  PATH="$place/usr/bin:$PATH"
}
