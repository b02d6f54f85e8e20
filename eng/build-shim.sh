#!/usr/bin/env bash
# Builds libcpt_torch.so, the C shim between Cpt.Torch and libtorch. Sources that have not changed since the last time are not
# compiled again, and a build of the same sources in another checkout is taken over from ~/.cache/cpt/shim.
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
    -h|--help) sed -n '2,10p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) fail "unknown argument '$1'; known are --torch DIR and --output FILE" ;;
  esac
done

compiler="${CXX:-g++}"
command -v "$compiler" >/dev/null || fail "$compiler is missing; on Debian: apt-get install g++"

if [ -z "$torch" ] && [ ! -e /usr/include/ATen/ATen.h ]; then
  torch="$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true)"
  [ -n "$torch" ] || fail "libtorch's headers are missing; on Debian: apt-get install libtorch-dev libopenblas0-openmp (or --torch DIR)"
fi

link=()
if [ -n "$torch" ]; then
  include="$torch/include"; lib="$torch/lib"
  [ -e "$include/ATen/ATen.h" ] || fail "$torch has no include/ATen/ATen.h; --torch wants the directory that holds include/ and lib/"
  [ -e "$lib/libtorch_cpu.so" ] || fail "$torch has no lib/libtorch_cpu.so"
  link+=(-L"$lib" -Wl,-rpath,"$lib")
  # A wheel brings its own OpenMP. Named first, it is the one that is linked: two in one process would each start their threads.
  for own in "$lib"/libgomp*.so* "$torch"/../torch.libs/libgomp*.so*; do
    [ ! -e "$own" ] || link+=("$own" -Wl,-rpath,"$(dirname "$own")")
  done
  # Nothing in the shim calls the CUDA half of libtorch by name: it registers itself when it is loaded, and the linker would drop it as unneeded.
  if [ -e "$lib/libtorch_cuda.so" ]; then link+=(-Wl,--no-as-needed -ltorch_cuda -lc10_cuda -ltorch); fi
else
  include=/usr/include
fi

version="$(sed -n 's/#define TORCH_VERSION_\(MAJOR\|MINOR\) //p' "$include/torch/csrc/api/include/torch/version.h" 2>/dev/null | paste -sd ' ')"
[ -n "$version" ] || version="$(sed -n 's/#define TORCH_VERSION_\(MAJOR\|MINOR\) //p' "$include/torch/headeronly/version.h" 2>/dev/null | paste -sd ' ')"
[ -n "$version" ] || fail "$include holds no torch/version.h that names a version; is libtorch-dev complete?"
read -r major minor <<<"$version"
standard=c++17
if [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 11 ]; }; then standard=c++20; fi

# Infinities and NaNs keep their meaning, and no sum is reordered: the trainer looks for the one and repeats runs bit for bit.
# Warnings about vectors passed between functions do not apply: the kernels inline every function that takes one.
flags=(-std=$standard -O3 -g1 -fPIC -fopenmp -fvisibility=hidden -fvisibility-inlines-hidden -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wno-unused-parameter -Wno-psabi -I"$source" -isystem "$include/torch/csrc/api/include")
# Naming /usr/include again would move it before the C++ library's own headers, which must come first.
[ "$include" = /usr/include ] || flags+=(-isystem "$include")
# Several GPUs: c10d's NCCL backend is in libtorch_cuda, but its header wants those of NCCL and CUDA. A wheel's packages bring them; else the toolkit's.
nccl=""
if [ -n "$torch" ] && [ -e "$lib/libtorch_cuda.so" ]; then
  first() { local place; for place in "$@"; do if [ -e "$place" ]; then dirname "$place"; return; fi; done; }
  nccl_headers="$(first "$torch"/../nvidia/nccl/include/nccl.h "${NCCL_HOME:-/nowhere}/include/nccl.h" /usr/include/nccl.h /usr/local/include/nccl.h)"
  cuda_headers="$(first "$torch"/../nvidia/cu*/include/cuda_runtime.h "$torch"/../nvidia/cuda_runtime/include/cuda_runtime.h "${CUDA_HOME:-/usr/local/cuda}/include/cuda_runtime.h")"
  if [ -n "$nccl_headers" ] && [ -n "$cuda_headers" ]; then
    wanted=(-DCPT_NCCL -isystem "$nccl_headers" -isystem "$cuda_headers")
    # Wheels leave out the headers of CUDA's compiler, of which a host's needs only names.
    [ -e "$cuda_headers/crt/host_defines.h" ] || wanted+=(-isystem "$source/cuda")
    # A header that is missing all the same must cost the backend alone, and not the shim.
    if ! missing="$("$compiler" "${flags[@]}" "${wanted[@]}" -fsyntax-only "$source/distributed/nccl.cpp" 2>&1)"; then
      nccl=", without NCCL ($(grep -m 1 error <<<"$missing"))"
    else
      nccl=", NCCL"
      flags+=("${wanted[@]}")
    fi
  else
    nccl=", without NCCL (no nccl.h or cuda_runtime.h)"
  fi
fi
# PyTorch's wheels before 2.6 were built with the old std::string; the shim must agree with its library.
abi="$(grep -ohs '_GLIBCXX_USE_CXX11_ABI=[01]' "${torch:-/nowhere}/share/cmake/Torch/TorchConfig.cmake" | head -1 || true)"
[ -z "$abi" ] || flags+=("-D$abi")

# Another checkout on this machine may have built the same sources with the same settings already.
settings="$("$compiler" --version | head -1) $(uname -m) $major.$minor ${flags[*]//"$source"/} ${link[*]+"${link[*]}"} $(stat -L -c '%s %Y' "${lib:-/usr/lib/$(uname -m)-linux-gnu}/libtorch_cpu.so")"
digest="$({ echo "$settings"; cd "$source"; find . -type f | LC_ALL=C sort | xargs sha256sum; } | sha256sum | cut -c1-24)"
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cpt/shim"
mkdir -p "$(dirname "$output")"
if [ -e "$cache/$digest.so" ]; then
  cp "$cache/$digest.so" "$output.$$" && mv -f "$output.$$" "$output"
  echo "build-shim: $output (libtorch $major.$minor$nccl, built before: $cache/$digest.so)"
  exit 0
fi

# Objects lie under a name made of what they were compiled with, so that another libtorch or other flags never meet them.
objects="$(dirname "$output")/objects/$(sha256sum <<<"$settings" | cut -c1-12)"
mkdir -p "$objects"
# Two builds at once (an IDE and a shell) would write the same objects.
exec 9>"$objects/.lock"; flock 9

stale=()
newest_header="$(find "$source" -name '*.h' -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2-)"
for file in "$source"/*.cpp "$source"/kernels/*.cpp "$source"/distributed/*.cpp; do
  object="$objects/$(basename "$file" .cpp).o"
  if [ ! "$object" -nt "$file" ] || [ ! "$object" -nt "$newest_header" ]; then stale+=("$file"); fi
done
for object in "$objects"/*.o; do
  name="$(basename "$object" .o)"
  [ -e "$source/$name.cpp" ] || [ -e "$source/kernels/$name.cpp" ] || [ -e "$source/distributed/$name.cpp" ] || rm -f "$object"
done

compile() {
  local object="$objects/$(basename "$1" .cpp)"
  "$compiler" "${flags[@]}" -include "$objects/headers.h" -c "$1" -o "$object.partial" && mv -f "$object.partial" "$object.o"
}

if [ ${#stale[@]} -gt 0 ]; then
  # libtorch's headers take seconds to read: once, instead of once a file. The precompiled form is large and goes afterwards.
  trap 'rm -f "$objects/headers.h.gch"' EXIT
  cp "$source/headers.h" "$objects/headers.h"
  [ ${#stale[@]} -lt 3 ] || "$compiler" "${flags[@]}" -x c++-header "$objects/headers.h" -o "$objects/headers.h.gch"
  running=0
  for file in "${stale[@]}"; do
    if [ "$running" -ge "$(nproc)" ]; then wait -n || fail "the compiler's messages stand above"; running=$((running - 1)); fi
    compile "$file" & running=$((running + 1))
  done
  while [ "$running" -gt 0 ]; do wait -n || fail "the compiler's messages stand above"; running=$((running - 1)); done
  rm -f "$objects/headers.h.gch"
fi

partial="$output.$$"
trap 'rm -f "$partial"' EXIT
"$compiler" "${flags[@]}" -shared "$objects"/*.o "${link[@]+"${link[@]}"}" -Wl,--as-needed -ltorch_cpu -lc10 \
  -Wl,-z,defs -Wl,--version-script="$source/exports.map" -o "$partial"
mv -f "$partial" "$output"
trap - EXIT
# The cache is a courtesy: a home that cannot be written to is no error. Of old builds the last few are kept.
if mkdir -p "$cache" 2>/dev/null && cp "$output" "$cache/$digest.$$" 2>/dev/null && mv -f "$cache/$digest.$$" "$cache/$digest.so"; then
  find "$cache" -name '*.so' -printf '%T@ %p\n' | sort -rn | tail -n +6 | cut -d' ' -f2- | xargs -r rm -f
fi
echo "build-shim: $output (libtorch $major.$minor$nccl, $standard, ${#stale[@]} files compiled)"
