// The rotation of cpt::rope for kernels that rotate on their way. See rope.cpp for the formula.
#pragma once
#include <ATen/core/Tensor.h>

namespace cpt {

// Refuses tables that do not fit x [b, t, h, d].
void check_rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

// Whether the fast rotation can take these; it gives no gradients to the tables.
bool can_rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

// y = x rotated forwards (direction 1) or back (−1). Float32 on the CPU, last dimensions together, tables contiguous; y may be x.
void rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& y, float direction);

// The same in ATen's operators, for any device and element type.
at::Tensor rope_composite(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace cpt
