// One unit of work is one k/v head of one row of the batch, and all sums of a unit are made by the thread that has it, in one order: the
// result does not depend on the number of threads. The backward pass computes the probabilities again from what forward keeps, the
// logarithm of each row's normaliser. With P the probabilities, o the output and Δ = Σ do·o of a row:
//   dv = Pᵀ·do     dS = P∘(do·vᵀ − Δ)·scale     dq = dS·k     dk = dSᵀ·q        (Dao et al., 2022, appendix B)
#include "attention_passes.h"
#include "attention.h"
#include "autograd_function.h"
#include <vector>

namespace {

using namespace cpt;

// The heads of a tensor [b, time, heads, d].
template <class Float>
struct Heads {
    Float* data;
    int64_t row, time, head;  // strides

    explicit Heads(const at::Tensor& x) : data(x.data_ptr<float>()), row(x.stride(0)), time(x.stride(1)), head(x.stride(2)) {}
    CPT_INLINE Float* at(int64_t r, int64_t t, int64_t h) const { return data + r * row + t * time + h * head; }
};

struct Problem {
    int64_t b, t, s, heads, kv_heads, d, group;
    Heads<const float> q, k, v;
    const int64_t* start;  // or null
    float scale;
    bool causal;

    Problem(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const AttentionSettings& settings)
        : b(queries.size(0)), t(queries.size(1)), s(keys.size(1)), heads(queries.size(2)), kv_heads(keys.size(2)), d(queries.size(3)),
          group(heads / kv_heads), q(queries), k(keys), v(values), start(settings.start.defined() ? settings.start.data_ptr<int64_t>() : nullptr),
          scale(static_cast<float>(settings.scale)), causal(settings.causal) {}

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

struct Gradients {
    Heads<const float> o, d_o;
    Heads<float> dq, dk, dv;
    const float* normaliser;
};

float* scratch(size_t count) {
    thread_local std::vector<float> memory;
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

CPT_INLINE void blind_forward(const Problem& p, int64_t row, int64_t kv, int64_t rows, const Heads<float>& o) {
    for (int64_t c = 0; c < p.d; c += lane_count) {
        Lanes mean{};
        for (int64_t j = 0; j < p.s; j++) mean += load(p.v.at(row, j, kv) + c);
        mean /= static_cast<float>(p.s);
        for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
            for (int64_t i = 0; i < rows; i++) store(o.at(row, i, head) + c, mean);
    }
}

CPT_INLINE void blind_backward(const Problem& p, int64_t row, int64_t kv, int64_t rows, const Gradients& g) {
    for (int64_t c = 0; c < p.d; c += lane_count) {
        Lanes share{};
        for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
            for (int64_t i = 0; i < rows; i++) share += load(g.d_o.at(row, i, head) + c);
        share /= static_cast<float>(p.s);
        for (int64_t j = 0; j < p.s; j++) {
            float* to = g.dv.at(row, j, kv) + c;
            store(to, load(to) + share);
        }
    }
}

CPT_VECTOR void forward_unit(const Problem& p, int64_t unit, const Heads<float>& o, float* normaliser, float* room) {
    const int64_t row = unit / p.kv_heads, kv = unit % p.kv_heads, base = p.first_key(row), count = p.s - base;
    float* scores = room + p.packed_size();
    pack_rows(p.k.at(row, base, kv), p.k.time, count, p.d, room);
    const Keys keys{room, p.v.at(row, base, kv), p.v.time, count, p.d};
    for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++)
        for (int64_t i = 0; i < p.t; i += row_block)
            attend({p.q.at(row, i, head), p.q.time, 1}, keys, {o.at(row, i, head), o.time}, std::min(row_block, p.t - i), p.seen(i, base), p.step(),
                   p.scale, scores, normaliser == nullptr ? nullptr : normaliser + (row * p.heads + head) * p.t + i);
    if (const auto rows = p.blind(base); rows > 0) blind_forward(p, row, kv, rows, o);
}

// P and dS of one row, in place over q·kᵀ and do·vᵀ; the row sees the first n keys.
CPT_INLINE void slopes_of_row(float* scores, float* slopes, int64_t width, int64_t n, float normal, float delta, float scale) {
    for (int64_t j = 0; j < width; j += lane_count) {
        const Lanes probability = n <= j ? Lanes{} : exp(load(scores + j, n - j, -INFINITY) * scale - normal);
        store(scores + j, probability);
        store(slopes + j, probability * (load(slopes + j) - delta) * scale);
    }
}

CPT_VECTOR void backward_unit(const Problem& p, int64_t unit, const Gradients& g, float* room) {
    const int64_t row = unit / p.kv_heads, kv = unit % p.kv_heads, base = p.first_key(row), count = p.s - base, panel = p.d * lane_count;
    float *packed_k = room, *packed_v = packed_k + p.packed_size(), *scores = packed_v + p.packed_size(), *slopes = scores + p.scores_size();
    const float* keys = p.k.at(row, base, kv);
    pack_rows(keys, p.k.time, count, p.d, packed_k);
    pack_rows(p.v.at(row, base, kv), p.v.time, count, p.d, packed_v);
    const Out dk{g.dk.at(row, base, kv), g.dk.time}, dv{g.dv.at(row, base, kv), g.dv.time};

    for (int64_t head = kv * p.group; head < (kv + 1) * p.group; head++) {
        for (int64_t i = 0; i < p.t; i += row_block) {
            const int64_t rows = std::min(row_block, p.t - i), first_seen = p.seen(i, base);
            const int64_t most_seen = std::min(count, first_seen + (rows - 1) * p.step());
            const Out dq{g.dq.at(row, i, head), g.dq.time};
            if (most_seen <= 0) {
                for (int64_t r = 0; r < rows; r++) std::memset(dq.data + r * dq.row, 0, static_cast<size_t>(p.d) * sizeof(float));
                continue;
            }
            const int64_t width = round_up(most_seen);
            const float *queries = p.q.at(row, i, head), *o = g.o.at(row, i, head), *d_o = g.d_o.at(row, i, head);
            gemm({queries, p.q.time, 1}, {packed_k, lane_count, panel}, {scores, width}, rows, width, p.d, false);
            gemm({d_o, g.d_o.time, 1}, {packed_v, lane_count, panel}, {slopes, width}, rows, width, p.d, false);
            for (int64_t r = 0; r < rows; r++) {
                Lanes products{};
                for (int64_t c = 0; c < p.d; c += lane_count) products += load(d_o + r * g.d_o.time + c) * load(o + r * g.o.time + c);
                slopes_of_row(scores + r * width, slopes + r * width, width, std::min(count, first_seen + r * p.step()),
                              g.normaliser[(row * p.heads + head) * p.t + i + r], sum(products), p.scale);
            }
            gemm({slopes, width, 1}, {keys, p.k.time, lane_count}, dq, rows, p.d, most_seen, false);
            gemm({slopes, 1, width}, {queries, p.q.time, lane_count}, dk, most_seen, p.d, rows, true);
            gemm({scores, 1, width}, {d_o, g.d_o.time, lane_count}, dv, most_seen, p.d, rows, true);
        }
    }
    if (const auto rows = p.blind(base); rows > 0) blind_backward(p, row, kv, rows, g);
}

}  // namespace

namespace cpt {

AttentionSettings check_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& start, double scale, bool causal) {
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.size(2) > 0 &&
                    q.size(2) % k.size(2) == 0,
                "q is ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes(), "; [batch, queries, heads, d] and twice [batch, keys, heads or a divisor, d] are needed");
    TORCH_CHECK(!causal || k.size(1) >= q.size(1), q.size(1), " queries and ", k.size(1), " keys; causal attention needs a key for every query");
    const auto starts = start.has_value() && start->defined() ? start->to(at::kLong).contiguous() : at::Tensor();
    TORCH_CHECK(!starts.defined() || (starts.dim() == 1 && starts.size(0) == q.size(0)), "start has ", starts.sizes(), "; one number for each row is needed");
    return {starts, scale, causal};
}

bool can_attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    return is_cpu_float(q) && is_cpu_float(k) && is_cpu_float(v) && q.size(3) % lane_count == 0 && q.numel() > 0 && k.numel() > 0;
}

at::Tensor attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings, at::Tensor* normaliser) {
    const Problem p(q, k, v, settings);
    auto o = at::empty(q.sizes(), q.options());
    if (normaliser != nullptr) *normaliser = at::empty({p.b, p.heads, p.t}, q.options());
    const Heads<float> to(o);
    auto* normal = normaliser != nullptr ? normaliser->data_ptr<float>() : nullptr;
    at::parallel_for(0, p.b * p.kv_heads, 1, [&](int64_t begin, int64_t end) {
        auto* room = scratch(static_cast<size_t>(p.packed_size() + p.scores_size()));
        for (int64_t unit = begin; unit < end; unit++) forward_unit(p, unit, to, normal, room);
    });
    return o;
}

void attention_backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings, const at::Tensor& o,
                        const at::Tensor& normaliser, const at::Tensor& d_o, const at::Tensor& dq, const at::Tensor& dk, const at::Tensor& dv) {
    const Problem p(q, k, v, settings);
    const Gradients g{Heads<const float>(o), Heads<const float>(d_o), Heads<float>(dq), Heads<float>(dk), Heads<float>(dv), normaliser.data_ptr<float>()};
    at::parallel_for(0, p.b * p.kv_heads, 1, [&](int64_t begin, int64_t end) {
        auto* room = scratch(static_cast<size_t>(2 * p.packed_size() + 2 * p.scores_size()));
        for (int64_t unit = begin; unit < end; unit++) backward_unit(p, unit, g, room);
    });
}

at::Tensor attention_composite(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings) {
    const auto t = q.size(1), s = k.size(1), group = q.size(2) / k.size(2);
    const auto queries = q.transpose(1, 2);
    const auto keys = k.repeat_interleave(group, 2).transpose(1, 2), values = v.repeat_interleave(group, 2).transpose(1, 2);
    const auto place = at::arange(s, q.options().dtype(at::kLong));
    auto seen = at::ones({t, s}, q.options().dtype(at::kBool));
    if (settings.causal) seen = place.unsqueeze(0) <= at::arange(s - t, s, place.options()).unsqueeze(1);
    seen = seen.unsqueeze(0).unsqueeze(0);
    if (settings.start.defined()) {
        const auto real = place.unsqueeze(0) >= settings.start.to(q.device()).unsqueeze(1);
        seen = seen.logical_and(real.unsqueeze(1).unsqueeze(1));
    }
    // The lowest number rather than −∞: a row of nothing else comes out even.
    const auto scores = (at::matmul(queries, keys.transpose(2, 3)).to(at::kFloat) * settings.scale).masked_fill(seen.logical_not(), std::numeric_limits<float>::lowest());
    const auto probabilities = at::softmax(scores, -1).to(q.scalar_type());
    return at::matmul(probabilities, values).transpose(1, 2).contiguous();
}

}  // namespace cpt
