// Tensors as handles: making them from memory, asking their shape, copying data in and out.
#include "guard.h"
#include "handles.h"
#include <ATen/ATen.h>
#include <cstring>

namespace cpt {
std::atomic<int64_t> live_handles{0};
}

using namespace cpt;

namespace {

at::TensorImpl* impl(cpt_tensor handle) { return static_cast<at::TensorImpl*>(handle); }

int copy_extents(at::IntArrayRef from, int64_t* to, int capacity) {
    TORCH_CHECK(static_cast<int>(from.size()) <= capacity, from.size(), " dimensions, room for ", capacity);
    std::copy(from.begin(), from.end(), to);
    return static_cast<int>(from.size());
}

}  // namespace

// Without data the memory is uninitialised.
CPT_API cpt_tensor cpt_tensor_new(const void* data, int64_t bytes, const int64_t* sizes, int dim, int dtype) {
    return guard<cpt_tensor>(nullptr, [&] {
        auto tensor = at::empty(at::IntArrayRef(sizes, dim), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
        if (data != nullptr) {
            const auto needed = static_cast<int64_t>(tensor.nbytes());
            TORCH_CHECK(bytes == needed, "the data has ", bytes, " bytes, the shape ", at::IntArrayRef(sizes, dim), " needs ", needed);
            if (bytes > 0) std::memcpy(tensor.data_ptr(), data, static_cast<size_t>(bytes));
        }
        return give(std::move(tensor));
    });
}

// The memory stays the caller's and must outlive every view of the tensor.
CPT_API cpt_tensor cpt_tensor_from_blob(void* data, const int64_t* sizes, int dim, int dtype) {
    return guard<cpt_tensor>(nullptr, [&] {
        return give(at::from_blob(data, at::IntArrayRef(sizes, dim), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype))));
    });
}

CPT_API void cpt_tensor_free(cpt_tensor handle) {
    if (handle == nullptr) return;
    live_handles.fetch_sub(1, std::memory_order_relaxed);
    guard(0, [&] {
        auto last = c10::intrusive_ptr<at::TensorImpl>::reclaim(impl(handle));
        return 0;
    });
}

CPT_API void cpt_tensor_free_many(const cpt_tensor* handles, int count) {
    for (int i = 0; i < count; i++) cpt_tensor_free(handles[i]);
}

CPT_API cpt_tensor cpt_tensor_share(cpt_tensor handle) { return give(borrow(handle)); }

CPT_API int cpt_tensor_dim(cpt_tensor handle) {
    return guard(-1, [&] { return static_cast<int>(impl(handle)->dim()); });
}

CPT_API int cpt_tensor_sizes(cpt_tensor handle, int64_t* sizes, int capacity) {
    return guard(-1, [&] { return copy_extents(impl(handle)->sizes(), sizes, capacity); });
}

CPT_API int cpt_tensor_strides(cpt_tensor handle, int64_t* strides, int capacity) {
    return guard(-1, [&] { return copy_extents(impl(handle)->strides(), strides, capacity); });
}

CPT_API int64_t cpt_tensor_numel(cpt_tensor handle) {
    return guard<int64_t>(-1, [&] { return impl(handle)->numel(); });
}

CPT_API int cpt_tensor_dtype(cpt_tensor handle) {
    return guard(-1, [&] { return static_cast<int>(borrow(handle).scalar_type()); });
}

CPT_API int cpt_tensor_device(cpt_tensor handle, int* index) {
    return guard(-1, [&] {
        const auto device = impl(handle)->device();
        *index = device.index();
        return static_cast<int>(device.type());
    });
}

CPT_API int cpt_tensor_is_contiguous(cpt_tensor handle) {
    return guard(-1, [&] { return static_cast<int>(impl(handle)->is_contiguous()); });
}

CPT_API void* cpt_tensor_data(cpt_tensor handle) {
    return guard<void*>(nullptr, [&] { return borrow(handle).data_ptr(); });
}

CPT_API int cpt_tensor_item(cpt_tensor handle, cpt_value* out) {
    return guard(-1, [&] {
        const auto scalar = borrow(handle).item();
        out->length = 0;
        if (scalar.isBoolean()) {
            out->tag = CPT_BOOL;
            out->as.i = scalar.toBool();
        } else if (scalar.isIntegral(false)) {
            out->tag = CPT_INT;
            out->as.i = scalar.toLong();
        } else {
            out->tag = CPT_DOUBLE;
            out->as.d = scalar.toDouble();
        }
        return 0;
    });
}

CPT_API int cpt_tensor_read(cpt_tensor handle, void* destination, int64_t bytes) {
    return guard(-1, [&] {
        at::NoGradGuard no_grad;
        const auto tensor = borrow(handle).cpu().contiguous();
        const auto held = static_cast<int64_t>(tensor.nbytes());
        TORCH_CHECK(bytes == held, "the tensor holds ", held, " bytes, the destination ", bytes);
        if (bytes > 0) std::memcpy(destination, tensor.data_ptr(), static_cast<size_t>(bytes));
        return 0;
    });
}

CPT_API int cpt_tensor_write(cpt_tensor handle, const void* source, int64_t bytes) {
    return guard(-1, [&] {
        at::NoGradGuard no_grad;
        auto tensor = borrow(handle);
        const auto needed = static_cast<int64_t>(tensor.numel() * tensor.element_size());
        TORCH_CHECK(bytes == needed, "the tensor needs ", needed, " bytes, the source has ", bytes);
        // copy_ takes care of strides and devices and bumps the version that autograd checks.
        tensor.copy_(at::from_blob(const_cast<void*>(source), tensor.sizes(), tensor.options().device(at::kCPU)));
        return 0;
    });
}

CPT_API int64_t cpt_tensor_live(void) { return live_handles.load(); }
