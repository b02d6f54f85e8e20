// What the differentiable kernels share. Each is one dispatcher operator with a composite registration: it runs above autograd and
// decides by itself between its own kernel (contiguous float32 on the CPU) and the same mathematics in ATen's operators, which any
// device and element type can do and which autograd records by itself.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace cpt {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

inline bool is_cpu_float(const at::Tensor& tensor) { return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat; }

template <class... Tensors>
bool needs_gradient(const Tensors&... tensors) {
    return at::GradMode::is_enabled() && (... || tensors.requires_grad());
}

// Our backward passes are plain loops; recording them for a second derivative would silently leave it out.
inline void refuse_second_derivative(const char* name) {
    TORCH_CHECK(!at::GradMode::is_enabled(), name, " has no second derivative; call backward without create_graph");
}

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace cpt
