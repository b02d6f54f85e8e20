// cpt::swiglu(gate, up) = silu(gate)·up, silu(z) = z·σ(z)   (Shazeer, 2020)
// cpt::swiglu.packed(gate_up [..., 2f]) takes both from one projection, gate first, and gives its gradient as one tensor.
//
// With σ = σ(gate):   dup = dy·gate·σ        dgate = dy·up·σ·(1 + gate·(1 − σ))
// σ is computed again in the backward pass, which is cheaper than reading it back.
#include "autograd_function.h"
#include "vector.h"

namespace {

using namespace cpt;

// `rows` rows of `width` numbers; gate and up, and their gradients, have `stride` numbers from row to row.
struct Shape {
    int64_t rows, width, stride;

    int64_t grain() const { return std::max<int64_t>(1, 8192 / width); }
};

CPT_VECTOR void forward_rows(const float* gate, const float* up, float* y, int64_t begin, int64_t end, Shape s) {
    for (int64_t row = begin; row < end; row++) {
        const float *g = gate + row * s.stride, *u = up + row * s.stride;
        float* to = y + row * s.width;
        for (int64_t i = 0; i < s.width; i += lane_count) {
            const auto left = s.width - i;
            const Lanes z = load(g + i, left);
            store(to + i, z * sigmoid(z) * load(u + i, left), left);
        }
    }
}

CPT_VECTOR void backward_rows(const float* gate, const float* up, const float* dy, float* dgate, float* dup, int64_t begin, int64_t end, Shape s) {
    for (int64_t row = begin; row < end; row++) {
        const float *g = gate + row * s.stride, *u = up + row * s.stride, *d = dy + row * s.width;
        float *to_gate = dgate + row * s.stride, *to_up = dup + row * s.stride;
        for (int64_t i = 0; i < s.width; i += lane_count) {
            const auto left = s.width - i;
            const Lanes z = load(g + i, left), slope = load(d + i, left), weight = sigmoid(z);
            store(to_up + i, slope * z * weight, left);
            store(to_gate + i, slope * load(u + i, left) * weight * (1.0f + z * (1.0f - weight)), left);
        }
    }
}

at::Tensor forward(const at::Tensor& gate, const at::Tensor& up, Shape shape, at::Tensor y) {
    const auto *g = gate.data_ptr<float>(), *u = up.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    at::parallel_for(0, shape.rows, shape.grain(), [&](int64_t begin, int64_t end) { forward_rows(g, u, to, begin, end, shape); });
    return y;
}

void backward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dy, Shape shape, const at::Tensor& dgate, const at::Tensor& dup) {
    const auto *g = gate.data_ptr<float>(), *u = up.data_ptr<float>(), *d = dy.data_ptr<float>();
    auto *to_gate = dgate.data_ptr<float>(), *to_up = dup.data_ptr<float>();
    at::parallel_for(0, shape.rows, shape.grain(), [&](int64_t begin, int64_t end) { backward_rows(g, u, d, to_gate, to_up, begin, end, shape); });
}

Shape shape_of(const at::Tensor& gate) {
    const auto width = gate.size(-1);
    return {gate.numel() / width, width, width};
}

struct SwiGlu : torch::autograd::Function<SwiGlu> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up) {
        context->save_for_backward({gate, up});
        return ::forward(gate, up, shape_of(gate), at::empty(gate.sizes(), gate.options()));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::swiglu");
        const auto saved = context->get_saved_variables();
        auto dgate = at::empty(saved[0].sizes(), saved[0].options()), dup = at::empty(saved[1].sizes(), saved[1].options());
        ::backward(saved[0], saved[1], gradients[0].contiguous(), shape_of(saved[0]), dgate, dup);
        return {dgate, dup};
    }
};

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) {
    TORCH_CHECK(gate.sizes() == up.sizes(), "gate is ", gate.sizes(), " and up ", up.sizes(), "; they must have one shape");
    if (!is_cpu_float(gate) || !is_cpu_float(up) || gate.numel() == 0 || gate.dim() == 0) return at::silu(gate) * up;
    const auto g = gate.contiguous(), u = up.contiguous();
    return needs_gradient(g, u) ? SwiGlu::apply(g, u) : forward(g, u, shape_of(g), at::empty(g.sizes(), g.options()));
}

// The halves of each row.
struct Packed {
    at::Tensor gate, up;
    Shape shape;

    explicit Packed(const at::Tensor& both) {
        const auto width = both.size(-1) / 2;
        gate = both.narrow(-1, 0, width);
        up = both.narrow(-1, width, width);
        shape = {both.numel() / (2 * width), width, 2 * width};
    }

    at::Tensor forward() const { return ::forward(gate, up, shape, at::empty(gate.sizes(), gate.options())); }
};

struct PackedSwiGlu : torch::autograd::Function<PackedSwiGlu> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& both) {
        context->save_for_backward({both});
        return Packed(both).forward();
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::swiglu.packed");
        const auto both = context->get_saved_variables()[0];
        auto d_both = at::empty(both.sizes(), both.options());
        const Packed from(both), to(d_both);
        ::backward(from.gate, from.up, gradients[0].contiguous(), from.shape, to.gate, to.up);
        return {d_both};
    }
};

at::Tensor packed_swiglu(const at::Tensor& gate_up) {
    TORCH_CHECK(gate_up.dim() > 0 && gate_up.size(-1) % 2 == 0, "gate_up is ", gate_up.sizes(), "; its last dimension must be even: gate, then up");
    if (!is_cpu_float(gate_up) || gate_up.numel() == 0) {
        const auto halves = gate_up.chunk(2, -1);
        return at::silu(halves[0]) * halves[1];
    }
    const auto both = gate_up.contiguous();
    return needs_gradient(both) ? PackedSwiGlu::apply(both) : Packed(both).forward();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def("swiglu(Tensor gate, Tensor up) -> Tensor", swiglu);
    library.def("swiglu.packed(Tensor gate_up) -> Tensor", packed_swiglu);
}
