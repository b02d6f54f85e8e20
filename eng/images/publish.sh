#!/usr/bin/env bash
# publish.sh DIRECTORY [operator|trainer-cpu|trainer-cuda …]: the programs of the images, compiled for their machine before they start (ReadyToRun),
# into DIRECTORY/NAME. Without the shim, which is compiled where its libtorch is. Runs in the SDK's image or on a machine with the .NET SDK.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
[ $# -ge 1 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0"; exit 64; }
directory=$(mkdir -p "$1" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- operator trainer-cpu
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
case "$(uname -m)" in aarch64) platform=linux-arm64 ;; *) platform=linux-x64 ;; esac

for name in "$@"; do
  case "$name" in
    operator) project=Cpt.Operator self=false ;;
    trainer-cpu) project=Cpt.Trainer self=false ;;
    trainer-cuda) project=Cpt.Trainer self=true ;;
    *) echo "publish.sh: \"$name\" is not one of operator, trainer-cpu, trainer-cuda" >&2; exit 64 ;;
  esac
  rm -rf "${directory:?}/$name"
  (cd "$root" && dotnet publish "src/$project/$project.csproj" -c Release -r "$platform" --self-contained "$self" -o "$directory/$name" \
    -p:PublishReadyToRun=true -p:DebugType=none -p:PublishDocumentationFiles=false -p:NativeShim=false --artifacts-path "${CPT_IMAGES_BUILD:-$root/artifacts/images/build}" -nodeReuse:false --tl:off -clp:NoSummary -v quiet)
  rm -f "$directory/$name"/*.xml "$directory/$name"/*.pdb
done
