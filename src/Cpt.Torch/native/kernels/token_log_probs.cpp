// cpt::token_log_probs(logits [n, v], targets [n]) = logits[i][targets[i]] − logsumexp(logits[i]): what a policy gives the tokens that
// were drawn, and minus it the cross entropy. A negative target (−100) does not count: 0, and no gradient.
//
// Forward reads the logits twice and keeps one number a row instead of a second [n, v]; backward is dy·(onehot − softmax).
// An infinite or NaN logit gives a NaN, which the trainer stops at.
#include "autograd_function.h"
#include "vector.h"

namespace {

using namespace cpt;

CPT_VECTOR void forward_rows(const float* logits, const int64_t* targets, float* y, float* normaliser, int64_t begin, int64_t end, int64_t v) {
    for (int64_t row = begin; row < end; row++) {
        const float* from = logits + row * v;
        Lanes highest = all(from[0]);
        for (int64_t i = 0; i < v; i += lane_count) highest = larger(load(from + i, v - i, from[0]), highest);
        const float most = largest(highest);
        Lanes total{};
        for (int64_t i = 0; i < v; i += lane_count) total += exp(load(from + i, v - i, -INFINITY) - most);
        const float normal = most + std::log(sum(total));
        normaliser[row] = normal;
        y[row] = targets[row] < 0 ? 0.0f : from[targets[row]] - normal;
    }
}

CPT_VECTOR void backward_rows(const float* logits, const int64_t* targets, const float* normaliser, const float* dy, int64_t dy_stride, float* dlogits,
                              int64_t begin, int64_t end, int64_t v) {
    for (int64_t row = begin; row < end; row++) {
        const float* from = logits + row * v;
        float* to = dlogits + row * v;
        const float d = targets[row] < 0 ? 0.0f : dy[row * dy_stride];
        if (d == 0.0f) {
            std::memset(to, 0, static_cast<size_t>(v) * sizeof(float));
            continue;
        }
        const float normal = normaliser[row];
        for (int64_t i = 0; i < v; i += lane_count) store(to + i, exp(load(from + i, v - i) - normal) * -d, v - i);
        to[targets[row]] += d;
    }
}

int64_t grain(int64_t v) { return std::max<int64_t>(1, 16384 / v); }

at::Tensor forward(const at::Tensor& logits, const at::Tensor& targets, at::Tensor& normaliser) {
    const auto n = logits.size(0), v = logits.size(1);
    auto y = at::empty({n}, logits.options());
    normaliser = at::empty({n}, logits.options());
    const auto* from = logits.data_ptr<float>();
    const auto* wanted = targets.data_ptr<int64_t>();
    auto* to = y.data_ptr<float>();
    auto* kept = normaliser.data_ptr<float>();
    at::parallel_for(0, n, grain(v), [&](int64_t begin, int64_t end) { forward_rows(from, wanted, to, kept, begin, end, v); });
    return y;
}

struct TokenLogProbs : torch::autograd::Function<TokenLogProbs> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& logits, const at::Tensor& targets) {
        at::Tensor normaliser;
        auto y = ::forward(logits, targets, normaliser);
        context->save_for_backward({logits, targets, normaliser});
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::token_log_probs");
        const auto saved = context->get_saved_variables();
        const auto& logits = saved[0];
        const auto n = logits.size(0), v = logits.size(1);
        const auto& dy = gradients[0];
        auto dlogits = at::empty(logits.sizes(), logits.options());
        const auto* from = logits.data_ptr<float>();
        const auto* wanted = saved[1].data_ptr<int64_t>();
        const auto* all = saved[2].data_ptr<float>();
        const auto* d = dy.data_ptr<float>();
        const auto step = dy.stride(0);
        auto* to = dlogits.data_ptr<float>();
        at::parallel_for(0, n, grain(v), [&](int64_t begin, int64_t end) { backward_rows(from, wanted, all, d, step, to, begin, end, v); });
        return {dlogits, at::Tensor()};
    }
};

at::Tensor composite(const at::Tensor& logits, const at::Tensor& targets) {
    const auto left_out = targets < 0;
    const auto all = at::log_softmax(logits, -1, at::kFloat);
    if (all.is_cpu()) return all.gather(-1, targets.masked_fill(left_out, 0).unsqueeze(-1)).squeeze(-1).masked_fill(left_out, 0);

    // Elsewhere not gather, whose backward pass adds atomically: a GPU repeats nll_loss bit for bit.
    constexpr int64_t ignored = -100;
    return -at::nll_loss(all, targets.masked_fill(left_out, ignored), at::Tensor(), at::Reduction::None, ignored);
}

at::Tensor token_log_probs(const at::Tensor& logits, const at::Tensor& targets) {
    TORCH_CHECK(logits.dim() == 2 && targets.dim() == 1 && targets.size(0) == logits.size(0) && targets.scalar_type() == at::kLong, "logits is ",
                logits.sizes(), " and targets ", targets.toString(), " of ", targets.sizes(), "; [n, vocabulary] and int64 [n] are needed");
    if (!is_cpu_float(logits) || logits.numel() == 0) return composite(logits, targets);
    const auto rows = logits.contiguous(), wanted = targets.contiguous();
    const auto largest = wanted.max().item<int64_t>();
    TORCH_CHECK(largest < rows.size(1), "target ", largest, " is outside a vocabulary of ", rows.size(1));
    at::Tensor normaliser;
    return needs_gradient(rows) ? TokenLogProbs::apply(rows, wanted) : forward(rows, wanted, normaliser);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) { library.def("token_log_probs(Tensor logits, Tensor targets) -> Tensor", token_log_probs); }
