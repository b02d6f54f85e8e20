// The library as a whole: its version, its settings, its threads.
#include "guard.h"
#include "cpt_torch.h"
#include <ATen/Config.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/version.h>

using namespace cpt;

// Resolved from the OpenMP library that libtorch itself brings along; a libtorch with another thread pool has none.
extern "C" void omp_set_num_threads(int) __attribute__((weak));

CPT_API int cpt_abi(void) { return CPT_ABI; }
CPT_API const char* cpt_last_error(void) { return last_error().c_str(); }
CPT_API const char* cpt_version(void) { return TORCH_VERSION; }

CPT_API const char* cpt_config(void) {
    return guard<const char*>("", [] {
        thread_local std::string text;
        text = at::show_config() + "\n" + at::get_parallel_info();
        return text.c_str();
    });
}

// Not by at::set_num_threads: from then on every new thread that computes would throw XNNPACK's thread pool away and start another, whose
// threads spin for a million rounds before they sleep. That was a third of a rollout's processor time.
CPT_API int cpt_set_num_threads(int count) {
    return guard(-1, [&] {
        // Asking first makes libtorch set this thread up; it would otherwise overwrite the count at its first parallel loop. The shim's own loops have a flag of
        // their own for the same, since the function that holds it is inline.
        const int before = at::get_num_threads();
        at::internal::lazy_init_num_threads();
        TORCH_CHECK(count > 0, "a thread count of ", count, "; at least 1 is needed");
        if (omp_set_num_threads != nullptr) omp_set_num_threads(count);
        else at::set_num_threads(count);
        return before;
    });
}

CPT_API int cpt_get_num_threads(void) {
    return guard(-1, [] { return at::get_num_threads(); });
}

CPT_API int cpt_set_flush_denormal(int on) {
    return guard(-1, [&] { return static_cast<int>(at::globalContext().setFlushDenormal(on != 0)); });
}

CPT_API int cpt_device_count(int device_type) {
    return guard(-1, [&] {
        const auto device = static_cast<c10::DeviceType>(device_type);
        if (device == c10::DeviceType::CPU) return 1;
        return c10::impl::hasDeviceGuardImpl(device) ? static_cast<int>(c10::impl::getDeviceGuardImpl(device)->deviceCount()) : 0;
    });
}
