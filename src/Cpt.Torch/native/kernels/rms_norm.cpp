// cpt::rms_norm(x [..., d], weight [d], eps) = weight · x / √(mean(x²) + eps)   (Zhang and Sennrich, 2019)
//
// Forward keeps 1/√… of every row. With r that number, u = weight·dy:
//   dx = r·u − x·r³/d · Σ(u·x)        dweight = Σ over rows of dy·x·r
// dweight is summed in chunks of a fixed number of rows, then over the chunks in order: the same bits for any number of threads.
#include "autograd_function.h"
#include "vector.h"
#include <torch/version.h>

namespace {

using namespace cpt;

constexpr int64_t rows_per_chunk = 64;

CPT_VECTOR void forward_rows(const float* x, const float* weight, float* y, float* inverse, int64_t begin, int64_t end, int64_t d, float eps) {
    for (int64_t row = begin; row < end; row++) {
        const float* from = x + row * d;
        float* to = y + row * d;
        Lanes squares{};
        for (int64_t i = 0; i < d; i += lane_count) {
            const Lanes value = load(from + i, d - i);
            squares += value * value;
        }
        const float r = 1.0f / std::sqrt(sum(squares) / static_cast<float>(d) + eps);
        for (int64_t i = 0; i < d; i += lane_count) store(to + i, load(from + i, d - i) * r * load(weight + i, d - i), d - i);
        if (inverse != nullptr) inverse[row] = r;
    }
}

CPT_VECTOR void backward_rows(const float* x, const float* weight, const float* dy, const float* inverse, float* dx, float* dweight, int64_t begin,
                              int64_t end, int64_t d) {
    for (int64_t row = begin; row < end; row++) {
        const float *xr = x + row * d, *dyr = dy + row * d;
        float* to = dx + row * d;
        const float r = inverse[row];
        Lanes products{};
        for (int64_t i = 0; i < d; i += lane_count) products += load(dyr + i, d - i) * load(weight + i, d - i) * load(xr + i, d - i);
        const float pull = sum(products) * r * r * r / static_cast<float>(d);
        for (int64_t i = 0; i < d; i += lane_count) {
            const auto left = d - i;
            const Lanes xi = load(xr + i, left), dyi = load(dyr + i, left);
            store(to + i, dyi * load(weight + i, left) * r - xi * pull, left);
            store(dweight + i, load(dweight + i, left) + dyi * xi * r, left);
        }
    }
}

at::Tensor forward(const at::Tensor& x, const at::Tensor& weight, double eps, at::Tensor* inverse) {
    const auto d = x.size(-1), rows = x.numel() / d;
    auto y = at::empty(x.sizes(), x.options());
    if (inverse != nullptr) *inverse = at::empty({rows}, x.options());
    const auto* from = x.data_ptr<float>();
    const auto* scale = weight.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    auto* kept = inverse != nullptr ? inverse->data_ptr<float>() : nullptr;
    at::parallel_for(0, rows, std::max<int64_t>(1, 16384 / d),
                     [&](int64_t begin, int64_t end) { forward_rows(from, scale, to, kept, begin, end, d, static_cast<float>(eps)); });
    return y;
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double eps) {
        at::Tensor inverse;
        auto y = ::forward(x, weight, eps, &inverse);
        context->save_for_backward({x, weight, inverse});
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::rms_norm");
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1], &inverse = saved[2];
        const auto dy = gradients[0].contiguous();
        const auto d = x.size(-1), rows = x.numel() / d, chunks = ceil_div(rows, rows_per_chunk);
        auto dx = at::empty(x.sizes(), x.options());
        auto partial = at::zeros({chunks, d}, x.options());
        const auto* xp = x.data_ptr<float>();
        const auto* wp = weight.data_ptr<float>();
        const auto* dyp = dy.data_ptr<float>();
        const auto* rp = inverse.data_ptr<float>();
        auto* dxp = dx.data_ptr<float>();
        auto* pp = partial.data_ptr<float>();
        at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
            for (int64_t chunk = begin; chunk < end; chunk++) {
                const auto first = chunk * rows_per_chunk;
                backward_rows(xp, wp, dyp, rp, dxp, pp + chunk * d, first, std::min(rows, first + rows_per_chunk), d);
            }
        });
        return {dx, partial.sum(0), at::Tensor()};
    }
};

// As Hugging Face's models do it: in float32, and back to x's type before the weight.
at::Tensor composite(const at::Tensor& x, const at::Tensor& weight, double eps) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
    // One kernel forward and two backward, in float32 within.
    if (x.is_cuda() && x.scalar_type() == weight.scalar_type()) return at::rms_norm(x, weight.sizes(), weight, eps);
#endif
    const auto wide = x.to(at::kFloat);
    return weight * (wide * at::rsqrt(wide.square().mean(-1, true) + eps)).to(x.scalar_type());
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    TORCH_CHECK(x.dim() > 0 && weight.dim() == 1 && weight.size(0) == x.size(-1), "x is ", x.sizes(), " and weight ", weight.sizes(),
                "; weight must be one number for each column of x");
    if (!is_cpu_float(x) || !is_cpu_float(weight) || !weight.is_contiguous() || x.numel() == 0) return composite(x, weight, eps);
    const auto rows = x.contiguous();
    return needs_gradient(rows, weight) ? RmsNorm::apply(rows, weight, eps) : forward(rows, weight, eps, nullptr);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) { library.def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", rms_norm); }
