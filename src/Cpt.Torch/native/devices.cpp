// Devices that work beside the processor: waiting for them, their memory, and how exactly they compute. Only what libtorch offers for every
// kind of device is used, so that the shim needs no CUDA headers; a question that an older libtorch cannot answer is answered with zeros.
#include "cpt_torch.h"
#include "guard.h"
#include <ATen/Context.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/version.h>

#define CPT_TORCH_FROM(major, minor) (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

// The allocators' common interface came with 2.9.
#define CPT_DEVICE_MEMORY CPT_TORCH_FROM(2, 9)
#if CPT_DEVICE_MEMORY
#include <c10/core/CachingDeviceAllocator.h>
#endif

using namespace cpt;

namespace {

c10::Device whole(int type, int index) {
    const auto kind = static_cast<c10::DeviceType>(type);
    return index >= 0 ? c10::Device(kind, static_cast<c10::DeviceIndex>(index)) : c10::impl::getDeviceGuardImpl(kind)->getDevice();
}

#if CPT_DEVICE_MEMORY
// Null before the device was first used.
c10::DeviceAllocator* allocator_of(int type) {
    auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(static_cast<c10::DeviceType>(type)));
    return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}
#endif

}  // namespace

CPT_API int cpt_device_synchronize(int device_type, int device_index) {
    return guard(-1, [&] {
        const auto* device = c10::impl::getDeviceGuardImpl(static_cast<c10::DeviceType>(device_type));
        device->synchronizeStream(device->getStream(whole(device_type, device_index)));
        return 0;
    });
}

CPT_API int cpt_device_set(int device_type, int device_index) {
    return guard(-1, [&] {
        const auto* device = c10::impl::getDeviceGuardImpl(static_cast<c10::DeviceType>(device_type));
        TORCH_CHECK(device_index >= 0 && device_index < device->deviceCount(), "there is no device ", device_index, "; ", static_cast<int>(device->deviceCount()),
                    " are visible, numbered from 0");
        device->setDevice(whole(device_type, device_index));
        return 0;
    });
}

// bytes: in tensors now, in tensors at most, taken from the device now, taken at most.
CPT_API int cpt_device_memory(int device_type, int device_index, int64_t* bytes) {
    return guard(-1, [&] {
        for (int i = 0; i < 4; i++) bytes[i] = 0;
#if CPT_DEVICE_MEMORY
        if (auto* allocator = allocator_of(device_type)) {
            const auto stats = allocator->getDeviceStats(whole(device_type, device_index).index());
            // Entry 0 of each statistic counts small and large blocks together.
            bytes[0] = stats.allocated_bytes[0].current;
            bytes[1] = stats.allocated_bytes[0].peak;
            bytes[2] = stats.reserved_bytes[0].current;
            bytes[3] = stats.reserved_bytes[0].peak;
        }
#else
        (void)device_type, (void)device_index;
#endif
        return 0;
    });
}

CPT_API int cpt_device_memory_reset_peak(int device_type, int device_index) {
    return guard(-1, [&] {
#if CPT_DEVICE_MEMORY
        if (auto* allocator = allocator_of(device_type)) allocator->resetPeakStats(whole(device_type, device_index).index());
#else
        (void)device_type, (void)device_index;
#endif
        return 0;
    });
}

// Gives cached, unused memory back, so that another process can have it.
CPT_API int cpt_device_memory_release(int device_type) {
    return guard(-1, [&] {
#if CPT_DEVICE_MEMORY
        if (auto* allocator = allocator_of(device_type)) allocator->emptyCache();
#else
        (void)device_type;
#endif
        return 0;
    });
}

// TF32 keeps 10 of float32's 23 bits in products.
CPT_API int cpt_allow_tf32(int on) {
    return guard(-1, [&] {
        at::globalContext().setAllowTF32CuBLAS(on != 0);
        at::globalContext().setAllowTF32CuDNN(on != 0);
        return 0;
    });
}

CPT_API int cpt_deterministic(int on, int warn_only) {
    return guard(-1, [&] {
        auto& context = at::globalContext();
        context.setDeterministicAlgorithms(on != 0, warn_only != 0);
#if CPT_TORCH_FROM(2, 2)
        // It would fill what is about to be overwritten anyway.
        context.setDeterministicFillUninitializedMemory(false);
#endif
#if CPT_TORCH_FROM(2, 5)
        // cuDNN's attention promises no order of its sums.
        context.setSDPUseCuDNN(on == 0);
#endif
        return 0;
    });
}
