// The vector type that every kernel is written over: as wide as the instruction set that this object is compiled for.
// It is the compiler's own vector type, so + - * / < and ?: work on it and a * b + c becomes one fused instruction
// where the machine has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace mmlcore {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;  // SSE2, NEON
#endif

template <class T>
struct VectorOf {
    typedef T type __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vec = typename VectorOf<T>::type;

// Element type and lane count of a vector type.
template <class V>
using lane_t = std::decay_t<decltype(std::declval<V&>()[0])>;
template <class V>
constexpr int lanes = sizeof(V) / sizeof(lane_t<V>);

// The integer as wide as T: comparisons yield vectors of it.
template <class T>
using int_as = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class V>
inline V load(const lane_t<V>* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

template <class V>
inline void store(lane_t<V>* p, V v) {
    std::memcpy(p, &v, sizeof v);
}

// The first `count` lanes, 0 ≤ count ≤ lanes; the others are zero, and memory behind them is not touched.
template <class V>
inline V load_first(const lane_t<V>* p, std::ptrdiff_t count) {
#if defined(__AVX512F__)
    if constexpr (sizeof(lane_t<V>) == 4)
        return (V)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
    else
        return (V)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p);
#else
    V v{};
    for (std::ptrdiff_t i = 0; i < count; ++i) v[i] = p[i];
    return v;
#endif
}

template <class V>
inline void store_first(lane_t<V>* p, V v, std::ptrdiff_t count) {
#if defined(__AVX512F__)
    if constexpr (sizeof(lane_t<V>) == 4)
        _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), (__m512)v);
    else
        _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), (__m512d)v);
#else
    for (std::ptrdiff_t i = 0; i < count; ++i) p[i] = v[i];
#endif
}

template <class V>
inline V broadcast(lane_t<V> x) {
    return x - V{};
}

// NaN in either operand: the second operand is returned, as the x86 instructions do.
template <class V>
inline V vmin(V a, V b) {
    return a < b ? a : b;
}

template <class V>
inline V vmax(V a, V b) {
    return a > b ? a : b;
}

template <class V>
inline lane_t<V> horizontal_sum(V v) {
    lane_t<V> total = 0;
    for (int i = 0; i < lanes<V>; ++i) total += v[i];
    return total;
}

}  // namespace mmlcore
