#!/usr/bin/env bash
# build.sh FILE: builds Kubernetes from Debian's source package `kubernetes` with Debian's Go, into one program for all of the control plane and the node.
# Nothing is installed; Debian's packages are unpacked under ~/.cache/cpt-operator. Some 4 minutes on two cores and 5 GB of disk while it builds.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$HERE/lib.sh"
[ $# -eq 1 ] || fail "usage: build.sh FILE"
FILE=$(readlink -f "$1")
[ -s /etc/apt/sources.list.d/debian.sources ] || fail "/etc/apt/sources.list.d/debian.sources is missing; this works on Debian 12 alone. Set KUBEBUILDER_ASSETS instead."
command -v dpkg-source >/dev/null || fail "dpkg-source is missing: apt-get install dpkg-dev"
WORK=$(cluster_cache)/build
mkdir -p "$WORK"/{apt/lists/partial,apt/cache/archives/partial,apt/parts,debs,go}
cd "$WORK"

# apt with its own lists, so that source packages can be asked for without touching the machine's configuration.
say "Looking up Debian's source packages …"
sed 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources >apt/parts/debian.sources
: >apt/sources.list
cat >apt/apt.conf <<END
Dir::Etc::SourceList "$WORK/apt/sources.list";
Dir::Etc::SourceParts "$WORK/apt/parts";
Dir::State::Lists "$WORK/apt/lists";
Dir::Cache "$WORK/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
export APT_CONFIG=$WORK/apt/apt.conf
apt-get -qq update

# unpack PACKAGE DIRECTORY
unpack() {
  (cd debs && rm -f "$1"_*.deb && apt-get -qq download "$1")
  dpkg-deb -x debs/"$1"_*.deb "$2"
}

say "Unpacking Go …"
unpack golang-1.19-go go
unpack golang-1.19-src go
export GOROOT=$WORK/go/usr/lib/go-1.19 GOPATH=$WORK/gopath GOCACHE=$WORK/gocache
# Release 1.20's generator of OpenAPI needs the layout from before modules. Nothing is fetched: all dependencies are in vendor/.
export GO111MODULE=off GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-p=2 CGO_ENABLED=0 PATH=$GOROOT/bin:$PATH

say "Unpacking Kubernetes …"
KUBERNETES=$GOPATH/src/k8s.io/kubernetes
rm -rf "$KUBERNETES"
mkdir -p source "$(dirname "$KUBERNETES")"
(cd source && rm -f -- * && apt-get -qq source --download-only kubernetes && dpkg-source --no-check -x kubernetes_*.dsc "$KUBERNETES" >/dev/null)
cd "$KUBERNETES"
version=$(sed -n '1s/.*really\([0-9.]*\).*/\1/p' debian/changelog)
[ "${version%.*}" = 1.20 ] || fail "Debian's kubernetes is \"$(head -n 1 debian/changelog)\"; this script knows how to build 1.20. Set KUBEBUILDER_ASSETS instead."

# reflect2 1.0.1 in vendor/ calls into Go's runtime in a way that Go 1.18 changed: the API server would crash on the first custom resource.
rm -rf "$WORK/reflect2"
unpack_reflect2() { cd "$WORK" && unpack golang-github-modern-go-reflect2-dev reflect2; }
(unpack_reflect2)
rm -rf vendor/github.com/modern-go/reflect2
cp -r "$WORK/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/

# The kubelet asks the address of a cloud's metadata service when it starts, and for a cloud's registry passwords: nothing here may leave the machine.
sed -i '\#github.com/google/cadvisor/utils/cloudinfo/#d' pkg/kubelet/cadvisor/cadvisor_linux.go
sed -i '\#k8s.io/kubernetes/pkg/credentialprovider/#d' cmd/kubelet/app/plugins.go
# It looks for the remains of deleted pods every 10 s and collects garbage once a minute; tests would wait for that.
sed -i 's/^const syncPeriod = 10 \* time.Second/const syncPeriod = 1 * time.Second/' pkg/kubelet/status/status_manager.go
sed -i 's/^\tContainerGCPeriod = time.Minute/\tContainerGCPeriod = 2 * time.Second/' pkg/kubelet/kubelet.go

say "Generating the API's description …"
go build -o "$WORK/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg staging/src/k8s.io plugin cmd |
  grep -v -e /code-generator/ -e /sample-apiserver/ -e /testdata/ -e /gengo/ |
  xargs -n1 dirname | sed -e 's#^staging/src/#vendor/#' -e 's#^#k8s.io/kubernetes/#' | LC_ALL=C sort -u | paste -sd,)
"$WORK/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
  -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$WORK/openapi-violations" --output-base "$GOPATH/src"

# One program instead of five: they are the same code but for a few hundred lines.
mkdir -p cmd/kube-all
cp "$HERE/kube-all.go.txt" cmd/kube-all/main.go
say "Compiling Kubernetes $version …"
flags="-s -w"
for package in k8s.io/kubernetes/vendor/k8s.io/component-base/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=20 -X $package.gitTreeState=archive"
done
go build -trimpath -tags selinux,notest,providerless,dockerless -ldflags "$flags" -o "$FILE" ./cmd/kube-all
rm -rf "$WORK"
