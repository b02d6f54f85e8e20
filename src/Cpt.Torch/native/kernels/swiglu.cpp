// cpt::swiglu(gate, up) = silu(gate)·up, silu(z) = z·σ(z)   (Shazeer, 2020)
//
// With σ = σ(gate):   dup = dy·gate·σ        dgate = dy·up·σ·(1 + gate·(1 − σ))
// σ is computed again in the backward pass, which is cheaper than reading it back.
#include "autograd_function.h"
#include "vector.h"

namespace {

using namespace cpt;

constexpr int64_t grain = 8192;

CPT_VECTOR void forward_range(const float* gate, const float* up, float* y, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += lane_count) {
        const auto left = end - i;
        const Lanes g = load(gate + i, left);
        store(y + i, g * sigmoid(g) * load(up + i, left), left);
    }
}

CPT_VECTOR void backward_range(const float* gate, const float* up, const float* dy, float* dgate, float* dup, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += lane_count) {
        const auto left = end - i;
        const Lanes g = load(gate + i, left), d = load(dy + i, left), s = sigmoid(g);
        store(dup + i, d * g * s, left);
        store(dgate + i, d * load(up + i, left) * s * (1.0f + g * (1.0f - s)), left);
    }
}

at::Tensor forward(const at::Tensor& gate, const at::Tensor& up) {
    auto y = at::empty(gate.sizes(), gate.options());
    const auto* g = gate.data_ptr<float>();
    const auto* u = up.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    at::parallel_for(0, gate.numel(), grain, [&](int64_t begin, int64_t end) { forward_range(g, u, to, begin, end); });
    return y;
}

struct SwiGlu : torch::autograd::Function<SwiGlu> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up) {
        context->save_for_backward({gate, up});
        return ::forward(gate, up);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::swiglu");
        const auto saved = context->get_saved_variables();
        const auto &gate = saved[0], &up = saved[1];
        const auto dy = gradients[0].contiguous();
        auto dgate = at::empty(gate.sizes(), gate.options()), dup = at::empty(up.sizes(), up.options());
        const auto* g = gate.data_ptr<float>();
        const auto* u = up.data_ptr<float>();
        const auto* d = dy.data_ptr<float>();
        auto* dg = dgate.data_ptr<float>();
        auto* du = dup.data_ptr<float>();
        at::parallel_for(0, gate.numel(), grain, [&](int64_t begin, int64_t end) { backward_range(g, u, d, dg, du, begin, end); });
        return {dgate, dup};
    }
};

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) {
    TORCH_CHECK(gate.sizes() == up.sizes(), "gate is ", gate.sizes(), " and up ", up.sizes(), "; they must have one shape");
    if (!is_cpu_float(gate) || !is_cpu_float(up)) return at::silu(gate) * up;
    const auto g = gate.contiguous(), u = up.contiguous();
    return needs_gradient(g, u) ? SwiGlu::apply(g, u) : forward(g, u);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) { library.def("swiglu(Tensor gate, Tensor up) -> Tensor", swiglu); }
