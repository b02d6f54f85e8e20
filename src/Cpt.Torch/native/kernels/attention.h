// softmax(scale · q·kᵀ + mask)·v for a few rows of one head: shared by the training kernel and the one with a cache.
#pragma once
#include "small_gemm.h"
#include <algorithm>

namespace cpt {

// Rows of scores that are worked on at a time; with 512 keys they and a panel of k stay in the first two cache levels.
constexpr int64_t row_block = 24;

struct Keys {
    const float* packed;  // k of the head in panels of eight keys (pack_rows)
    const float* values;  // v, row-major
    int64_t value_stride;
    int64_t count;        // keys in all
    int64_t depth;        // width of a head, a multiple of 8
};

// Turns a row of scores into probabilities of its first n entries and zeros up to `width`, and gives log Σ e^(scale·score).
// A row that may see nothing gets −∞ and zeros.
CPT_INLINE float softmax_row(float* scores, int64_t n, int64_t width, float scale) {
    if (n <= 0) {
        std::memset(scores, 0, static_cast<size_t>(width) * sizeof(float));
        return -INFINITY;
    }
    Lanes highest = all(scores[0]);
    for (int64_t j = 0; j < n; j += lane_count) highest = larger(load(scores + j, n - j, scores[0]), highest);
    const float most = largest(highest);
    Lanes total{};
    for (int64_t j = 0; j < n; j += lane_count) {
        const Lanes p = exp((load(scores + j, n - j, -INFINITY) - most) * scale);
        total += p;
        store(scores + j, p);
    }
    const float whole = sum(total), inverse = 1.0f / whole;
    const int64_t filled = round_up(n);
    for (int64_t j = 0; j < filled; j += lane_count) store(scores + j, load(scores + j) * inverse);
    if (filled < width) std::memset(scores + filled, 0, static_cast<size_t>(width - filled) * sizeof(float));
    return most * scale + std::log(whole);
}

// out = softmax(q·kᵀ)·v for `rows` ≤ row_block rows, of which row i sees the first first_seen + i·step keys. `scores` has room for
// row_block rows of round_up(keys.count) floats; `normaliser`, where given, receives one number a row.
CPT_INLINE void attend(Left q, const Keys& keys, Out out, int64_t rows, int64_t first_seen, int64_t step, float scale, float* scores,
                       float* normaliser) {
    const int64_t most_seen = std::min(keys.count, first_seen + (rows - 1) * step);
    if (most_seen <= 0) {
        for (int64_t i = 0; i < rows; i++) {
            std::memset(out.data + i * out.row, 0, static_cast<size_t>(keys.depth) * sizeof(float));
            if (normaliser != nullptr) normaliser[i] = -INFINITY;
        }
        return;
    }
    const int64_t width = round_up(most_seen);
    gemm(q, {keys.packed, lane_count, keys.depth * lane_count}, {scores, width}, rows, width, keys.depth, false);
    for (int64_t i = 0; i < rows; i++) {
        const float normal = softmax_row(scores + i * width, std::min(keys.count, first_seen + i * step), width, scale);
        if (normaliser != nullptr) normaliser[i] = normal;
    }
    gemm({scores, width, 1}, {keys.values, keys.value_stride, lane_count}, out, rows, keys.depth, most_seen, false);
}

}  // namespace cpt
