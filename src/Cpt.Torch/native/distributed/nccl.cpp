// The NCCL backend: collectives between GPUs. Without the headers at build time there is none, and asking for it says so.
#include "distributed/group.h"

#ifdef CPT_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace cpt {

#ifdef CPT_NCCL
c10::intrusive_ptr<Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout) {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

void abort_nccl(Backend& backend) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 6)
    backend.abort();
#else
    (void)backend;
#endif
}
#else
c10::intrusive_ptr<Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>&, int, int, std::chrono::milliseconds) {
    TORCH_CHECK(false, "this shim was built without NCCL: eng/build-shim.sh found no libtorch_cuda.so, or neither nccl.h nor cuda_runtime.h beside it");
}

void abort_nccl(Backend&) {}
#endif

}  // namespace cpt
