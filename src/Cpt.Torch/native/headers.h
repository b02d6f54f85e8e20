// What every file of the shim includes of libtorch, read once and kept by the compiler: eng/build-shim.sh precompiles it.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
