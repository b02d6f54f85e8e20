// Scaled dot-product attention in the layout the projections give, with grouped heads (query head h reads k/v head h / (heads/kv_heads)),
// without copying, expanding or transposing anything in between.
//
//   cpt::attention(q [b, t, heads, d], k and v [b, s, kv_heads, d], start [b]?, scale, causal) → [b, t, heads, d]
//   cpt::rope_attention(qkv [b, t, heads + 2·kv_heads, d], cos, sin, heads, start [b]?, scale) → [b, t, heads, d]
//
// With `causal`, query i sees keys up to i + s − t. `start` names each row's first real key: the length of its left padding. A query inside
// the padding may see nothing; it gets the mean of all values, as from a softmax over equal scores, so that logits agree with Hugging
// Face's eager attention at every position.
//
// The second form begins with one projection of q, k and v, turns q and k by cpt::rope's rotation, and is causal over the same positions.
// Its gradient comes as one tensor too, ready for the projection's backward pass.
#include "attention_passes.h"
#include "autograd_function.h"
#include "rope.h"

namespace {

using namespace cpt;

at::Tensor together(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

struct Attention : torch::autograd::Function<Attention> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionSettings& settings) {
        at::Tensor normaliser;
        auto o = attention_forward(q, k, v, settings, &normaliser);
        context->save_for_backward({q, k, v, settings.start, o, normaliser});
        context->saved_data["scale"] = settings.scale;
        context->saved_data["causal"] = settings.causal;
        return o;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::attention");
        const auto saved = context->get_saved_variables();
        const auto &q = saved[0], &k = saved[1], &v = saved[2];
        const AttentionSettings settings{saved[3], context->saved_data["scale"].toDouble(), context->saved_data["causal"].toBool()};
        auto dq = at::empty(q.sizes(), q.options()), dk = at::zeros(k.sizes(), k.options()), dv = at::zeros(v.sizes(), v.options());
        attention_backward(q, k, v, settings, saved[4], saved[5], gradients[0].contiguous(), dq, dk, dv);
        return {dq, dk, dv, at::Tensor()};
    }
};

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& start, double scale, bool causal) {
    const auto settings = check_attention(q, k, v, start, scale, causal);
    if (!can_attend(q, k, v)) return attention_composite(q, k, v, settings);
    const auto qs = together(q), ks = together(k), vs = together(v);
    return needs_gradient(qs, ks, vs) ? Attention::apply(qs, ks, vs, settings) : attention_forward(qs, ks, vs, settings, nullptr);
}

// The parts of [b, t, heads + 2·kv_heads, d].
struct Parts {
    at::Tensor q, k, v;

    static Parts of(const at::Tensor& turned, const at::Tensor& qkv, int64_t heads) {
        const auto kv_heads = (qkv.size(2) - heads) / 2;
        return {turned.narrow(2, 0, heads), turned.narrow(2, heads, kv_heads), qkv.narrow(2, heads + kv_heads, kv_heads)};
    }
};

// q and k turned, in memory of their own: [b, t, heads + kv_heads, d].
at::Tensor turn(const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin, int64_t heads) {
    const auto source = qkv.narrow(2, 0, (qkv.size(2) + heads) / 2);
    auto turned = at::empty(source.sizes(), qkv.options());
    rotate(source, cos, sin, turned, 1.0f);
    return turned;
}

struct RopeAttention : torch::autograd::Function<RopeAttention> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
                              const AttentionSettings& settings) {
        const auto turned = turn(qkv, cos, sin, heads);
        const auto parts = Parts::of(turned, qkv, heads);
        at::Tensor normaliser;
        auto o = attention_forward(parts.q, parts.k, parts.v, settings, &normaliser);
        context->save_for_backward({qkv, cos, sin, turned, settings.start, o, normaliser});
        context->saved_data["heads"] = heads;
        context->saved_data["scale"] = settings.scale;
        return o;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("cpt::rope_attention");
        const auto saved = context->get_saved_variables();
        const auto &qkv = saved[0], &turned = saved[3];
        const auto heads = context->saved_data["heads"].toInt();
        const auto parts = Parts::of(turned, qkv, heads);
        const auto d_qkv = at::zeros(qkv.sizes(), qkv.options());
        const auto slopes = Parts::of(d_qkv, d_qkv, heads);
        attention_backward(parts.q, parts.k, parts.v, {saved[4], context->saved_data["scale"].toDouble(), true}, saved[5], saved[6],
                           gradients[0].contiguous(), slopes.q, slopes.k, slopes.v);
        const auto source = d_qkv.narrow(2, 0, (qkv.size(2) + heads) / 2);
        rotate(source, saved[1], saved[2], source, -1.0f);
        return {d_qkv, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

at::Tensor rope_attention(const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin, int64_t heads, const OptionalTensor& start, double scale) {
    TORCH_CHECK(qkv.dim() == 4 && heads > 0 && qkv.size(2) > heads && (qkv.size(2) - heads) % 2 == 0, "qkv is ", qkv.sizes(), " with ", heads,
                " query heads; [batch, time, heads + 2·kv heads, d] is needed");
    check_rope(qkv, cos, sin);
    auto parts = Parts::of(qkv, qkv, heads);
    const auto settings = check_attention(parts.q, parts.k, parts.v, start, scale, true);
    if (!can_attend(parts.q, parts.k, parts.v) || !can_rotate(qkv, cos, sin)) {
        const auto turned = rope_composite(qkv.narrow(2, 0, (qkv.size(2) + heads) / 2), cos, sin);
        parts = Parts::of(turned, qkv, heads);
        return attention_composite(parts.q, parts.k, parts.v, settings);
    }
    const auto projection = together(qkv), c = cos.contiguous(), s = sin.contiguous();
    if (needs_gradient(projection)) return RopeAttention::apply(projection, c, s, heads, settings);
    parts = Parts::of(turn(projection, c, s, heads), projection, heads);
    return attention_forward(parts.q, parts.k, parts.v, settings, nullptr);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(cpt, library) {
    library.def("attention(Tensor q, Tensor k, Tensor v, Tensor? start, float scale, bool causal=True) -> Tensor", attention);
    library.def("rope_attention(Tensor qkv, Tensor cos, Tensor sin, int heads, Tensor? start, float scale) -> Tensor", rope_attention);
}
