// AdamW in one pass: every value of parameter, gradient and moments is read once and written once, where the list operators pass over
// memory eight times. The formula stands at torch.optim.AdamW in C#; it is computed in the same order, in float32.
#include "vector.h"
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <cmath>
#include <torch/library.h>

namespace {

struct Step {
    float decay, beta1, beta2, eps, step_size, root_correction;
};

CPT_VECTOR void update(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, int64_t begin, int64_t end, Step s) {
    for (int64_t i = begin; i < end; i++) {
        m[i] = m[i] + (1.0f - s.beta1) * (g[i] - m[i]);
        v[i] = s.beta2 * v[i] + (1.0f - s.beta2) * g[i] * g[i];
        p[i] = p[i] * s.decay - s.step_size * (m[i] / (__builtin_sqrtf(v[i]) / s.root_correction + s.eps));
    }
}

void adamw_(at::TensorList parameters, at::TensorList gradients, at::TensorList means, at::TensorList squares, int64_t steps, double lr,
            double beta1, double beta2, double eps, double weight_decay) {
    const auto count = parameters.size();
    TORCH_CHECK(gradients.size() == count && means.size() == count && squares.size() == count, "lists of ", count, ", ", gradients.size(), ", ",
                means.size(), " and ", squares.size(), " tensors; one of each belongs to a parameter");
    const Step step{static_cast<float>(1 - lr * weight_decay),
                    static_cast<float>(beta1),
                    static_cast<float>(beta2),
                    static_cast<float>(eps),
                    static_cast<float>(lr / (1 - std::pow(beta1, steps))),
                    static_cast<float>(std::sqrt(1 - std::pow(beta2, steps)))};
    for (size_t i = 0; i < count; i++) {
        for (const auto& tensor : {parameters[i], gradients[i], means[i], squares[i]}) {
            TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.numel() == parameters[i].numel(),
                        "tensor ", i, " is ", tensor.toString(), " of ", tensor.sizes(), "; contiguous float32 on the CPU, of ", parameters[i].sizes(), ", is needed");
        }
        auto* p = parameters[i].data_ptr<float>();
        const auto* g = gradients[i].data_ptr<float>();
        auto* m = means[i].data_ptr<float>();
        auto* v = squares[i].data_ptr<float>();
        at::parallel_for(0, parameters[i].numel(), 16384, [&](int64_t begin, int64_t end) { update(p, g, m, v, begin, end, step); });
    }
    // Autograd must see that values it may have kept are gone.
    for (const auto& parameter : parameters) parameter.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def(
        "adamw_(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares, int steps, float lr, float beta1, float beta2, float eps, "
        "float weight_decay) -> ()",
        adamw_);
}
