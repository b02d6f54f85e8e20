#include "distributed/reducer.h"
#include "guard.h"
#include "handles.h"
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cstring>
#include <deque>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace cpt {

namespace {

// Parts begin where vectors do.
constexpr int64_t kAlignment = 16;

at::Tensor elements(const at::Tensor& parameter) { return parameter.detach().view({-1}); }

}  // namespace

Reducer::Reducer(Group& group, std::vector<at::Tensor> parameters, int64_t bucket_bytes) : group_(group) {
    const int size = group.size(), rank = group.rank();
    slots_.resize(parameters.size());
    for (int i = static_cast<int>(parameters.size()) - 1; i >= 0; i--) {
        auto& parameter = parameters[i];
        TORCH_CHECK(parameter.is_leaf() && parameter.requires_grad(), "parameter ", i, " is no leaf that requires a gradient");
        TORCH_CHECK(parameter.is_contiguous(), "parameter ", i, " of sizes ", parameter.sizes(), " is not contiguous");
        const bool fits = !buckets_.empty() && buckets_.back().used * parameter.element_size() < bucket_bytes &&
                          slots_[buckets_.back().parameters.front()].parameter.scalar_type() == parameter.scalar_type();
        if (!fits) buckets_.emplace_back();
        auto& bucket = buckets_.back();
        auto& slot = slots_[i];
        slot.parameter = parameter;
        slot.bucket = static_cast<int>(buckets_.size()) - 1;
        slot.at = bucket.used;
        bucket.used += parameter.numel();
        bucket.parameters.push_back(i);

        // The hook runs each time something was added to the parameter's gradient, in the thread that computes it.
        slot.accumulator = torch::autograd::impl::grad_accumulator(parameter);
        slot.accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
            [this, i, alive = std::weak_ptr<bool>(alive_)](const torch::autograd::variable_list& outputs, const torch::autograd::variable_list&) {
                if (const auto still = alive.lock()) arrived(i);
                return outputs;
            }));
    }

    for (size_t b = 0; b < buckets_.size(); b++) {
        auto& bucket = buckets_[b];
        bucket.part = (bucket.used + size * kAlignment - 1) / (size * kAlignment) * kAlignment;
        const auto first = rank * bucket.part, end = first + bucket.part;
        for (const int i : bucket.parameters) {
            const auto& slot = slots_[i];
            const auto from = std::max(first, slot.at), to = std::min(end, slot.at + slot.parameter.numel());
            if (from < to) pieces_.push_back({static_cast<int>(b), i, from - slot.at, to - from, from - first});
        }
    }
}

// Hooks cannot be taken back from an accumulator that a graph still holds.
Reducer::~Reducer() {
    const std::lock_guard<std::mutex> lock(mutex_);
    alive_.reset();
}

// Gloo knows no bfloat16, and sums of float16 on a CPU would be rounded at every step.
at::ScalarType Reducer::gradient_type(at::ScalarType parameter) const {
    const bool half = parameter == at::kBFloat16 || parameter == at::kHalf;
    return half && !group_.nccl ? at::kFloat : parameter;
}

at::Tensor Reducer::new_flat(const Bucket& bucket, at::ScalarType type) const {
    const auto& like = slots_[bucket.parameters.front()].parameter;
    auto flat = at::empty({bucket.part * group_.size()}, like.options().dtype(type).requires_grad(false));
    if (bucket.used < flat.numel()) flat.narrow(0, bucket.used, flat.numel() - bucket.used).zero_();
    return flat;
}

// A parameter that is used in several places may get its gradient in several parts, where layers are recomputed one by one. How often was seen in
// the passes before; before the first has ended nothing is summed early.
void Reducer::prepare(bool last) {
    const std::lock_guard<std::mutex> lock(mutex_);
    end_pass();
    in_pass_ = true;
    armed_ = last;
}

void Reducer::end_pass() {
    if (!in_pass_) return;
    for (auto& slot : slots_) {
        slot.due = std::max(slot.due, slot.arrivals);
        slot.arrivals = 0;
    }
    in_pass_ = false;
}

void Reducer::arrived(int parameter) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& slot = slots_[parameter];
    slot.arrivals++;
    if (!armed_ || slot.due == 0 || slot.arrivals < slot.due) return;
    TORCH_CHECK(!buckets_[slot.bucket].begun, "parameter ", parameter, " got a gradient ", slot.arrivals, " times in one backward pass, after its sum over the workers had begun");
    fill(slot, slot.parameter.grad());
    begin_ready(true);
}

// Moves a gradient into its bucket; what was there already is added to.
void Reducer::fill(Slot& slot, const at::Tensor& gradient) {
    const c10::NoGradGuard unrecorded;
    auto& bucket = buckets_[slot.bucket];
    if (!bucket.flat.defined()) bucket.flat = new_flat(bucket, gradient_type(slot.parameter.scalar_type()));
    auto place = bucket.flat.narrow(0, slot.at, slot.parameter.numel());
    if (gradient.defined()) {
        const auto values = gradient.reshape({-1});
        if (slot.filled) place.add_(values);
        else place.copy_(values);
        slot.parameter.mutable_grad().reset();
    } else if (!slot.filled) {
        place.zero_();
    }
    if (!slot.filled) {
        slot.filled = true;
        bucket.filled++;
    }
}

void Reducer::begin_ready(bool during_backward) {
    while (next_ < buckets()) {
        auto& bucket = buckets_[next_];
        if (bucket.filled < static_cast<int>(bucket.parameters.size())) return;
        bucket.pending = group_.reduce_own_part(bucket.flat);
        bucket.begun = true;
        next_++;
        if (during_backward) overlapped_++;
    }
}

void Reducer::finish(uint8_t* used) {
    const c10::NoGradGuard unrecorded;
    std::unique_lock<std::mutex> lock(mutex_);
    end_pass();
    armed_ = false;

    // A parameter that nobody used must stay as it is, as with one process: its moments do not decay either.
    auto flags = at::zeros({static_cast<int64_t>(slots_.size())}, at::kFloat);
    auto* flag = flags.data_ptr<float>();
    for (size_t i = 0; i < slots_.size(); i++) {
        auto& slot = slots_[i];
        if (slot.filled || slot.parameter.grad().defined()) flag[i] = 1;
        if (!slot.filled || slot.parameter.grad().defined()) {
            TORCH_CHECK(!buckets_[slot.bucket].begun, "parameter ", i, " got a gradient after its sum over the workers had begun");
            fill(slot, slot.parameter.grad());
        }
    }
    begin_ready(false);
    if (!slots_.empty()) {
        flags = flags.to(slots_[0].parameter.device());
        group_.all_reduce(flags, CPT_REDUCE_SUM).wait();
        for (auto& bucket : buckets_) bucket.pending.wait();
        flags = flags.cpu();
        flag = flags.data_ptr<float>();
        for (size_t i = 0; i < slots_.size(); i++) used[i] = flag[i] > 0;
    }
    for (auto& slot : slots_) slot.filled = false;
    for (auto& bucket : buckets_) {
        bucket.filled = 0;
        bucket.begun = false;
    }
    next_ = 0;
}

at::Tensor Reducer::part(int bucket) const {
    const auto& of = buckets_.at(bucket);
    TORCH_CHECK(of.flat.defined(), "bucket ", bucket, " has no summed gradients: finish comes first");
    return of.flat.narrow(0, group_.rank() * of.part, of.part);
}

void Reducer::release() {
    for (auto& bucket : buckets_) bucket.flat.reset();
    overlapped_ = 0;
}

// Two buckets are on their way at a time: one is sent while the one before is copied out.
void Reducer::gather() {
    const c10::NoGradGuard unrecorded;
    const int size = group_.size(), rank = group_.rank();
    std::deque<std::tuple<int, at::Tensor, Pending>> running;
    const auto take = [&] {
        auto& [b, flat, pending] = running.front();
        pending.wait();
        const auto& bucket = buckets_[b];
        const auto own = rank * bucket.part, own_end = own + bucket.part;
        for (const int i : bucket.parameters) {
            const auto& slot = slots_[i];
            const auto begin = slot.at, end = slot.at + slot.parameter.numel();
            if (begin >= own && end <= own_end) continue;
            elements(slot.parameter).copy_(flat.narrow(0, begin, end - begin));
        }
        running.pop_front();
    };

    if (size == 1) return;
    size_t piece = 0;
    for (int b = 0; b < buckets(); b++) {
        const auto& bucket = buckets_[b];
        auto flat = new_flat(bucket, slots_[bucket.parameters.front()].parameter.scalar_type());
        auto part = flat.narrow(0, rank * bucket.part, bucket.part);
        // A part that is padding at its end sends zeros there, not what the memory held.
        part.zero_();
        for (; piece < pieces_.size() && pieces_[piece].bucket == b; piece++) {
            const auto& own = pieces_[piece];
            part.narrow(0, own.at, own.length).copy_(elements(slots_[own.parameter].parameter).narrow(0, own.begin, own.length));
        }
        auto input = group_.nccl ? part : part.clone();
        running.emplace_back(b, flat, group_.all_gather(flat, input));
        if (running.size() == 2) take();
    }
    while (!running.empty()) take();
    for (const auto& slot : slots_) slot.parameter.unsafeGetTensorImpl()->bump_version();
}

}  // namespace cpt

using namespace cpt;

namespace {
Reducer& reducer_of(cpt_reducer handle) { return *static_cast<Reducer*>(handle); }
}  // namespace

CPT_API cpt_reducer cpt_reducer_new(cpt_group group, const cpt_tensor* parameters, int count, int64_t bucket_bytes) {
    return guard<cpt_reducer>(nullptr, [&] {
        std::vector<at::Tensor> borrowed;
        for (int i = 0; i < count; i++) borrowed.push_back(borrow(parameters[i]));
        return new Reducer(*static_cast<Group*>(group), std::move(borrowed), bucket_bytes);
    });
}

CPT_API void cpt_reducer_free(cpt_reducer handle) { delete static_cast<Reducer*>(handle); }

CPT_API int cpt_reducer_prepare(cpt_reducer handle, int last) {
    return guard(-1, [&] {
        reducer_of(handle).prepare(last != 0);
        return 0;
    });
}

CPT_API int cpt_reducer_finish(cpt_reducer handle, uint8_t* used) {
    return guard(-1, [&] {
        reducer_of(handle).finish(used);
        return 0;
    });
}

CPT_API int cpt_reducer_buckets(cpt_reducer handle) { return reducer_of(handle).buckets(); }

CPT_API int cpt_reducer_pieces(cpt_reducer handle, int64_t* rows, int capacity) {
    return guard(-1, [&] {
        const auto& pieces = reducer_of(handle).pieces();
        for (size_t i = 0; i < pieces.size() && static_cast<int>(i) < capacity; i++) {
            const auto& piece = pieces[i];
            const int64_t row[] = {piece.bucket, piece.parameter, piece.begin, piece.length, piece.at};
            std::memcpy(rows + i * 5, row, sizeof row);
        }
        return static_cast<int>(pieces.size());
    });
}

CPT_API cpt_tensor cpt_reducer_part(cpt_reducer handle, int bucket) {
    return guard<cpt_tensor>(nullptr, [&] { return give(reducer_of(handle).part(bucket)); });
}

CPT_API int cpt_reducer_release(cpt_reducer handle) {
    return guard(-1, [&] {
        reducer_of(handle).release();
        return 0;
    });
}

CPT_API int cpt_reducer_gather(cpt_reducer handle) {
    return guard(-1, [&] {
        reducer_of(handle).gather();
        return 0;
    });
}

CPT_API int64_t cpt_reducer_part_length(cpt_reducer handle, int bucket) {
    return guard<int64_t>(-1, [&] { return reducer_of(handle).part_length(bucket); });
}

CPT_API int64_t cpt_reducer_offset(cpt_reducer handle, int parameter, int* bucket) {
    return guard<int64_t>(-1, [&] {
        const auto [in, at] = reducer_of(handle).offset(parameter);
        *bucket = in;
        return at;
    });
}

CPT_API int cpt_reducer_overlapped(cpt_reducer handle) { return reducer_of(handle).overlapped(); }
