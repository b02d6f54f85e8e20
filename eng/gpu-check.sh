#!/usr/bin/env bash
# Checks the CUDA side on a machine with a GPU: compiles the shim against the PyTorch of python3, then runs the parity suite on the GPU, trains a
# small model with SFT and GRPO and resumes it, another one with pictures, fills a GPU, measures models of 0.5B and 7B shape beside transformers and PyTorch in the same run,
# and the memory of LoRA, gradient checkpointing and offloading.
# Needs python3 with PyTorch (its headers and libraries), g++, xz; neither .NET nor a network: eng/publish-gpu-check.sh packs the program elsewhere.
#
#   eng/gpu-check.sh [options]
#
#   --program FILE     what eng/publish-gpu-check.sh made (default: artifacts/gpu-check/cpt.tar.xz), or a directory that holds cpt
#   --output DIR       where results go: results.json, report.txt, logs.tar.gz (default: $OUT, else artifacts/gpu-check/results)
#   --sections LIST    of parity,train,workers,vl,full,bench05,bench7,size (default: all, in this order; workers takes its stages from train)
#   --device NAME      cuda, or cpu for a rehearsal without a GPU (default: cuda)
#   --shape NAME       for a rehearsal: measure this shape in both bench sections
#   --golden DIR       reference models (default: tests/data/golden)
#   --python FILE      default: python3
#   --seconds N        for all sections together; each has a share (default: 450)
set -euo pipefail

root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
program="$root/artifacts/gpu-check/cpt.tar.xz"
output="${OUT:-$root/artifacts/gpu-check/results}"
python=python3
rest=()
while [ $# -gt 0 ]; do
  case "$1" in
    --program) program="${2:?--program needs a file}"; shift 2 ;;
    --output) output="${2:?--output needs a directory}"; shift 2 ;;
    --python) python="${2:?--python needs a file}"; shift 2 ;;
    --sections | --device | --shape | --golden | --seconds) rest+=("$1" "${2:?"$1 needs a value"}"); shift 2 ;;
    -h | --help) sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gpu-check: unknown argument '$1'; see --help" >&2; exit 64 ;;
  esac
done

mkdir -p "$output"
started=$SECONDS
note() { echo "gpu-check: [$((SECONDS - started)) s] $*"; }

work="$(mktemp -d "${TMPDIR:-/tmp}/gpu-check.XXXXXX")"
mkdir "$work/logs"
# Logs are many and small; the runs' own stand beside their checkpoints.
finish() {
  (cd "$work" && find . \( -path './logs/*' -o -path './run-*/logs/*' \) -type f -size -4M -print0 | tar -czf "$output/logs.tar.gz" --null -T -) || true
  rm -rf "$work"
}
trap finish EXIT
if [ -d "$program" ]; then
  cp -r "$program" "$work/cpt"
else
  [ -e "$program" ] || { echo "gpu-check: $program is missing; eng/publish-gpu-check.sh makes it on a machine with .NET" >&2; exit 66; }
  mkdir "$work/cpt"
  tar -C "$work/cpt" -xJf "$program"
fi
note "the program is unpacked"

# Asked without importing it, which takes seconds.
torch="$("$python" -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")')"
[ -n "$torch" ] || { echo "gpu-check: $python has no torch" >&2; exit 69; }
where=()
[ ! -e "$torch/include/ATen/ATen.h" ] || where=(--torch "$torch")
note "compiling the shim against $torch"
if ! "$root/eng/build-shim.sh" "${where[@]+"${where[@]}"}" --output "$work/native/libcpt_torch.so" >"$work/logs/build-shim.log" 2>&1; then
  grep -E 'error|undefined' "$work/logs/build-shim.log" | head -40
  tail -20 "$work/logs/build-shim.log"
  exit 70
fi
tail -1 "$work/logs/build-shim.log"
cp "$work/native/libcpt_torch.so" "$work/cpt/libcpt_torch.so"
note "the shim is compiled"

# The libraries that PyTorch's own find beside it, for a loader that does not look there.
libraries="$torch/lib"
for place in "$torch"/../nvidia/*/lib; do [ ! -d "$place" ] || libraries="$libraries:$(cd "$place" && pwd)"; done
[ ${#where[@]} -eq 0 ] || export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" DOTNET_GCgen0size="${DOTNET_GCgen0size:-0x4000000}" PYTHONUNBUFFERED=1
"$python" "$root/eng/gpu/check.py" --cpt "$work/cpt/cpt" --root "$root" --work "$work" --output "$output" --python "$python" "${rest[@]+"${rest[@]}"}"
