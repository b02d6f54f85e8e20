#!/usr/bin/env bash
# drop-unused.sh LIBRARY…: removes from each LIBRARY the names of libraries it was linked with and takes no symbol from. Runs while an image is built.
#
# Debian's libtorch_cpu names OpenCV, FFmpeg, OpenCL and others that it never calls; behind them stand Qt, GDAL and two hundred more. The linker's own
# record says which are called (ldd -u), and the library binds all its symbols when it is loaded, so that one too many dropped would be seen at once.
set -euo pipefail
for library in "$@"; do
  for unused in $({ ldd -u "$library" || true; } | sed -n 's/^\t//p'); do
    patchelf --remove-needed "$(basename "$unused")" "$library"
  done
done
