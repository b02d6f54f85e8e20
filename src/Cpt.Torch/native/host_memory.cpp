// Bytes of tensors in the host's memory, now and at most: what libtorch counts for its devices, and not for the CPU. The counter stands before the allocator that is
// there and is put in place when somebody first asks; memory that was given out before is not counted.
#include "cpt_torch.h"
#include "guard.h"
#include <atomic>
#include <c10/core/CPUAllocator.h>
#include <cstring>
#include <mutex>
#include <unordered_map>

using namespace cpt;

namespace {

std::atomic<int64_t> held{0}, most{0};

// Never destroyed: tensors outlive the statics of a process that ends.
auto& mutex = *new std::mutex;
auto& sizes = *new std::unordered_map<void*, int64_t>;
c10::DeleterFnPtr base_deleter = nullptr;

// Also of memory that was given out before, which has no size here.
void release(void* address) {
    int64_t bytes = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        if (const auto known = sizes.find(address); known != sizes.end()) {
            bytes = known->second;
            sizes.erase(known);
        }
    }
    held.fetch_sub(bytes, std::memory_order_relaxed);
    base_deleter(address);
}

// What the base class asks for has changed with the versions (allocate was const, copy_data was not there): no `override`, so that every one finds its own.
struct Counting final : c10::Allocator {
    c10::Allocator* base;

    explicit Counting(c10::Allocator* before) : base(before) {}

    c10::DataPtr take(size_t bytes) const {
        auto memory = base->allocate(bytes);
        auto* address = memory.get();
        // The context must stay the address itself: oneDNN takes and gives back bare addresses.
        if (address == nullptr || memory.get_context() != address || base_deleter == nullptr) return memory;
        memory.release_context();
        {
            const std::lock_guard<std::mutex> lock(mutex);
            sizes[address] = static_cast<int64_t>(bytes);
        }
        const auto now = held.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
        auto before = most.load(std::memory_order_relaxed);
        while (now > before && !most.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
        }
        return {address, address, &release, memory.device()};
    }

    c10::DeleterFnPtr raw_deleter() const override { return base_deleter == nullptr ? base->raw_deleter() : &release; }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverloaded-virtual"
#pragma GCC diagnostic ignored "-Wsuggest-override"
    virtual c10::DataPtr allocate(size_t bytes) const { return take(bytes); }
    virtual c10::DataPtr allocate(size_t bytes) { return take(bytes); }
    virtual void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
#pragma GCC diagnostic pop
};

}  // namespace

// bytes: held now, held at most since the last reset.
CPT_API int cpt_host_memory(int64_t* bytes, int reset) {
    return guard(-1, [&] {
        static Counting* counting = [] {
            base_deleter = c10::GetCPUAllocator()->raw_deleter();
            auto* made = new Counting(c10::GetCPUAllocator());
            c10::SetCPUAllocator(made, 1);
            return made;
        }();
        (void)counting;
        if (reset != 0) most.store(held.load());
        bytes[0] = held.load();
        bytes[1] = most.load();
        return 0;
    });
}
