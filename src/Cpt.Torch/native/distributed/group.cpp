// Stores, process groups and collectives as C functions. Every collective is begun by all processes of its group in the same order; what is returned
// is waited for once.
#include "distributed/group.h"
#include "guard.h"
#include "handles.h"
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace cpt {

namespace {

c10d::ReduceOp::RedOpType operation(int op) {
    switch (op) {
        case CPT_REDUCE_SUM: return c10d::ReduceOp::SUM;
        case CPT_REDUCE_MIN: return c10d::ReduceOp::MIN;
        case CPT_REDUCE_MAX: return c10d::ReduceOp::MAX;
        default: TORCH_CHECK(false, op, " is no reduction");
    }
}

// What is only moved may be moved as bytes: Gloo knows fewer element types than libtorch.
at::Tensor as_bytes(const at::Tensor& tensor) {
    TORCH_CHECK(tensor.is_contiguous(), "a collective needs a contiguous tensor; this one has sizes ", tensor.sizes(), " and strides ", tensor.strides());
    return tensor.reshape({-1}).view(at::kByte);
}

at::Tensor flat(const at::Tensor& tensor) {
    TORCH_CHECK(tensor.is_contiguous(), "a collective needs a contiguous tensor; this one has sizes ", tensor.sizes(), " and strides ", tensor.strides());
    return tensor.reshape({-1});
}

}  // namespace

Pending Group::all_reduce(at::Tensor tensor, int op) const {
    c10d::AllreduceOptions options;
    options.reduceOp = operation(op);
    std::vector<at::Tensor> tensors{flat(tensor)};
    return {backend->allreduce(tensors, options), nullptr};
}

Pending Group::broadcast(at::Tensor tensor, int root) const {
    c10d::BroadcastOptions options;
    options.rootRank = root;
    std::vector<at::Tensor> tensors{as_bytes(tensor)};
    return {backend->broadcast(tensors, options), nullptr};
}

Pending Group::all_gather(at::Tensor output, at::Tensor input) const {
    TORCH_CHECK(output.numel() == input.numel() * size() && output.scalar_type() == input.scalar_type(), "the gathered tensor has ", output.numel(), " elements of ",
                output.scalar_type(), "; ", input.numel() * size(), " of ", input.scalar_type(), " come");
    auto to = as_bytes(output), from = as_bytes(input);
    if (nccl) return {backend->_allgather_base(to, from), nullptr};
    std::vector<std::vector<at::Tensor>> outputs{to.chunk(size())};
    std::vector<at::Tensor> inputs{from};
    return {backend->allgather(outputs, inputs), nullptr};
}

Pending Group::reduce_scatter(at::Tensor output, at::Tensor input, int op) const {
    TORCH_CHECK(input.numel() == output.numel() * size() && output.scalar_type() == input.scalar_type(), "the scattered tensor has ", input.numel(), " elements of ",
                input.scalar_type(), "; ", output.numel() * size(), " of ", output.scalar_type(), " are needed");
    auto to = flat(output), from = flat(input);
    if (nccl) {
        c10d::ReduceScatterOptions options;
        options.reduceOp = operation(op);
        return {backend->_reduce_scatter_base(to, from, options), nullptr};
    }
    // Gloo has none of its own: everybody reduces everything and keeps a part.
    auto whole = from.clone();
    auto pending = all_reduce(whole, op);
    pending.finish = [to, whole, at = rank() * output.numel()]() mutable { to.copy_(whole.narrow(0, at, to.numel())); };
    return pending;
}

Pending Group::reduce_own_part(at::Tensor whole) const {
    if (!nccl) return all_reduce(whole, CPT_REDUCE_SUM);
    const auto part = whole.numel() / size();
    auto own = whole.narrow(0, rank() * part, part);
    return {backend->_reduce_scatter_base(own, whole), nullptr};
}

Pending Group::barrier() const { return {backend->barrier(), nullptr}; }

}  // namespace cpt

using namespace cpt;

namespace {

using StorePtr = c10::intrusive_ptr<c10d::TCPStore>;

StorePtr& store_of(cpt_store handle) { return *static_cast<StorePtr*>(handle); }
Group& group_of(cpt_group handle) { return *static_cast<Group*>(handle); }

template <class Begin>
cpt_work begin(Begin&& body) {
    return guard<cpt_work>(nullptr, [&] { return new Pending(body()); });
}

}  // namespace

CPT_API cpt_store cpt_store_new(const char* host, int port, int size, int is_server, int64_t timeout_ms) {
    return guard<cpt_store>(nullptr, [&] {
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = is_server != 0;
        options.numWorkers = static_cast<size_t>(size);
        // Whoever asks for a key waits for it, so nobody need wait for everybody here.
        options.waitWorkers = false;
        options.timeout = std::chrono::milliseconds(timeout_ms);
        auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
        store->setTimeout(options.timeout);
        return new StorePtr(std::move(store));
    });
}

CPT_API int cpt_store_port(cpt_store handle) { return store_of(handle)->getPort(); }

CPT_API void cpt_store_free(cpt_store handle) { delete static_cast<StorePtr*>(handle); }

CPT_API int cpt_store_set(cpt_store handle, const char* key, const void* value, int length) {
    return guard(-1, [&] {
        const auto* bytes = static_cast<const uint8_t*>(value);
        store_of(handle)->set(key, std::vector<uint8_t>(bytes, bytes + length));
        return 0;
    });
}

// Waits until somebody has set the key. Returns the length; a buffer that is too small is left alone.
CPT_API int cpt_store_get(cpt_store handle, const char* key, void* buffer, int capacity) {
    return guard(-1, [&] {
        const auto value = store_of(handle)->get(key);
        if (static_cast<int>(value.size()) <= capacity && !value.empty()) std::memcpy(buffer, value.data(), value.size());
        return static_cast<int>(value.size());
    });
}

CPT_API int64_t cpt_store_add(cpt_store handle, const char* key, int64_t amount) {
    return guard<int64_t>(-1, [&] { return store_of(handle)->add(key, amount); });
}

CPT_API int cpt_has_nccl(void) {
#ifdef CPT_NCCL
    return 1;
#else
    return 0;
#endif
}

CPT_API cpt_group cpt_group_new(cpt_store handle, const char* name, int nccl, int rank, int size, int64_t timeout_ms, const char* interface) {
    return guard<cpt_group>(nullptr, [&] {
        const std::chrono::milliseconds timeout(timeout_ms);
        auto group = std::make_unique<Group>();
        // Two groups over one store must not read each other's keys.
        group->store = c10::make_intrusive<c10d::PrefixStore>(name, store_of(handle));
        group->nccl = nccl != 0;
        group->backend = nccl != 0 ? make_nccl(group->store, rank, size, timeout) : make_gloo(group->store, rank, size, timeout, interface);
        return group.release();
    });
}

CPT_API void cpt_group_free(cpt_group handle) { delete static_cast<Group*>(handle); }

CPT_API int cpt_group_abort(cpt_group handle) {
    return guard(-1, [&] {
        auto& group = group_of(handle);
        if (group.nccl) abort_nccl(*group.backend);
        return 0;
    });
}

CPT_API cpt_work cpt_all_reduce(cpt_group group, cpt_tensor tensor, int op) {
    return begin([&] { return group_of(group).all_reduce(borrow(tensor), op); });
}

CPT_API cpt_work cpt_broadcast(cpt_group group, cpt_tensor tensor, int root) {
    return begin([&] { return group_of(group).broadcast(borrow(tensor), root); });
}

CPT_API cpt_work cpt_all_gather(cpt_group group, cpt_tensor output, cpt_tensor input) {
    return begin([&] { return group_of(group).all_gather(borrow(output), borrow(input)); });
}

CPT_API cpt_work cpt_reduce_scatter(cpt_group group, cpt_tensor output, cpt_tensor input, int op) {
    return begin([&] { return group_of(group).reduce_scatter(borrow(output), borrow(input), op); });
}

CPT_API cpt_work cpt_barrier(cpt_group group) {
    return begin([&] { return group_of(group).barrier(); });
}

CPT_API int cpt_work_wait(cpt_work work) {
    return guard(-1, [&] {
        static_cast<Pending*>(work)->wait();
        return 0;
    });
}

CPT_API int cpt_work_is_completed(cpt_work work) {
    return guard(-1, [&] {
        const auto& pending = *static_cast<Pending*>(work);
        return pending.work == nullptr || pending.work->isCompleted() ? 1 : 0;
    });
}

CPT_API void cpt_work_free(cpt_work work) { delete static_cast<Pending*>(work); }
