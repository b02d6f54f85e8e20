// The Gloo backend: collectives over TCP for tensors in host memory.
#define USE_C10D_GLOO
#include "distributed/group.h"
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

namespace cpt {

c10::intrusive_ptr<Backend> make_gloo(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout, const std::string& interface) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    // Without a name, the address that this machine's own name stands for: in a pod, the pod's.
    options->devices.push_back(interface.empty() ? c10d::ProcessGroupGloo::createDefaultDevice() : c10d::ProcessGroupGloo::createDeviceForInterface(interface));
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
}

}  // namespace cpt
