// What the CPU kernels share: compiling a function for the processors at hand, and eight floats at a time.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

// The marked function is compiled for AVX2 with FMA and for the base instruction set, and the loader picks one at start. What it calls must
// be inlined into it: helpers are CPT_INLINE, and the loops stand in plain functions, not in lambdas.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CPT_VECTOR __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CPT_VECTOR
#endif
#define CPT_INLINE inline __attribute__((always_inline))

namespace cpt {

constexpr int64_t lane_count = 8;

// Written with the compiler's vector type rather than left to its vectoriser: the order of a sum is then part of the program, the same on
// every run, and no flag has to allow reordering floats.
typedef float Lanes __attribute__((vector_size(32)));
typedef int32_t IntLanes __attribute__((vector_size(32)));

CPT_INLINE Lanes all(float value) { return Lanes{} + value; }

CPT_INLINE Lanes load(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

CPT_INLINE void store(float* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

// The last few of a row: `left` floats, then padding.
CPT_INLINE Lanes load(const float* from, int64_t left, float padding = 0.0f) {
    if (left >= lane_count) return load(from);
    Lanes lanes = all(padding);
    for (int64_t i = 0; i < left; i++) lanes[i] = from[i];
    return lanes;
}

CPT_INLINE void store(float* to, Lanes lanes, int64_t left) {
    if (left >= lane_count) return store(to, lanes);
    for (int64_t i = 0; i < left; i++) to[i] = lanes[i];
}

CPT_INLINE Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

CPT_INLINE float sum(Lanes x) { return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])); }

// A NaN may be passed over: whoever needs to see it adds the values up as well.
CPT_INLINE float largest(Lanes x) {
    float most = x[0];
    for (int i = 1; i < lane_count; i++) most = x[i] > most ? x[i] : most;
    return most;
}

// e^x within 1 unit in the last place: e^x = 2^n · e^r with |r| ≤ ln2/2 and a polynomial for e^r (coefficients of Cephes' expf).
// 0 below −87.3, where normal floats end; at most 2.3e38 above 88.3, so that 1/(1 + e^x) stays a number; NaN stays NaN.
CPT_INLINE Lanes exp(Lanes x) {
    const Lanes low = x < -87.3f ? all(-87.3f) : x;
    const Lanes bounded = low > 88.3f ? all(88.3f) : low;
    const Lanes y = bounded * 1.44269504088896341f;
    const IntLanes exponent = __builtin_convertvector(y < 0.0f ? y - 0.5f : y + 0.5f, IntLanes);
    const Lanes n = __builtin_convertvector(exponent, Lanes);
    // ln 2 in two parts: the first has few bits, so that n times it is exact.
    const Lanes r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const IntLanes bits = (exponent + 127) << 23;
    Lanes scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return x < -87.3f ? all(0.0f) : p * scale;
}

CPT_INLINE Lanes sigmoid(Lanes x) { return 1.0f / (1.0f + exp(-x)); }

}  // namespace cpt
