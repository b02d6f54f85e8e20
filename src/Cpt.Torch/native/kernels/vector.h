// What the CPU kernels share: compiling a loop for the processors at hand, and mathematics the compiler can vectorise.
#pragma once
#include <cstdint>
#include <cstring>

// The marked function is compiled for AVX-512, AVX2 and the base instruction set, and the loader picks one at start. What it calls must
// be inlined into it, so helpers are CPT_INLINE and loops stand in plain functions, not in lambdas.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CPT_VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CPT_VECTOR
#endif
#define CPT_INLINE inline __attribute__((always_inline))

namespace cpt {

// e^x within 2 units in the last place: e^x = 2^n · e^r with |r| ≤ ln2/2 and a polynomial of degree 6 for e^r (Cephes' expf coefficients).
// 0 below −87.3, where floats run out; at most 2^127·1.7 above 88.3, so that 1/(1 + e^x) stays a number; NaN stays NaN.
CPT_INLINE float fast_exp(float x) {
    const float low = x < -87.3f ? -87.3f : x;
    const float bounded = low > 88.3f ? 88.3f : low;
    // Adding 1.5·2^23 rounds to the nearest integer and leaves it in the low bits.
    const float shifted = bounded * 1.44269504088896341f + 12582912.0f;
    const float n = shifted - 12582912.0f;
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = static_cast<int32_t>((static_cast<uint32_t>(bits) + 127u) << 23);
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return x < -87.3f ? 0.0f : p * scale;
}

CPT_INLINE float fast_sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

}  // namespace cpt
