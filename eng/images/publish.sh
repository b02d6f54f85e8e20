#!/usr/bin/env bash
# publish.sh DIRECTORY operator|trainer-cpu|trainer-cuda: the program of an image into DIRECTORY/NAME/app, compiled for its machine before it starts
# (ReadyToRun), and the list of its NuGet packages into DIRECTORY/NAME/nuget.cdx.json. Without the shim, which is compiled where its libtorch is. Runs in
# the SDK's image or on a machine with the .NET SDK. SOURCE_REVISION: the commit, where there is no git to ask.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
[ $# -eq 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 64; }
name=$2
case "$name" in
  operator) project=Cpt.Operator program=cpt-operator self=false ;;
  trainer-cpu) project=Cpt.Trainer program=cpt-trainer self=false ;;
  trainer-cuda) project=Cpt.Trainer program=cpt-trainer self=true ;; # PyTorch's images have no .NET
  *) echo "publish.sh: \"$name\" is not one of operator, trainer-cpu, trainer-cuda" >&2; exit 64 ;;
esac
case "$(uname -m)" in aarch64) platform=linux-arm64 ;; *) platform=linux-x64 ;; esac
mkdir -p "$1"
directory=$(cd "$1" && pwd)/$name
rm -rf "$directory"
mkdir -p "$directory"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# A folder of their own: other settings, and no build of ./cpt or ./test.sh is disturbed.
export ArtifactsPath=${CPT_IMAGES_BUILD:-$root/artifacts/images/build}
cd "$root"
dotnet publish "src/$project/$project.csproj" -c Release -r "$platform" --self-contained "$self" -o "$directory/app" \
  -p:PublishReadyToRun=true -p:ContinuousIntegrationBuild=true -p:DebugType=none -p:PublishDocumentationFiles=false -p:NativeShim=false \
  ${SOURCE_REVISION:+"-p:SourceRevisionId=$SOURCE_REVISION"} -nodeReuse:false --tl:off -clp:NoSummary -v quiet
rm -f "$directory"/app/*.xml "$directory"/app/*.pdb

version=$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' Directory.Build.props)
dotnet tool restore >/dev/null
dotnet tool run dotnet-CycloneDX "src/$project/$project.csproj" --disable-package-restore --no-serial-number --runtime "$platform" \
  --output "$directory" --filename nuget.cdx.json --output-format Json --spec-version 1.6 --set-name "$program" --set-version "$version" >"$directory.log"
rm -f "$directory.log"
