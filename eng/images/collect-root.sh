#!/usr/bin/env bash
# collect-root.sh [--dotnet] DIRECTORY FILE…: makes DIRECTORY a root file system of what the FILEs need of this Debian system: the FILEs (or whole
# folders), the libraries behind them, certificates, users; --dotnet: also what .NET needs. Runs while an image is built. Of each package that a file comes
# from, its entry in dpkg's status and its licence go along, so that scanners see what is there (under /var/lib/dpkg/status.d, as in other images without
# a package manager).
set -euo pipefail
dotnet=
[ "$1" != --dotnet ] || { dotnet=yes; shift; }
root=$1
shift
mkdir -p "$root"/{etc/ssl/certs,tmp,usr/bin,usr/lib/ssl,usr/lib64,usr/sbin,var/lib/dpkg/status.d,work}
for directory in bin lib lib64 sbin; do ln -s "usr/$directory" "$root/$directory"; done
chmod 1777 "$root/tmp" "$root/work"
libraries=/usr/lib/$(uname -m)-linux-gnu

# copy PATH: with every link on its way.
copied=$(mktemp)
copy() {
  local path target
  path=$(readlink -f "$(dirname "$1")")/$(basename "$1")
  [ ! -e "$root$path" ] && [ ! -L "$root$path" ] || return 0
  mkdir -p "$root$(dirname "$path")"
  cp -a "$path" "$root$path"
  printf '%s\n' "$path" >>"$copied"
  [ -L "$path" ] || return 0
  target=$(readlink "$path")
  case "$target" in /*) copy "$target" ;; *) copy "$(dirname "$path")/$target" ;; esac
}

# What programs load by name, and what .NET itself is linked with or loads by name.
loaded=("$libraries"/{libc.so.6,libm.so.6,libdl.so.2,libpthread.so.0,librt.so.1,libresolv.so.2})
[ -z "$dotnet" ] || loaded+=("$libraries"/{libstdc++.so.6,libgcc_s.so.1,libssl.so.3,libcrypto.so.3,libz.so.1})
for file in "${loaded[@]}" "$@"; do
  if [ -d "$file" ]; then
    while read -r inner; do copy "$inner"; done < <(find "$file" -type f -o -type l)
    continue
  fi
  needed=$(ldd "$file")
  missing=$(sed -n 's/^\t\(.*\) => not found/\1/p' <<<"$needed")
  [ -z "$missing" ] || { echo "collect-root: $file needs what is not here: $missing" >&2; exit 1; }
  # Ours are copied by the Dockerfile, into a layer of their own.
  case "$file" in /app/*) ;; *) copy "$file" ;; esac
  for library in $(sed -n -e 's/.* => \(\/[^ ]*\) .*/\1/p' -e 's/^\t\(\/[^ ]*\) (.*/\1/p' <<<"$needed"); do copy "$library"; done
done

cp -a --parents /etc/os-release /usr/lib/os-release /etc/debian_version /etc/nsswitch.conf /etc/ssl/certs/ca-certificates.crt "$root"
printf '%s\n' /usr/lib/os-release /etc/debian_version >>"$copied"
# OpenSSL's default places, which .NET asks it for.
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
[ -z "$dotnet" ] || ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"
printf '%s\n' root:x:0:0:root:/root:/sbin/nologin app:x:1654:1654:app:/tmp:/sbin/nologin nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin >"$root/etc/passwd"
printf '%s\n' root:x:0: app:x:1654: nonroot:x:65532: >"$root/etc/group"

# dpkg knows some files by the names they had before /lib became a link to /usr/lib.
packages=$({
  echo ca-certificates
  while read -r path; do
    { dpkg-query -S "$path" || dpkg-query -S "${path#/usr}" || true; } 2>/dev/null | sed -n '1s/[:,].*//p'
  done <"$copied"
} | LC_ALL=C sort -u)
for package in $packages; do
  dpkg-query -s "$package" 2>/dev/null | sed '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d}' >"$root/var/lib/dpkg/status.d/$package"
  mkdir -p "$root/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
cp -a --parents /usr/share/common-licenses "$root"

ldconfig -r "$root"
rm -rf "$root/var/cache/ldconfig"
# No file of a container without privileges may lend some.
find "$root" -xdev -type f -perm /6000 -exec chmod a-s {} +
rm -f "$copied"
echo "collect-root: $(du -sh "$root" | cut -f1) of $(wc -w <<<"$packages") packages"
