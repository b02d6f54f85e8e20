// Sums gradients over the processes of a group, bucket by bucket, while the backward pass still computes the rest.
#pragma once
#include "distributed/group.h"
#include <mutex>
#include <torch/csrc/autograd/function.h>
#include <vector>

namespace cpt {

// Parameters go into buckets from the last to the first, which is about the order in which their gradients come. A bucket is a flat tensor, cut into
// as many equal parts as there are processes: each process owns one part of every bucket, of the gradients as of the parameters themselves.
// What is in which bucket follows from the parameters' sizes alone: the order of a sum's terms, and so its bits, must not hang on how fast somebody was.
class Reducer {
public:
    struct Piece {
        int bucket, parameter;
        int64_t begin, length, at;  // in the parameter; in the own part
    };

    Reducer(Group& group, std::vector<at::Tensor> parameters, int64_t bucket_bytes);
    ~Reducer();
    Reducer(const Reducer&) = delete;
    Reducer& operator=(const Reducer&) = delete;

    void prepare(bool last);
    void finish(uint8_t* used);
    void release();
    void gather();

    int buckets() const { return static_cast<int>(buckets_.size()); }
    int overlapped() const { return overlapped_; }
    int64_t part_length(int bucket) const { return buckets_.at(bucket).part; }
    at::Tensor part(int bucket) const;
    const std::vector<Piece>& pieces() const { return pieces_; }
    std::pair<int, int64_t> offset(int parameter) const { return {slots_.at(parameter).bucket, slots_.at(parameter).at}; }

private:
    struct Slot {
        at::Tensor parameter;
        int bucket = 0;
        int64_t at = 0;
        std::shared_ptr<torch::autograd::Node> accumulator;  // the parameter itself only remembers it weakly
        int arrivals = 0;   // in this backward pass
        int due = 0;        // most arrivals that a backward pass had so far; 0 before the first pass has ended
        bool filled = false;
    };

    struct Bucket {
        std::vector<int> parameters;
        int64_t used = 0, part = 0;
        at::Tensor flat;
        int filled = 0;
        Pending pending;
        bool begun = false;
    };

    void arrived(int parameter);
    void end_pass();
    void fill(Slot& slot, const at::Tensor& gradient);
    void begin_ready(bool during_backward);
    at::Tensor new_flat(const Bucket& bucket, at::ScalarType type) const;
    at::ScalarType gradient_type(at::ScalarType parameter) const;

    Group& group_;
    std::vector<Slot> slots_;
    std::vector<Bucket> buckets_;
    std::vector<Piece> pieces_;
    std::mutex mutex_;
    bool armed_ = false, in_pass_ = false;
    int next_ = 0;          // buckets are begun in their order, the same everywhere
    int overlapped_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cpt
