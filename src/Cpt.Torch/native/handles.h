// A cpt_tensor is a TensorImpl* that owns one reference. borrow() adds a reference for the time of a call, give() hands one out.
#pragma once
#include "cpt_torch.h"
#include <ATen/core/Tensor.h>
#include <atomic>

namespace cpt {

extern std::atomic<int64_t> live_handles;

inline at::Tensor borrow(cpt_tensor handle) {
    if (handle == nullptr) return at::Tensor();
    return at::Tensor(c10::intrusive_ptr<at::TensorImpl>::reclaim_copy(static_cast<at::TensorImpl*>(handle)));
}

inline cpt_tensor give(at::Tensor&& tensor) {
    if (!tensor.defined()) return nullptr;
    live_handles.fetch_add(1, std::memory_order_relaxed);
    return tensor.unsafeReleaseTensorImpl();
}

}  // namespace cpt
