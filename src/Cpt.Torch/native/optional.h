// An optional argument of an operator: libtorch's own type until it took the standard one.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#include <optional>
namespace cpt {
using OptionalTensor = std::optional<at::Tensor>;
}
#else
#include <c10/util/Optional.h>
namespace cpt {
using OptionalTensor = c10::optional<at::Tensor>;
}
#endif
