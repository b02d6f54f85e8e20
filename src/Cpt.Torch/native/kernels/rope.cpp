// cpt::rope(x [b, t, h, d], cos [t, d/2] or [b, t, d/2], sin likewise): rotary position embedding in the half-rotation form
// (Su et al., 2021, in the layout of GPT-NeoX and Hugging Face's Llama and Qwen):
//   y[i] = x[i]·cos[i] − x[i + d/2]·sin[i]        y[i + d/2] = x[i + d/2]·cos[i] + x[i]·sin[i]
// The backward pass is the rotation by the opposite angle. x may be a view whose last dimension lies together, such as the heads of q
// inside a projection of q, k and v; the result is contiguous.
#include "rope.h"
#include "autograd_function.h"
#include "vector.h"

namespace {

using namespace cpt;

struct Shape {
    int64_t t, h, half;
    int64_t from_b, from_t, from_h, to_b, to_t, to_h;  // strides
    int64_t table_b;                                    // of cos and sin: 0 where all rows share them
};

CPT_VECTOR void rotate_places(const float* x, const float* cos, const float* sin, float* y, int64_t begin, int64_t end, const Shape& s, float direction) {
    for (int64_t place = begin; place < end; place++) {
        const auto row = place / s.t, at = place % s.t;
        const float* c = cos + row * s.table_b + at * s.half;
        const float* n = sin + row * s.table_b + at * s.half;
        for (int64_t head = 0; head < s.h; head++) {
            const float* from = x + row * s.from_b + at * s.from_t + head * s.from_h;
            float* to = y + row * s.to_b + at * s.to_t + head * s.to_h;
            for (int64_t i = 0; i < s.half; i += lane_count) {
                const auto left = s.half - i;
                const Lanes first = load(from + i, left), second = load(from + s.half + i, left), cosine = load(c + i, left);
                const Lanes sine = load(n + i, left) * direction;
                store(to + i, first * cosine - second * sine, left);
                store(to + s.half + i, second * cosine + first * sine, left);
            }
        }
    }
}

struct Rope : torch::autograd::Function<Rope> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
        context->save_for_backward({cos, sin});
        auto y = at::empty(x.sizes(), x.options());
        rotate(x, cos, sin, y, 1.0f);
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::rope");
        const auto saved = context->get_saved_variables();
        const auto dy = gradients[0].stride(3) == 1 ? gradients[0] : gradients[0].contiguous();
        auto dx = at::empty(dy.sizes(), dy.options());
        rotate(dy, saved[0], saved[1], dx, -1.0f);
        return {dx, at::Tensor(), at::Tensor()};
    }
};

at::Tensor rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    check_rope(x, cos, sin);
    if (!can_rotate(x, cos, sin)) return rope_composite(x, cos, sin);
    const auto rows = x.stride(3) == 1 ? x : x.contiguous();
    const auto c = cos.contiguous(), s = sin.contiguous();
    if (needs_gradient(rows)) return Rope::apply(rows, c, s);
    auto y = at::empty(x.sizes(), x.options());
    rotate(rows, c, s, y, 1.0f);
    return y;
}

// Three of ATen's kernels where the form that autograd records needs seven. A decoding step on a GPU is as long as its kernels take to start.
at::Tensor rope_unrecorded(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    check_rope(x, cos, sin);
    TORCH_CHECK(!needs_gradient(x), "cpt::rope_unrecorded has no backward pass; cpt::rope has one");
    if (can_rotate(x, cos, sin)) return rope(x, cos, sin);
    const auto c = cos.to(x.scalar_type()).unsqueeze(-2), s = sin.to(x.scalar_type()).unsqueeze(-2);
    const auto halves = x.unflatten(-1, {2, x.size(-1) / 2});  // [b, t, h, 2, d/2]
    auto y = halves * c.unsqueeze(-2);
    y.select(-2, 0).addcmul_(halves.select(-2, 1), s, -1);
    y.select(-2, 1).addcmul_(halves.select(-2, 0), s);
    return y.flatten(-2);
}

}  // namespace

void cpt::check_rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    TORCH_CHECK(x.dim() == 4 && x.size(3) % 2 == 0, "x is ", x.sizes(), "; [batch, time, heads, an even width] is needed");
    TORCH_CHECK((cos.dim() == 2 || (cos.dim() == 3 && cos.size(0) == x.size(0))) && cos.sizes() == sin.sizes() && cos.size(-2) == x.size(1) &&
                    cos.size(-1) * 2 == x.size(3),
                "x is ", x.sizes(), ", cos ", cos.sizes(), " and sin ", sin.sizes(), "; the tables are [time, width/2] or [batch, time, width/2]");
}

bool cpt::can_rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    return is_cpu_float(x) && is_cpu_float(cos) && is_cpu_float(sin) && !cos.requires_grad() && !sin.requires_grad() && x.numel() > 0;
}

void cpt::rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& y, float direction) {
    const Shape shape{x.size(1),   x.size(2),   x.size(3) / 2, x.stride(0), x.stride(1),
                      x.stride(2), y.stride(0), y.stride(1),   y.stride(2), cos.dim() == 3 ? cos.stride(0) : 0};
    const auto *from = x.data_ptr<float>(), *c = cos.data_ptr<float>(), *s = sin.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    const auto grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, shape.h * shape.half * 2));
    at::parallel_for(0, x.size(0) * shape.t, grain, [&](int64_t begin, int64_t end) { rotate_places(from, c, s, to, begin, end, shape, direction); });
}

at::Tensor cpt::rope_composite(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    const auto c = cos.to(x.scalar_type()).unsqueeze(-2), s = sin.to(x.scalar_type()).unsqueeze(-2);
    const auto halves = x.chunk(2, -1);
    return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
}

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def("rope(Tensor x, Tensor cos, Tensor sin) -> Tensor", rope);
    library.def("rope_unrecorded(Tensor x, Tensor cos, Tensor sin) -> Tensor", rope_unrecorded);
}
