// cpt::rope(x [b, t, h, d], cos [t, d/2] or [b, t, d/2], sin likewise): rotary position embedding in the half-rotation form
// (Su et al., 2021, in the layout of GPT-NeoX and Hugging Face's Llama and Qwen):
//   y[i] = x[i]·cos[i] − x[i + d/2]·sin[i]        y[i + d/2] = x[i + d/2]·cos[i] + x[i]·sin[i]
// The backward pass is the rotation by the opposite angle. x may be a view whose last dimension lies together, such as the heads of q
// inside a projection of q, k and v; the result is contiguous.
#include "autograd_function.h"
#include "vector.h"

namespace {

using namespace cpt;

struct Shape {
    int64_t b, t, h, half;
    int64_t stride_b, stride_t, stride_h;  // of x
    int64_t table_b;                       // of cos and sin: 0 where all rows share them
};

CPT_VECTOR void rotate(const float* x, const float* cos, const float* sin, float* y, int64_t begin, int64_t end, Shape s, float direction) {
    for (int64_t place = begin; place < end; place++) {
        const auto row = place / s.t, at = place % s.t;
        const float* c = cos + row * s.table_b + at * s.half;
        const float* n = sin + row * s.table_b + at * s.half;
        for (int64_t head = 0; head < s.h; head++) {
            const float* from = x + row * s.stride_b + at * s.stride_t + head * s.stride_h;
            float* to = y + (place * s.h + head) * 2 * s.half;
            for (int64_t i = 0; i < s.half; i++) {
                const float left = from[i], right = from[i + s.half], sine = n[i] * direction;
                to[i] = left * c[i] - right * sine;
                to[i + s.half] = right * c[i] + left * sine;
            }
        }
    }
}

at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, float direction) {
    auto y = at::empty(x.sizes(), x.options());
    const auto half = x.size(3) / 2;
    const Shape shape{x.size(0), x.size(1), x.size(2), half, x.stride(0), x.stride(1), x.stride(2), cos.dim() == 3 ? cos.stride(0) : 0};
    const auto* from = x.data_ptr<float>();
    const auto* c = cos.data_ptr<float>();
    const auto* s = sin.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    const auto grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, shape.h * half * 2));
    at::parallel_for(0, shape.b * shape.t, grain, [&](int64_t begin, int64_t end) { rotate(from, c, s, to, begin, end, shape, direction); });
    return y;
}

struct Rope : torch::autograd::Function<Rope> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
        context->save_for_backward({cos, sin});
        return rotated(x, cos, sin, 1.0f);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::rope");
        const auto saved = context->get_saved_variables();
        auto dy = gradients[0];
        if (dy.stride(3) != 1) dy = dy.contiguous();
        return {rotated(dy, saved[0], saved[1], -1.0f), at::Tensor(), at::Tensor()};
    }
};

at::Tensor composite(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    const auto c = cos.to(x.scalar_type()).unsqueeze(-2), s = sin.to(x.scalar_type()).unsqueeze(-2);
    const auto halves = x.chunk(2, -1);
    return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
}

at::Tensor rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    TORCH_CHECK(x.dim() == 4 && x.size(3) % 2 == 0, "x is ", x.sizes(), "; [batch, time, heads, an even width] is needed");
    TORCH_CHECK((cos.dim() == 2 || (cos.dim() == 3 && cos.size(0) == x.size(0))) && cos.sizes() == sin.sizes() && cos.size(-2) == x.size(1) &&
                    cos.size(-1) * 2 == x.size(3),
                "x is ", x.sizes(), ", cos ", cos.sizes(), " and sin ", sin.sizes(), "; the tables are [time, width/2] or [batch, time, width/2]");
    if (!is_cpu_float(x) || !is_cpu_float(cos) || !is_cpu_float(sin) || cos.requires_grad() || sin.requires_grad() || x.numel() == 0)
        return composite(x, cos, sin);
    const auto rows = x.stride(3) == 1 ? x : x.contiguous();
    const auto c = cos.contiguous(), s = sin.contiguous();
    return needs_gradient(rows) ? Rope::apply(rows, c, s) : rotated(rows, c, s, 1.0f);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) { library.def("rope(Tensor x, Tensor cos, Tensor sin) -> Tensor", rope); }
