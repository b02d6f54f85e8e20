// cpt::attention(q [b, t, heads, d], k and v [b, s, kv_heads, d], start [b]?, scale, causal) → [b, t, heads, d]
//
// Scaled dot-product attention in the layout the projections give, with grouped heads (query head h reads k/v head h / (heads/kv_heads)),
// without copying, expanding or transposing anything in between. With `causal`, query i sees keys up to i + s − t. `start` names each
// row's first real key: the length of its left padding. A query inside the padding may see nothing; it gets the mean of all values, as
// from a softmax over equal scores, so that logits agree with Hugging Face's eager attention at every position.
//
// One unit of work is one k/v head of one row of the batch, and all sums of a unit are made by the thread that has it, in one order: the
// result does not depend on the number of threads. The backward pass computes the probabilities again from what forward keeps, the
// logarithm of each row's normaliser. With P the probabilities, o the output and Δ = Σ do·o of a row:
//   dv = Pᵀ·do     dS = P∘(do·vᵀ − Δ)·scale     dq = dS·k     dk = dSᵀ·q        (Dao et al., 2022, appendix B)
#include "attention.h"
#include "autograd_function.h"
#include <vector>

namespace {

using namespace cpt;

struct Problem {
    int64_t b, t, s, heads, kv_heads, d, group;
    int64_t q_b, q_t, q_h, k_b, k_t, k_h, v_b, v_t, v_h;  // strides
    const int64_t* start;                                 // or null
    float scale;
    bool causal;

    Problem(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, double factor, bool is_causal)
        : b(q.size(0)), t(q.size(1)), s(k.size(1)), heads(q.size(2)), kv_heads(k.size(2)), d(q.size(3)), group(heads / kv_heads),
          q_b(q.stride(0)), q_t(q.stride(1)), q_h(q.stride(2)), k_b(k.stride(0)), k_t(k.stride(1)), k_h(k.stride(2)), v_b(v.stride(0)),
          v_t(v.stride(1)), v_h(v.stride(2)), start(starts.defined() ? starts.data_ptr<int64_t>() : nullptr), scale(static_cast<float>(factor)),
          causal(is_causal) {}

    int64_t first_key(int64_t row) const { return start == nullptr ? 0 : std::clamp<int64_t>(start[row], 0, s); }
    // How many keys, counted from `base`, query i sees.
    int64_t seen(int64_t i, int64_t base) const { return causal ? i + (s - t) + 1 - base : s - base; }
    int64_t step() const { return causal ? 1 : 0; }
    // How many queries, the first ones, see nothing.
    int64_t blind(int64_t base) const { return base == s ? t : causal ? std::clamp<int64_t>(base - (s - t), 0, t) : 0; }
    // Floats a unit needs for one packed matrix and for one block of scores.
    int64_t packed_size() const { return round_up(s) * d; }
    int64_t scores_size() const { return row_block * round_up(s); }
};

float* scratch(size_t count) {
    thread_local std::vector<float> memory;
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

CPT_INLINE void blind_forward(const Problem& p, int64_t row, int64_t kv, int64_t rows, const float* v, float* o) {
    const float* values = v + row * p.v_b + kv * p.v_h;
    for (int64_t c = 0; c < p.d; c += lane_count) {
        Lanes mean{};
        for (int64_t j = 0; j < p.s; j++) mean += load(values + j * p.v_t + c);
        mean /= static_cast<float>(p.s);
        for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
            for (int64_t i = 0; i < rows; i++) store(o + ((row * p.t + i) * p.heads + head) * p.d + c, mean);
    }
}

CPT_INLINE void blind_backward(const Problem& p, int64_t row, int64_t kv, int64_t rows, const float* d_o, float* dv) {
    for (int64_t c = 0; c < p.d; c += lane_count) {
        Lanes share{};
        for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
            for (int64_t i = 0; i < rows; i++) share += load(d_o + ((row * p.t + i) * p.heads + head) * p.d + c);
        share /= static_cast<float>(p.s);
        for (int64_t j = 0; j < p.s; j++) {
            float* to = dv + ((row * p.s + j) * p.kv_heads + kv) * p.d + c;
            store(to, load(to) + share);
        }
    }
}

CPT_VECTOR void forward_unit(const Problem& p, int64_t unit, const float* q, const float* k, const float* v, float* o, float* normaliser, float* room) {
    const int64_t row = unit / p.kv_heads, kv = unit % p.kv_heads, base = p.first_key(row), count = p.s - base;
    float* scores = room + p.packed_size();
    pack_rows(k + row * p.k_b + kv * p.k_h + base * p.k_t, p.k_t, count, p.d, room);
    const Keys keys{room, v + row * p.v_b + kv * p.v_h + base * p.v_t, p.v_t, count, p.d};
    for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
        for (int64_t i = 0; i < p.t; i += row_block)
            attend({q + row * p.q_b + head * p.q_h + i * p.q_t, p.q_t, 1}, keys, {o + ((row * p.t + i) * p.heads + head) * p.d, p.heads * p.d},
                   std::min(row_block, p.t - i), p.seen(i, base), p.step(), p.scale, scores,
                   normaliser == nullptr ? nullptr : normaliser + (row * p.heads + head) * p.t + i);
    if (const auto rows = p.blind(base); rows > 0) blind_forward(p, row, kv, rows, v, o);
}

// P and dS of one block of rows, in place over q·kᵀ and do·vᵀ.
CPT_INLINE void backward_rows(float* probabilities, float* slopes, int64_t width, int64_t n, float normal, float delta, float scale) {
    for (int64_t j = 0; j < width; j += lane_count) {
        const Lanes P = n <= j ? Lanes{} : exp(load(probabilities + j, n - j, -INFINITY) * scale - normal);
        store(probabilities + j, P);
        store(slopes + j, P * (load(slopes + j) - delta) * scale);
    }
}

CPT_VECTOR void backward_unit(const Problem& p, int64_t unit, const float* q, const float* k, const float* v, const float* o, const float* d_o,
                              const float* normaliser, float* dq, float* dk, float* dv, float* room) {
    const int64_t row = unit / p.kv_heads, kv = unit % p.kv_heads, base = p.first_key(row), count = p.s - base;
    float *packed_k = room, *packed_v = packed_k + p.packed_size(), *scores = packed_v + p.packed_size(), *slopes = scores + p.scores_size();
    const float* keys = k + row * p.k_b + kv * p.k_h + base * p.k_t;
    pack_rows(keys, p.k_t, count, p.d, packed_k);
    pack_rows(v + row * p.v_b + kv * p.v_h + base * p.v_t, p.v_t, count, p.d, packed_v);
    const int64_t kv_row = p.kv_heads * p.d, q_row = p.heads * p.d, panel = p.d * lane_count;
    float* to_k = dk + ((row * p.s + base) * p.kv_heads + kv) * p.d;
    float* to_v = dv + ((row * p.s + base) * p.kv_heads + kv) * p.d;

    for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++) {
        for (int64_t i = 0; i < p.t; i += row_block) {
            const int64_t rows = std::min(row_block, p.t - i), first_seen = p.seen(i, base);
            const int64_t most_seen = std::min(count, first_seen + (rows - 1) * p.step());
            const int64_t at = ((row * p.t + i) * p.heads + head) * p.d;
            if (most_seen <= 0) {
                for (int64_t r = 0; r < rows; r++) std::memset(dq + at + r * q_row, 0, static_cast<size_t>(p.d) * sizeof(float));
                continue;
            }
            const int64_t width = round_up(most_seen);
            const float* queries = q + row * p.q_b + head * p.q_h + i * p.q_t;
            gemm({queries, p.q_t, 1}, {packed_k, lane_count, panel}, {scores, width}, rows, width, p.d, false);
            gemm({d_o + at, q_row, 1}, {packed_v, lane_count, panel}, {slopes, width}, rows, width, p.d, false);
            for (int64_t r = 0; r < rows; r++) {
                Lanes products{};
                for (int64_t c = 0; c < p.d; c += lane_count) products += load(d_o + at + r * q_row + c) * load(o + at + r * q_row + c);
                backward_rows(scores + r * width, slopes + r * width, width, std::min(count, first_seen + r * p.step()),
                              normaliser[(row * p.heads + head) * p.t + i + r], sum(products), p.scale);
            }
            gemm({slopes, width, 1}, {keys, p.k_t, lane_count}, {dq + at, q_row}, rows, p.d, most_seen, false);
            gemm({slopes, 1, width}, {queries, p.q_t, lane_count}, {to_k, kv_row}, most_seen, p.d, rows, true);
            gemm({scores, 1, width}, {d_o + at, q_row, lane_count}, {to_v, kv_row}, most_seen, p.d, rows, true);
        }
    }
    if (const auto rows = p.blind(base); rows > 0) blind_backward(p, row, kv, rows, d_o, dv);
}

at::Tensor forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& start, double scale, bool causal,
                   at::Tensor* normaliser) {
    const Problem p(q, k, v, start, scale, causal);
    auto o = at::empty(q.sizes(), q.options());
    if (normaliser != nullptr) *normaliser = at::empty({p.b, p.heads, p.t}, q.options());
    const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>();
    float *op = o.data_ptr<float>(), *np = normaliser != nullptr ? normaliser->data_ptr<float>() : nullptr;
    at::parallel_for(0, p.b * p.kv_heads, 1, [&](int64_t begin, int64_t end) {
        auto* room = scratch(static_cast<size_t>(p.packed_size() + p.scores_size()));
        for (int64_t unit = begin; unit < end; unit++) forward_unit(p, unit, qp, kp, vp, op, np, room);
    });
    return o;
}

// Hides the optional tensor from Function::apply, which takes every tensor it sees for an input of the graph.
struct Start {
    at::Tensor tensor;
};

struct Attention : torch::autograd::Function<Attention> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Start& start,
                              double scale, bool causal) {
        at::Tensor normaliser;
        auto o = ::forward(q, k, v, start.tensor, scale, causal, &normaliser);
        context->save_for_backward({q, k, v, start.tensor, o, normaliser});
        context->saved_data["scale"] = scale;
        context->saved_data["causal"] = causal;
        return o;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::attention");
        const auto saved = context->get_saved_variables();
        const auto &q = saved[0], &k = saved[1], &v = saved[2], &start = saved[3], &o = saved[4];
        const Problem p(q, k, v, start, context->saved_data["scale"].toDouble(), context->saved_data["causal"].toBool());
        const auto d_o = gradients[0].contiguous();
        auto dq = at::empty(q.sizes(), q.options()), dk = at::zeros(k.sizes(), k.options()), dv = at::zeros(v.sizes(), v.options());
        const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>(), *op = o.data_ptr<float>();
        const float *dp = d_o.data_ptr<float>(), *np = saved[5].data_ptr<float>();
        float *dqp = dq.data_ptr<float>(), *dkp = dk.data_ptr<float>(), *dvp = dv.data_ptr<float>();
        at::parallel_for(0, p.b * p.kv_heads, 1, [&](int64_t begin, int64_t end) {
            auto* room = scratch(static_cast<size_t>(2 * p.packed_size() + 2 * p.scores_size()));
            for (int64_t unit = begin; unit < end; unit++) backward_unit(p, unit, qp, kp, vp, op, dp, np, dqp, dkp, dvp, room);
        });
        return {dq, dk, dv, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

at::Tensor composite(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& start, double scale, bool causal) {
    const auto t = q.size(1), s = k.size(1), group = q.size(2) / k.size(2);
    const auto queries = q.transpose(1, 2);
    const auto keys = k.repeat_interleave(group, 2).transpose(1, 2), values = v.repeat_interleave(group, 2).transpose(1, 2);
    const auto place = at::arange(s, q.options().dtype(at::kLong));
    auto seen = at::ones({t, s}, q.options().dtype(at::kBool));
    if (causal) seen = place.unsqueeze(0) <= at::arange(s - t, s, place.options()).unsqueeze(1);
    seen = seen.unsqueeze(0).unsqueeze(0);
    if (start.defined()) seen = seen.logical_and((place.unsqueeze(0) >= start.to(q.device()).unsqueeze(1)).unsqueeze(1).unsqueeze(1));
    const auto hidden = seen.logical_not();
    // The lowest number rather than −∞: a row of nothing else comes out even.
    const auto scores = (at::matmul(queries, keys.transpose(2, 3)).to(at::kFloat) * scale).masked_fill(hidden, std::numeric_limits<float>::lowest());
    const auto probabilities = at::softmax(scores, -1).to(q.scalar_type());
    return at::matmul(probabilities, values).transpose(1, 2).contiguous();
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const c10::optional<at::Tensor>& start, double scale, bool causal) {
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.size(2) > 0 &&
                    q.size(2) % k.size(2) == 0 && (!causal || k.size(1) >= q.size(1)),
                "q is ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes(), "; [batch, queries, heads, d] and twice [batch, keys, heads or a divisor, d] are needed");
    const auto starts = start.has_value() && start->defined() ? start->to(at::kLong).contiguous() : at::Tensor();
    TORCH_CHECK(!starts.defined() || (starts.dim() == 1 && starts.size(0) == q.size(0)), "start has ", starts.sizes(), "; one number for each row is needed");
    if (!is_cpu_float(q) || !is_cpu_float(k) || !is_cpu_float(v) || q.size(3) % lane_count != 0 || q.numel() == 0 || k.numel() == 0)
        return composite(q, k, v, starts, scale, causal);
    const auto together = [](const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); };
    const auto qs = together(q), ks = together(k), vs = together(v);
    return needs_gradient(qs, ks, vs) ? Attention::apply(qs, ks, vs, Start{starts}, scale, causal) : forward(qs, ks, vs, starts, scale, causal, nullptr);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def("attention(Tensor q, Tensor k, Tensor v, Tensor? start, float scale, bool causal=True) -> Tensor", attention);
}
