// The two passes of attention, for the operators that begin with q, k and v and for those that begin with a projection of all three.
// Tensors are [b, time, heads, d], float32 on the CPU, d a multiple of 8, the last dimension together; other strides are free.
#pragma once
#include <ATen/core/Tensor.h>
#include "../optional.h"

namespace cpt {

struct AttentionSettings {
    at::Tensor start;  // int64 [b], or undefined
    double scale;
    bool causal;
};

// Refuses shapes that do not fit, and gives `start` as the passes want it.
AttentionSettings check_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& start, double scale, bool causal);

bool can_attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

// [b, t, heads, d], contiguous; `normaliser`, where asked for, becomes [b, heads, t].
at::Tensor attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings, at::Tensor* normaliser);

// Writes dq, and adds to dk and dv, which begin as zeros. `o` and `d_o` are contiguous.
void attention_backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings, const at::Tensor& o,
                        const at::Tensor& normaliser, const at::Tensor& d_o, const at::Tensor& dq, const at::Tensor& dk, const at::Tensor& dv);

// The same mathematics in ATen's operators, for any device, element type and width.
at::Tensor attention_composite(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings);

}  // namespace cpt
