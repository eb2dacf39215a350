// The vector type that every kernel is written over: as wide as the instruction set that this object is compiled for.
// It is the compiler's own vector type, so + - * / < and ?: work on it and a * b + c becomes one fused instruction
// where the machine has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
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

// Whether load_first and store_first are single instructions.
#if defined(__AVX__)
constexpr bool kMaskedLoads = true;
#else
constexpr bool kMaskedLoads = false;
#endif

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

#if defined(__AVX__) && !defined(__AVX512F__)
// All bits set in the first `count` lanes.
template <class V>
inline Vec<int_as<lane_t<V>>> first_lanes(std::ptrdiff_t count) {
    Vec<int_as<lane_t<V>>> number;
    for (int i = 0; i < lanes<V>; ++i) number[i] = i;
    return number < static_cast<int_as<lane_t<V>>>(count);
}
#endif

// The first `count` lanes, 0 ≤ count ≤ lanes; the others are those of `others`, and memory behind them is not touched.
template <class V>
inline V load_first(const lane_t<V>* p, std::ptrdiff_t count, V others = V{}) {
#if defined(__AVX512F__)
    if constexpr (sizeof(lane_t<V>) == 4)
        return (V)_mm512_mask_loadu_ps((__m512)others, static_cast<__mmask16>((1u << count) - 1), p);
    else
        return (V)_mm512_mask_loadu_pd((__m512d)others, static_cast<__mmask8>((1u << count) - 1), p);
#elif defined(__AVX__)
    const auto mask = first_lanes<V>(count);
    if constexpr (sizeof(lane_t<V>) == 4)
        return mask ? (V)_mm256_maskload_ps(p, (__m256i)mask) : others;
    else
        return mask ? (V)_mm256_maskload_pd(p, (__m256i)mask) : others;
#else
    for (std::ptrdiff_t i = 0; i < count; ++i) others[i] = p[i];
    return others;
#endif
}

template <class V>
inline void store_first(lane_t<V>* p, V v, std::ptrdiff_t count) {
#if defined(__AVX512F__)
    if constexpr (sizeof(lane_t<V>) == 4)
        _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), (__m512)v);
    else
        _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), (__m512d)v);
#elif defined(__AVX__)
    const auto mask = (__m256i)first_lanes<V>(count);
    if constexpr (sizeof(lane_t<V>) == 4)
        _mm256_maskstore_ps(p, mask, (__m256)v);
    else
        _mm256_maskstore_pd(p, mask, (__m256d)v);
#else
    for (std::ptrdiff_t i = 0; i < count; ++i) p[i] = v[i];
#endif
}

template <class V>
inline V broadcast(lane_t<V> x) {
    return x - V{};
}

// Loads it once: the compiler would rather load it again for every product, and loads are what there is least of.
template <class V>
inline void keep_in_register([[maybe_unused]] V& v) {
#if defined(__x86_64__)
    asm("" : "+x"(v));
#endif
}

// a < b ? a : b, and so the second operand where either is NaN: one instruction on x86, which GCC does not find when
// one operand is a constant.
template <class V>
inline V vmin(V a, V b) {
    [[maybe_unused]] constexpr bool single = sizeof(lane_t<V>) == 4;
#if defined(__AVX512F__)
    if constexpr (single)
        return (V)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
    else
        return (V)_mm512_maskz_min_pd(0xff, (__m512d)a, (__m512d)b);
#elif defined(__AVX__)
    if constexpr (single)
        return (V)_mm256_min_ps((__m256)a, (__m256)b);
    else
        return (V)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    if constexpr (single)
        return (V)_mm_min_ps((__m128)a, (__m128)b);
    else
        return (V)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    return a < b ? a : b;
#endif
}

// a > b ? a : b
template <class V>
inline V vmax(V a, V b) {
    [[maybe_unused]] constexpr bool single = sizeof(lane_t<V>) == 4;
#if defined(__AVX512F__)
    if constexpr (single)
        return (V)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
    else
        return (V)_mm512_maskz_max_pd(0xff, (__m512d)a, (__m512d)b);
#elif defined(__AVX__)
    if constexpr (single)
        return (V)_mm256_max_ps((__m256)a, (__m256)b);
    else
        return (V)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    if constexpr (single)
        return (V)_mm_max_ps((__m128)a, (__m128)b);
    else
        return (V)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    return a > b ? a : b;
#endif
}

}  // namespace mmlcore
