// C (+)= A·B for the small matrices inside an attention head, where a BLAS call costs more than the product.
//
// A register tile of M rows by W·8 columns runs down the whole depth. B is read in panels of eight columns, `b_panel` floats apart, with
// `b_row` floats between the rows of a panel: a row-major matrix has b_panel = 8 and b_row = its stride, a packed one b_row = 8.
// The order of every sum is that of the depth, so the result depends on nothing but the values.
#pragma once
#include "vector.h"

namespace cpt {

struct Left {
    const float* data;
    int64_t row, column;  // strides
};

struct Right {
    const float* data;
    int64_t row, panel;  // strides
};

struct Out {
    float* data;
    int64_t row;  // stride
};

template <int M, int W>
CPT_INLINE void tile(Left a, Right b, Out c, int64_t depth, bool accumulate) {
    Lanes sums[M][W];
#pragma GCC unroll 8
    for (int m = 0; m < M; m++)
#pragma GCC unroll 8
        for (int w = 0; w < W; w++) sums[m][w] = accumulate ? load(c.data + m * c.row + w * lane_count) : Lanes{};
    for (int64_t k = 0; k < depth; k++) {
        Lanes right[W];
#pragma GCC unroll 8
        for (int w = 0; w < W; w++) right[w] = load(b.data + k * b.row + w * b.panel);
#pragma GCC unroll 8
        for (int m = 0; m < M; m++) {
            const float left = a.data[m * a.row + k * a.column];
#pragma GCC unroll 8
            for (int w = 0; w < W; w++) sums[m][w] += left * right[w];
        }
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; m++)
#pragma GCC unroll 8
        for (int w = 0; w < W; w++) store(c.data + m * c.row + w * lane_count, sums[m][w]);
}

template <int M, int W>
CPT_INLINE int64_t columns(Left a, Right b, Out c, int64_t n, int64_t done, int64_t depth, bool accumulate) {
    for (; done + W * lane_count <= n; done += W * lane_count)
        tile<M, W>(a, {b.data + done / lane_count * b.panel, b.row, b.panel}, {c.data + done, c.row}, depth, accumulate);
    return done;
}

// Few rows take wide tiles: the additions of a tile wait for each other only down the depth, so it needs some eight of them side by side.
template <int M>
CPT_INLINE void rows(Left a, Right b, Out c, int64_t n, int64_t depth, bool accumulate) {
    int64_t done = 0;
    if constexpr (M <= 2) done = columns<M, 4>(a, b, c, n, done, depth, accumulate);
    done = columns<M, 2>(a, b, c, n, done, depth, accumulate);
    columns<M, 1>(a, b, c, n, done, depth, accumulate);
}

// a: [m, depth], b: [depth, n], c: [m, n] with n a multiple of 8.
CPT_INLINE void gemm(Left a, Right b, Out c, int64_t m, int64_t n, int64_t depth, bool accumulate) {
    // Tiles of nearly equal height: 32 rows as 6 + 6 + 5 + 5 + 5 + 5, not as five sixes and a two that waits for itself.
    const int64_t tiles = (m + 5) / 6;
    for (int64_t i = 0, row = 0; i < tiles; i++) {
        const int64_t end = m * (i + 1) / tiles, height = end - row;
        const Left left{a.data + row * a.row, a.row, a.column};
        const Out out{c.data + row * c.row, c.row};
        row = end;
        switch (height) {
            case 1: rows<1>(left, b, out, n, depth, accumulate); break;
            case 2: rows<2>(left, b, out, n, depth, accumulate); break;
            case 3: rows<3>(left, b, out, n, depth, accumulate); break;
            case 4: rows<4>(left, b, out, n, depth, accumulate); break;
            case 5: rows<5>(left, b, out, n, depth, accumulate); break;
            default: rows<6>(left, b, out, n, depth, accumulate); break;
        }
    }
}

CPT_INLINE int64_t round_up(int64_t n) { return (n + lane_count - 1) / lane_count * lane_count; }

// Row-major rows [n, d] into panels [⌈n/8⌉][d][8] of eight rows each: the transposed matrix as gemm reads it. Missing rows become 0.
CPT_INLINE void pack_rows(const float* from, int64_t stride, int64_t n, int64_t d, float* to) {
    for (int64_t first = 0; first < n; first += lane_count) {
        float* panel = to + first * d;
        const int64_t count = n - first < lane_count ? n - first : lane_count;
        if (count < lane_count) std::memset(panel, 0, static_cast<size_t>(d * lane_count) * sizeof(float));
        for (int64_t row = 0; row < count; row++)
            for (int64_t i = 0; i < d; i++) panel[i * lane_count + row] = from[(first + row) * stride + i];
    }
}

}  // namespace cpt
