# What stands in for images of a registry: a Debian made with debootstrap, and this machine's .NET. Sourced by build.sh.

LOCAL_DEBIAN=localhost/cpt-build/debian:12
LOCAL_DOTNET=localhost/cpt-build/dotnet:10

# image_of_directory NAME DIRECTORY
image_of_directory() {
  local context
  context=$(mktemp -d "$CACHE/tmp/base.XXXXXX")
  tar -C "$2" --sort=name --numeric-owner -cf "$context/root.tar" .
  printf 'FROM scratch\nADD root.tar /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' >"$context/Dockerfile"
  buildah build --quiet --timestamp 0 --identity-label=false -t "$1" "$context" >/dev/null
  rm -rf "$context"
}

# Debian 12 as debian:12-slim is: essential packages and apt, with this machine's sources of Debian packages and no others.
need_debian_base() {
  ! has_image $LOCAL_DEBIAN || return 0
  need_packages debootstrap/debootstrap="makes the Debian that images are built in"
  say "Making a base of Debian 12 with debootstrap (a minute, once) …"
  local directory mirror
  directory=$(mktemp -d "$CACHE/tmp/debian.XXXXXX")
  mirror=$({ sed -n -e 's/^URIs: *\([^ ]*\/debian\/\{0,1\}\)$/\1/p' -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\/debian\/\{0,1\}\) bookworm main.*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | head -n 1)
  debootstrap --variant=minbase bookworm "$directory" ${mirror:+"$mirror"} >"$CACHE/debootstrap.log" 2>&1 ||
    die $EX_UNAVAILABLE "debootstrap failed; $CACHE/debootstrap.log ends:" "$(tail -n 3 "$CACHE/debootstrap.log")"
  if [ -s /etc/apt/sources.list.d/debian.sources ]; then
    : >"$directory/etc/apt/sources.list"
    cp /etc/apt/sources.list.d/debian.sources "$directory/etc/apt/sources.list.d/"
  elif [ -s /etc/apt/sources.list ]; then
    grep -E '^deb .*bookworm' /etc/apt/sources.list >"$directory/etc/apt/sources.list"
  fi
  # A proxy that apt needs here it needs there.
  grep -hs '^Acquire::' /etc/apt/apt.conf.d/* >"$directory/etc/apt/apt.conf.d/00proxy" || rm -f "$directory/etc/apt/apt.conf.d/00proxy"
  # debootstrap takes packages as they were released; what was mended since comes from the other sources.
  DEBIAN_FRONTEND=noninteractive chroot "$directory" sh -c 'apt-get -q update && apt-get -q -y upgrade' >>"$CACHE/debootstrap.log" 2>&1 </dev/null ||
    die $EX_UNAVAILABLE "apt-get upgrade failed in the new base; $CACHE/debootstrap.log ends:" "$(tail -n 3 "$CACHE/debootstrap.log")"
  rm -rf "$directory"/var/cache/apt/archives/*.deb "$directory"/var/lib/apt/lists/* "$directory"/var/log/* "$directory"/etc/resolv.conf
  image_of_directory $LOCAL_DEBIAN "$directory"
  rm -rf --one-file-system "$directory"
}

# The newest 10.x runtimes of this machine's SDK, as the image of ASP.NET has them.
need_dotnet_base() {
  local place runtime web directory
  place=$(dirname "$(readlink -f "$(command -v dotnet)")")
  runtime=$(cd "$place/shared/Microsoft.NETCore.App" && printf '%s\n' 10.* | sort -V | tail -n 1)
  web=$(cd "$place/shared/Microsoft.AspNetCore.App" && printf '%s\n' 10.* | sort -V | tail -n 1)
  LOCAL_DOTNET="localhost/cpt-build/dotnet:$runtime"
  ! has_image "$LOCAL_DOTNET" || return 0
  say "Making a base of .NET $runtime from $place …"
  directory=$(mktemp -d "$CACHE/tmp/dotnet.XXXXXX")
  mkdir -p "$directory"/usr/share/dotnet/{host/fxr,shared/Microsoft.{NETCore,AspNetCore}.App}
  cp -a "$place"/{dotnet,LICENSE.txt,ThirdPartyNotices.txt} "$directory/usr/share/dotnet/"
  cp -a "$place/host/fxr/$runtime" "$directory/usr/share/dotnet/host/fxr/"
  cp -a "$place/shared/Microsoft.NETCore.App/$runtime" "$directory/usr/share/dotnet/shared/Microsoft.NETCore.App/"
  cp -a "$place/shared/Microsoft.AspNetCore.App/$web" "$directory/usr/share/dotnet/shared/Microsoft.AspNetCore.App/"
  chown -R 0:0 "$directory"
  image_of_directory "$LOCAL_DOTNET" "$directory"
  rm -rf "$directory"
}
