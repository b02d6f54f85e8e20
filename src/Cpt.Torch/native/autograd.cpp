// Gradients and the thread-local modes: grad mode, inference mode, autocast.
#include "guard.h"
#include "handles.h"
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#define CPT_AUTOCAST_BY_DEVICE (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

using namespace cpt;
using torch::autograd::variable_list;

CPT_API int cpt_requires_grad(cpt_tensor handle, int on) {
    return guard(-1, [&] {
        auto tensor = borrow(handle);
        if (on >= 0) tensor.requires_grad_(on != 0);
        return static_cast<int>(tensor.requires_grad());
    });
}

CPT_API int cpt_is_leaf(cpt_tensor handle) {
    return guard(-1, [&] { return static_cast<int>(borrow(handle).is_leaf()); });
}

CPT_API int cpt_grad(cpt_tensor handle, cpt_tensor* grad) {
    return guard(-1, [&] {
        auto held = borrow(handle).grad();
        *grad = give(std::move(held));
        return 0;
    });
}

CPT_API int cpt_set_grad(cpt_tensor handle, cpt_tensor grad) {
    return guard(-1, [&] {
        borrow(handle).mutable_grad() = borrow(grad);
        return 0;
    });
}

CPT_API int cpt_backward(cpt_tensor handle, cpt_tensor gradient, int retain_graph) {
    return guard(-1, [&] {
        variable_list gradients;
        if (gradient != nullptr) gradients.push_back(borrow(gradient));
        torch::autograd::backward({borrow(handle)}, gradients, retain_graph != 0, false);
        return 0;
    });
}

// An input that the outputs do not depend on gets NULL.
CPT_API int cpt_autograd_grad(const cpt_tensor* outputs, int output_count, const cpt_tensor* inputs, int input_count,
                              cpt_tensor* gradients, int retain_graph, int create_graph) {
    return guard(-1, [&] {
        variable_list from, to;
        for (int i = 0; i < output_count; i++) from.push_back(borrow(outputs[i]));
        for (int i = 0; i < input_count; i++) to.push_back(borrow(inputs[i]));
        auto found = torch::autograd::grad(from, to, {}, retain_graph != 0, create_graph != 0, /*allow_unused=*/true);
        for (int i = 0; i < input_count; i++) gradients[i] = give(std::move(found[i]));
        return 0;
    });
}

CPT_API int cpt_grad_mode(int on) {
    const bool before = c10::GradMode::is_enabled();
    if (on >= 0) c10::GradMode::set_enabled(on != 0);
    return before;
}

CPT_API void* cpt_inference_enter(void) {
    return guard<void*>(nullptr, [&] { return new c10::InferenceMode(true); });
}

CPT_API void cpt_inference_exit(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

CPT_API int cpt_autocast(int device_type, int on, int dtype) {
    return guard(-1, [&] {
        const auto device = static_cast<c10::DeviceType>(device_type);
#if CPT_AUTOCAST_BY_DEVICE
        const bool before = at::autocast::is_autocast_enabled(device);
        at::autocast::set_autocast_enabled(device, on != 0);
        if (dtype >= 0) at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(dtype));
#else
        const bool cpu = device == c10::DeviceType::CPU;
        const bool before = cpu ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
        if (cpu) {
            at::autocast::set_cpu_enabled(on != 0);
            if (dtype >= 0) at::autocast::set_autocast_cpu_dtype(static_cast<at::ScalarType>(dtype));
        } else {
            at::autocast::set_enabled(on != 0);
            if (dtype >= 0) at::autocast::set_autocast_gpu_dtype(static_cast<at::ScalarType>(dtype));
        }
#endif
        return static_cast<int>(before);
    });
}

CPT_API int cpt_autocast_dtype(int device_type) {
    return guard(-1, [&] {
        const auto device = static_cast<c10::DeviceType>(device_type);
#if CPT_AUTOCAST_BY_DEVICE
        return static_cast<int>(at::autocast::get_autocast_dtype(device));
#else
        return static_cast<int>(device == c10::DeviceType::CPU ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype());
#endif
    });
}

CPT_API void cpt_autocast_clear_cache(void) { at::autocast::clear_cache(); }
