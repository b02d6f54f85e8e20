// Random streams: the process-wide one and any number of one's own, each with a state that can be saved and put back.
#include "guard.h"
#include "handles.h"
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <mutex>

using namespace cpt;

namespace {

at::Generator generator_or_default(cpt_generator handle) {
    return handle != nullptr ? *static_cast<at::Generator*>(handle) : at::detail::getDefaultCPUGenerator();
}

}  // namespace

CPT_API int cpt_manual_seed(uint64_t seed) {
    return guard(-1, [&] {
        at::manual_seed(seed);
        return 0;
    });
}

CPT_API cpt_generator cpt_generator_new(int device_type, int device_index, uint64_t seed) {
    return guard<cpt_generator>(nullptr, [&] {
        const c10::Device device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
        auto made = device.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>(seed)
                                    : at::globalContext().defaultGenerator(device).clone();
        made.set_current_seed(seed);
        return new at::Generator(std::move(made));
    });
}

CPT_API void cpt_generator_free(cpt_generator handle) { delete static_cast<at::Generator*>(handle); }

CPT_API int cpt_generator_seed(cpt_generator handle, uint64_t seed) {
    return guard(-1, [&] {
        auto generator = generator_or_default(handle);
        const std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_current_seed(seed);
        return 0;
    });
}

CPT_API cpt_tensor cpt_generator_state(cpt_generator handle) {
    return guard<cpt_tensor>(nullptr, [&] {
        auto generator = generator_or_default(handle);
        const std::lock_guard<std::mutex> lock(generator.mutex());
        return give(generator.get_state());
    });
}

CPT_API int cpt_generator_set_state(cpt_generator handle, cpt_tensor state) {
    return guard(-1, [&] {
        auto generator = generator_or_default(handle);
        const std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(borrow(state));
        return 0;
    });
}
