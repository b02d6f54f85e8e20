// A process group of c10d and what is the same for all of its backends. Gloo is in every libtorch; NCCL is compiled in where the build found its
// headers (eng/build-shim.sh defines CPT_NCCL).
#pragma once
#include "cpt_torch.h"
#include <ATen/ATen.h>
#include <chrono>
#include <functional>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif

namespace cpt {

#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif
using WorkPtr = c10::intrusive_ptr<c10d::Work>;

// A running collective, and what is left to do in the waiting thread once it has ended.
struct Pending {
    WorkPtr work;
    std::function<void()> finish;

    void wait() {
        if (work == nullptr) return;
        // Gloo tells a broken connection by an exception, an aborted one by false.
        TORCH_CHECK(work->wait(), "the collective was aborted");
        if (finish) finish();
        work.reset();
        finish = nullptr;
    }
};

struct Group {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<Backend> backend;
    bool nccl = false;

    int rank() const { return backend->getRank(); }
    int size() const { return backend->getSize(); }

    Pending all_reduce(at::Tensor tensor, int op) const;
    Pending broadcast(at::Tensor tensor, int root) const;
    // output: size() times as long as input, dimension 0 first.
    Pending all_gather(at::Tensor output, at::Tensor input) const;
    Pending reduce_scatter(at::Tensor output, at::Tensor input, int op) const;
    // Sums [size() · n] elements over all processes; afterwards the rank-th n of them are right, and the others are nobody's business.
    Pending reduce_own_part(at::Tensor whole) const;
    Pending barrier() const;
};

c10::intrusive_ptr<Backend> make_gloo(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout, const std::string& interface);
c10::intrusive_ptr<Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout);
void abort_nccl(Backend& backend);

}  // namespace cpt
