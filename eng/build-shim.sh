#!/usr/bin/env bash
# Builds libcpt_torch.so, the C shim between Cpt.Torch and libtorch, with one g++ call.
#
#   eng/build-shim.sh [--torch DIR] [--output FILE]
#
#   --torch DIR    a libtorch or PyTorch directory with include/ and lib/ in it (…/site-packages/torch);
#                  default: $CPT_TORCH_HOME, else Debian's libtorch-dev, else the torch of python3
#   --output FILE  default: artifacts/native/libcpt_torch.so
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source="$root/src/Cpt.Torch/native"
output="$root/artifacts/native/libcpt_torch.so"
torch="${CPT_TORCH_HOME:-}"

fail() { echo "build-shim: error: $1" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case "$1" in
    --torch) torch="${2:?--torch needs a directory}"; shift 2 ;;
    --output) output="${2:?--output needs a file}"; shift 2 ;;
    -h|--help) sed -n '2,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) fail "unknown argument '$1'; known are --torch DIR and --output FILE" ;;
  esac
done

compiler="${CXX:-g++}"
command -v "$compiler" >/dev/null || fail "$compiler is missing; on Debian: apt-get install g++"

if [ -z "$torch" ] && [ ! -e /usr/include/ATen/ATen.h ]; then
  torch="$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true)"
  [ -n "$torch" ] || fail "libtorch's headers are missing; on Debian: apt-get install libtorch-dev libopenblas0-openmp (or --torch DIR)"
fi

if [ -n "$torch" ]; then
  include="$torch/include"; lib="$torch/lib"
  [ -e "$include/ATen/ATen.h" ] || fail "$torch has no include/ATen/ATen.h; --torch wants the directory that holds include/ and lib/"
  [ -e "$lib/libtorch_cpu.so" ] || fail "$torch has no lib/libtorch_cpu.so"
  search=(-L"$lib" -Wl,-rpath,"$lib")
  # A wheel brings its own OpenMP. Named first, it is the one that is linked: two in one process would each start their threads.
  for own in "$lib"/libgomp*.so* "$torch"/../torch.libs/libgomp*.so*; do
    [ ! -e "$own" ] || search+=("$own" -Wl,-rpath,"$(dirname "$own")")
  done
else
  include=/usr/include; search=()
fi
headers=(-isystem "$include/torch/csrc/api/include")
# Naming /usr/include again would move it before the C++ library's own headers, which must come first.
[ "$include" = /usr/include ] || headers+=(-isystem "$include")

# PyTorch's wheels before 2.6 were built with the old std::string; the shim must agree with its library.
abi="$(grep -ohs 'TORCH_CXX_FLAGS *"[^"]*_GLIBCXX_USE_CXX11_ABI=[01]' "${torch:-/nowhere}/share/cmake/Torch/TorchConfig.cmake" | tail -c 2 || true)"
[ -z "$abi" ] || search+=("-D_GLIBCXX_USE_CXX11_ABI=${abi: -1}")

version="$(sed -n 's/#define TORCH_VERSION_\(MAJOR\|MINOR\) //p' "$include/torch/csrc/api/include/torch/version.h" | paste -sd ' ')"
[ -n "$version" ] || fail "$include/torch/csrc/api/include/torch/version.h names no version; is libtorch-dev complete?"
read -r major minor <<<"$version"
standard=c++17
if [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 11 ]; }; then standard=c++20; fi

mkdir -p "$(dirname "$output")"
partial="$output.$$"
trap 'rm -f "$partial"' EXIT

# -fassociative-math lets the compiler split a sum over vector lanes. Infinities and NaNs keep their meaning: the trainer looks for them.
"$compiler" -std=$standard -O3 -g1 -fPIC -shared -pthread \
  -fvisibility=hidden -fvisibility-inlines-hidden \
  -fno-math-errno -fno-trapping-math -fno-signed-zeros -fassociative-math \
  -Wall -Wextra -Wno-unused-parameter -fopenmp \
  -I"$source" "${headers[@]}" \
  "$source"/*.cpp "$source"/kernels/*.cpp \
  "${search[@]}" -Wl,--as-needed -ltorch_cpu -lc10 -Wl,-z,defs -Wl,--version-script="$source/exports.map" \
  -o "$partial"
mv -f "$partial" "$output"
trap - EXIT
echo "build-shim: $output (libtorch $major.$minor, $standard)"
