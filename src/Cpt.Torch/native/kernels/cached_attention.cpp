// cpt::cached_attention_(q [b, t, heads, d], k and v [b, t, kv_heads, d], k_cache, v_cache, past, start [b]?, scale) → [b, t, heads, d]
// cpt::rope_cached_attention_(qkv [b, t, heads + 2·kv_heads, d], cos, sin, heads, …) turns q and k by cpt::rope's rotation first.
//
// One step of decoding: puts t new keys and values into the cache behind the `past` ones that are there, and attends to all of them
// causally, grouped heads and left padding as in cpt::attention. For rollouts only: nothing is recorded for gradients.
//
//   k_cache  [b, kv_heads, capacity/8, d, 8]   panels of eight keys, so that scores of eight keys are one vector
//   v_cache  [b, kv_heads, capacity, d]
//
// Both are indexed by the row of the batch first: rows that are finished can be dropped with index_select(0, …).
#include "../optional.h"
#include "attention.h"
#include "autograd_function.h"
#include "rope.h"
#include <vector>

namespace {

using namespace cpt;

struct Problem {
    int64_t t, heads, kv_heads, d, group, capacity, past;
    int64_t q_b, q_t, q_h, k_b, k_t, k_h, v_b, v_t, v_h;  // strides
    const int64_t* start;
    float scale;
};

CPT_VECTOR void unit(const Problem& p, int64_t place, const float* q, const float* k, const float* v, float* k_cache, float* v_cache, float* o,
                     float* scores) {
    const int64_t row = place / p.kv_heads, kv = place % p.kv_heads, count = p.past + p.t;
    float* packed = k_cache + place * p.capacity * p.d;
    float* values = v_cache + place * p.capacity * p.d;
    for (int64_t i = 0; i < p.t; i++) {
        const float* key = k + row * p.k_b + i * p.k_t + kv * p.k_h;
        const float* value = v + row * p.v_b + i * p.v_t + kv * p.v_h;
        const int64_t at = p.past + i;
        float* panel = packed + at / lane_count * lane_count * p.d + at % lane_count;
        for (int64_t c = 0; c < p.d; c++) panel[c * lane_count] = key[c];
        std::memcpy(values + at * p.d, value, static_cast<size_t>(p.d) * sizeof(float));
    }

    // Whole panels of padding are passed over; what is left of it in the first panel is taken out of the row below.
    const int64_t first = p.start == nullptr ? 0 : std::clamp<int64_t>(p.start[row], 0, count), skipped = first / lane_count * lane_count;
    const Keys keys{packed + skipped * p.d, values + skipped * p.d, p.d, count - skipped, p.d};
    const int64_t padding = first - skipped;
    for (int64_t i = 0; i < p.t; i++) {
        const int64_t seen = p.past + i + 1 - skipped, width = round_up(std::max<int64_t>(seen, 1));
        const Left queries{q + row * p.q_b + i * p.q_t + kv * p.group * p.q_h, p.q_h, 1};
        const Out out{o + ((row * p.t + i) * p.heads + kv * p.group) * p.d, p.d};
        if (seen <= padding) {
            for (int64_t head = 0; head < p.group; head++) std::memset(out.data + head * out.row, 0, static_cast<size_t>(p.d) * sizeof(float));
            continue;
        }
        gemm(queries, {keys.packed, lane_count, p.d * lane_count}, {scores, width}, p.group, width, p.d, false);
        for (int64_t head = 0; head < p.group; head++) {
            float* line = scores + head * width;
            for (int64_t j = 0; j < padding; j++) line[j] = -INFINITY;
            softmax_row(line, seen, width, p.scale);
        }
        gemm({scores, width, 1}, {keys.values, p.d, lane_count}, out, p.group, p.d, seen, false);
    }
}

float* scratch(size_t count) {
    thread_local std::vector<float> memory;
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

at::Tensor cached_attention_(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& k_cache, const at::Tensor& v_cache,
                             int64_t past, const OptionalTensor& start, double scale) {
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(1) == k.size(1) && q.size(3) == k.size(3) &&
                    k.size(2) > 0 && q.size(2) % k.size(2) == 0,
                "q is ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes(), "; [batch, time, heads, d] and twice [batch, time, heads or a divisor, d] are needed");
    const auto b = k.size(0), t = k.size(1), kv_heads = k.size(2), d = k.size(3);
    const auto capacity = v_cache.dim() == 4 ? v_cache.size(2) : 0;
    TORCH_CHECK(v_cache.sizes() == at::IntArrayRef({b, kv_heads, capacity, d}) && capacity % lane_count == 0 &&
                    k_cache.sizes() == at::IntArrayRef({b, kv_heads, capacity / lane_count, d, lane_count}) && k_cache.is_contiguous() && v_cache.is_contiguous(),
                "k_cache is ", k_cache.sizes(), " and v_cache ", v_cache.sizes(), "; contiguous [", b, ", ", kv_heads, ", capacity/8, ", d, ", 8] and [", b, ", ",
                kv_heads, ", capacity, ", d, "] are needed");
    TORCH_CHECK(past >= 0 && past + t <= capacity, "the cache has room for ", capacity, " keys; ", past, " are there and ", t, " are to come");
    for (const auto& tensor : {q, k, v, k_cache, v_cache}) TORCH_CHECK(is_cpu_float(tensor), "a tensor is ", tensor.toString(), "; float32 on the CPU is needed");
    TORCH_CHECK(d % lane_count == 0, "the heads are ", d, " wide; a multiple of 8 is needed");
    TORCH_CHECK(!needs_gradient(q, k, v), "decoding records no gradients; call it under no_grad or inference_mode");
    const auto starts = start.has_value() && start->defined() ? start->to(at::kLong).contiguous() : at::Tensor();
    TORCH_CHECK(!starts.defined() || (starts.dim() == 1 && starts.size(0) == b), "start has ", starts.sizes(), "; one number for each row is needed");

    const auto together = [](const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); };
    const auto qs = together(q), ks = together(k), vs = together(v);
    const Problem p{t, q.size(2), kv_heads, d, q.size(2) / kv_heads, capacity, past, qs.stride(0), qs.stride(1), qs.stride(2), ks.stride(0), ks.stride(1),
                    ks.stride(2), vs.stride(0), vs.stride(1), vs.stride(2), starts.defined() ? starts.data_ptr<int64_t>() : nullptr, static_cast<float>(scale)};
    auto o = at::empty(q.sizes(), q.options());
    const float *qp = qs.data_ptr<float>(), *kp = ks.data_ptr<float>(), *vp = vs.data_ptr<float>();
    float *kc = k_cache.data_ptr<float>(), *vc = v_cache.data_ptr<float>(), *op = o.data_ptr<float>();
    // A unit of one new key is a microsecond or less; fewer than this many are not worth waking a thread for.
    const auto grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, t * p.group * d * (past + t) / 2));
    at::parallel_for(0, b * kv_heads, grain, [&](int64_t begin, int64_t end) {
        auto* scores = scratch(static_cast<size_t>(p.group * capacity));
        for (int64_t place = begin; place < end; place++) unit(p, place, qp, kp, vp, kc, vc, op, scores);
    });
    return o;
}

at::Tensor rope_cached_attention_(const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin, int64_t heads, const at::Tensor& k_cache,
                                  const at::Tensor& v_cache, int64_t past, const OptionalTensor& start, double scale) {
    TORCH_CHECK(qkv.dim() == 4 && heads > 0 && qkv.size(2) > heads && (qkv.size(2) - heads) % 2 == 0, "qkv is ", qkv.sizes(), " with ", heads,
                " query heads; [batch, time, heads + 2·kv heads, d] is needed");
    check_rope(qkv, cos, sin);
    TORCH_CHECK(!needs_gradient(qkv), "decoding records no gradients; call it under no_grad or inference_mode");
    TORCH_CHECK(can_rotate(qkv, cos, sin), "qkv is ", qkv.toString(), "; float32 on the CPU is needed");
    const auto kv_heads = (qkv.size(2) - heads) / 2;
    const auto projection = qkv.stride(3) == 1 ? qkv : qkv.contiguous();
    const auto source = projection.narrow(2, 0, heads + kv_heads);
    const auto turned = at::empty(source.sizes(), source.options());
    rotate(source, cos.contiguous(), sin.contiguous(), turned, 1.0f);
    return cached_attention_(turned.narrow(2, 0, heads), turned.narrow(2, heads, kv_heads), projection.narrow(2, heads + kv_heads, kv_heads), k_cache, v_cache,
                             past, start, scale);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def(
        "cached_attention_(Tensor q, Tensor k, Tensor v, Tensor(a!) k_cache, Tensor(b!) v_cache, int past, Tensor? start, float scale) -> Tensor",
        cached_attention_);
    library.def(
        "rope_cached_attention_(Tensor qkv, Tensor cos, Tensor sin, int heads, Tensor(a!) k_cache, Tensor(b!) v_cache, int past, Tensor? start, "
        "float scale) -> Tensor",
        rope_cached_attention_);
}
