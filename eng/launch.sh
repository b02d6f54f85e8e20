# Shared by ./cpt and ./test.sh: what a bare Debian machine lacks, and a build only when sources changed.
# Sourced, never run. Everything for people goes to stderr: stdout belongs to the command.

EX_UNAVAILABLE=69

say() { printf '%s\n' "$@" >&2; }

die() {
  local code=$1
  shift
  say "$@"
  exit "$code"
}

# need_packages PACKAGE[/COMMAND]=WHY …: installs the Debian packages that are missing, after saying which and why. Where a command is named and
# there, wherever it came from, its package is not asked for.
need_packages() {
  [ -z "${CPT_SKIP_PACKAGES:-}" ] || return 0
  local item name installed wanted=() missing=() names=()
  for item in "$@"; do
    name=${item%%=*}
    case "$name" in */*) ! command -v "${name#*/}" >/dev/null || continue ;; esac
    wanted+=("${name%%/*}=${item#*=}")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  if ! command -v dpkg-query >/dev/null; then
    say "cpt: this is not Debian or a relative of it, so nothing is installed. It needs the likes of: ${wanted[*]%%=*} (CPT_SKIP_PACKAGES=1 silences this)."
    return 0
  fi

  installed=" $(dpkg-query -W -f='${Package}:${db:Status-Status} ' "${wanted[@]%%=*}" 2>/dev/null || true)"
  for item in "${wanted[@]}"; do
    case "$installed" in *" ${item%%=*}:installed "*) ;; *) missing+=("$item") ;; esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  say "Missing on this machine:"
  for item in "${missing[@]}"; do
    names+=("${item%%=*}")
    say "  ${item%%=*} - ${item#*=}"
  done

  local command="apt-get update && apt-get install -y --no-install-recommends ${names[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
      die $EX_UNAVAILABLE "Installing them needs root. Run this once, then start again:" "  sudo sh -c '$command'"
    fi
    as_root=(sudo)
  fi

  say "Installing them with apt-get …"
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "$command" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die $EX_UNAVAILABLE "apt-get failed. Run this, mend what it names, then start again:" "  sudo sh -c '$command'"
  fi
  rm -f "$log"
}

need_training_packages() {
  # Whoever brings another libtorch (eng/build-shim.sh) does not need Debian's.
  local torch=(libtorch-dev="the tensor library that training runs on (some 130 MB)" libopenblas0-openmp="fast matrix multiplication; the default one is many times slower")
  [ -z "${CPT_TORCH_HOME:-}" ] || torch=()
  need_packages "${torch[@]}" g++/g++="compiles the small bridge from C# to libtorch"
}

# Only tasks with picture files need it; a trainer that meets one without it names the package.
need_picture_packages() {
  need_packages libvips42="decodes the PNG and JPEG files of tasks with images"
}

# Puts the .NET 10 SDK on PATH, or says how to get it.
need_dotnet() {
  local place
  for place in "${DOTNET_ROOT:-}" "${HOME:-/nonexistent}/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
    command -v dotnet >/dev/null && break
    [ -n "$place" ] && [ -x "$place/dotnet" ] && PATH="$place:$PATH"
  done

  if ! command -v dotnet >/dev/null; then
    die $EX_UNAVAILABLE "cpt needs the .NET SDK 10, and there is no dotnet on this machine." \
      "Get it from https://dotnet.microsoft.com/download/dotnet/10.0 (the Linux page has an apt-get line and a script that needs no root)," \
      "then start again. It is looked for on PATH, in \$DOTNET_ROOT and in ~/.dotnet."
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=0
  # Services and containers run without HOME; dotnet and its package cache need one.
  if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    export HOME="$ROOT/artifacts/home"
    mkdir -p "$HOME"
  fi
}

need_sdk_10() {
  dotnet --list-sdks | grep -q '^10\.' && return 0
  die $EX_UNAVAILABLE "cpt needs the .NET SDK 10; this machine has: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')." \
    "Get it from https://dotnet.microsoft.com/download/dotnet/10.0 and start again."
}

# Names, sizes and times of all that goes into a build: changes when a file is edited, added, removed or replaced by an older one.
fingerprint() {
  (
    cd "$ROOT"
    # A folder that does not exist (yet) counts as empty.
    { find "$@" Directory.Build.props Directory.Packages.props global.json .editorconfig -type f -printf '%p %s %T@\n' 2>/dev/null || true; } |
      LC_ALL=C sort | sha256sum | cut -c1-64
  )
}

# What ./cpt is built from.
CPT_SOURCES=(src eng examples/models)

# build_if_changed WHAT STAMP PROJECT SOURCE…: builds PROJECT in Release unless the sources are those of the last good build.
build_if_changed() {
  local what=$1 stamp="$ROOT/artifacts/$2" log="$ROOT/artifacts/$2.log" project=$3
  shift 3
  local now
  now=$(fingerprint "$@")
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return 0

  mkdir -p "$ROOT/artifacts"
  # Two launchers in one checkout: the second waits, then finds the first one's build.
  exec 8>"$ROOT/artifacts/.build.lock"
  flock 8
  now=$(fingerprint "$@")
  if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$now" ]; then
    need_sdk_10
    say "Building $what … (a minute the first time; afterwards only when sources change)"
    if ! (cd "$ROOT" && dotnet build "$project" -c Release -v quiet -nodeReuse:false -p:UseSharedCompilation=true \
      --tl:off -clp:NoSummary) >"$log" 2>&1 </dev/null 8>&-; then
      grep -E 'error|warning' "$log" | sort -u | head -n 40 >&2 || true
      die 70 "The build failed; all it said is in ${log#"$ROOT"/}."
    fi
    printf '%s\n' "$now" >"$stamp.new"
    mv "$stamp.new" "$stamp"
  fi
  exec 8>&-
}

# mark_built STAMP SOURCE…: what has just been built as part of something larger need not be built again on its own.
mark_built() {
  local stamp="$ROOT/artifacts/$1"
  shift
  fingerprint "$@" >"$stamp"
}
