// cpt::pack_linear(weight [n, k]) → panels [⌈n/8⌉, k, 8], and cpt::packed_linear(x [..., k], panels, n, bias [n]?, add [..., n]?) → [..., n]:
// x·weightᵀ + bias + add, for decoding, where the same weights meet a few rows again and again.
//
// A BLAS copies the weights into such panels at every call, and for few rows that is much of the call: on one Zen 4 core 32 rows ran at 108
// GFLOP/s here and at 82 in OpenBLAS 0.3.21, 7 rows at 81 and 36, a single row at 31 and 8. Every sum runs down k in order whatever the
// number of rows, so a row's result does not depend on the rows beside it, nor on the number of threads. No gradients.
#include "../optional.h"
#include "autograd_function.h"
#include "small_gemm.h"
#include <algorithm>

namespace {

using namespace cpt;

// Rows of x that stay in the second cache while all panels pass by.
constexpr int64_t rows_at_once = 96;
// Two panels and six rows keep the processor's multipliers busy; with one or two rows it takes four.
constexpr int64_t panels_at_once = 4;

struct Product {
    const float *x, *panels, *bias, *add;  // bias and add may be null
    float* y;
    int64_t m, n, k, x_stride;
};

CPT_VECTOR void pack(const float* weight, float* panels, int64_t begin, int64_t end, int64_t n, int64_t k, int64_t stride) {
    for (int64_t panel = begin; panel < end; panel++) {
        const auto first = panel * lane_count;
        pack_rows(weight + first * stride, stride, n - first < lane_count ? n - first : lane_count, k, panels + first * k);
    }
}

// The sums begin with what is added to them, so that they need no pass of their own.
CPT_INLINE void begin_with(const Product& p, int64_t row, int64_t column, int64_t rows, int64_t width) {
    for (int64_t r = row; r < row + rows; r++) {
        for (int64_t c = column; c < column + width; c += lane_count) {
            Lanes value = p.add != nullptr ? load(p.add + r * p.n + c) : Lanes{};
            if (p.bias != nullptr) value += load(p.bias + c);
            store(p.y + r * p.n + c, value);
        }
    }
}

CPT_VECTOR void multiply(const Product& p, int64_t first_panel, int64_t last_panel) {
    const bool begun = p.bias != nullptr || p.add != nullptr;
    const int64_t whole = p.n / lane_count;
    for (int64_t row = 0; row < p.m; row += rows_at_once) {
        const auto rows = std::min(rows_at_once, p.m - row);
        const Left left{p.x + row * p.x_stride, p.x_stride, 1};
        for (int64_t panel = first_panel; panel < last_panel;) {
            const auto column = panel * lane_count;
            const Right right{p.panels + column * p.k, lane_count, lane_count * p.k};
            if (panel < whole) {
                const auto count = std::min(p.m <= 2 ? panels_at_once : panels_at_once / 2, std::min(whole, last_panel) - panel);
                if (begun) begin_with(p, row, column, rows, count * lane_count);
                gemm(left, right, {p.y + row * p.n + column, p.n}, rows, count * lane_count, p.k, begun);
                panel += count;
                continue;
            }
            // The last columns fill no panel: they are made aside, a full one for each row, and their beginning is copied.
            float aside[rows_at_once * lane_count];
            gemm(left, right, {aside, lane_count}, rows, lane_count, p.k, false);
            for (int64_t r = 0; r < rows; r++) {
                for (int64_t c = column; c < p.n; c++) {
                    const auto at = (row + r) * p.n + c;
                    p.y[at] = aside[r * lane_count + c - column] + (p.bias != nullptr ? p.bias[c] : 0.0f) + (p.add != nullptr ? p.add[at] : 0.0f);
                }
            }
            panel++;
        }
    }
}

at::Tensor pack_linear(const at::Tensor& weight) {
    TORCH_CHECK(weight.dim() == 2 && is_cpu_float(weight), "weight is ", weight.toString(), " of ", weight.sizes(), "; float32 [n, k] on the CPU is needed");
    const auto rows = weight.detach().contiguous();
    const auto n = rows.size(0), k = rows.size(1), panels = ceil_div(n, lane_count);
    auto packed = at::empty({panels, k, lane_count}, rows.options());
    const auto* from = rows.data_ptr<float>();
    auto* to = packed.data_ptr<float>();
    at::parallel_for(0, panels, std::max<int64_t>(1, 65536 / (lane_count * std::max<int64_t>(1, k))),
                     [&](int64_t begin, int64_t end) { pack(from, to, begin, end, n, k, k); });
    return packed;
}

at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& panels, int64_t n, const OptionalTensor& bias, const OptionalTensor& add) {
    TORCH_CHECK(panels.dim() == 3 && panels.size(2) == lane_count && panels.is_contiguous() && panels.size(0) == ceil_div(n, lane_count) && x.dim() > 0 &&
                    x.size(-1) == panels.size(1),
                "x is ", x.sizes(), " and the panels are ", panels.sizes(), " for ", n, " columns; [..., k] and [n/8, k, 8] are needed");
    TORCH_CHECK(is_cpu_float(x) && is_cpu_float(panels), "x is ", x.toString(), "; float32 on the CPU is needed");
    TORCH_CHECK(!needs_gradient(x), "a product with packed weights records no gradients; call it under no_grad or inference_mode");
    auto sizes = x.sizes().vec();
    sizes.back() = n;
    auto y = at::empty(sizes, x.options());
    const auto rows = x.contiguous();
    at::Tensor b, a;
    if (bias.has_value() && bias->defined()) {
        TORCH_CHECK(is_cpu_float(*bias) && bias->numel() == n, "bias is ", bias->toString(), " of ", bias->sizes(), "; ", n, " floats are needed");
        b = bias->contiguous();
    }
    if (add.has_value() && add->defined()) {
        TORCH_CHECK(is_cpu_float(*add) && add->sizes() == y.sizes(), "add is ", add->toString(), " of ", add->sizes(), "; float32 of ", y.sizes(), " is needed");
        a = add->contiguous();
    }
    const auto k = x.size(-1);
    const Product p{rows.data_ptr<float>(), panels.data_ptr<float>(), b.defined() ? b.data_ptr<float>() : nullptr, a.defined() ? a.data_ptr<float>() : nullptr,
                    y.data_ptr<float>(), k == 0 ? 0 : rows.numel() / k, n, k, k};
    // A million multiplications are worth waking a thread for.
    const auto shares = ceil_div(panels.size(0), panels_at_once);
    const auto grain = std::max<int64_t>(1, (1 << 20) / std::max<int64_t>(1, p.m * k * panels_at_once * lane_count));
    at::parallel_for(0, shares, grain, [&](int64_t begin, int64_t end) {
        multiply(p, begin * panels_at_once, std::min(end * panels_at_once, panels.size(0)));
    });
    return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def("pack_linear(Tensor weight) -> Tensor", pack_linear);
    library.def("packed_linear(Tensor x, Tensor panels, int n, Tensor? bias=None, Tensor? add=None) -> Tensor", packed_linear);
}
