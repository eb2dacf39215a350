// The numbers that say which element of its window a maximum came from, and the way back through them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/image_blocks.h"
#include "kernels/lanes.h"

// Vectors of integers as wide as those of numbers: AVX alone has only half of them.
#if defined(__SSE4_1__) && (!defined(__AVX__) || defined(__AVX2__))
#define MMLCORE_WIDENS_BYTES 1
#endif

namespace mmlcore {

// ---- a vector of numbers to and from memory ----------------------------------------------------------------------

namespace detail {

template <class Index, int Lanes>
struct NarrowVectorOf {
    typedef Index type __attribute__((vector_size(sizeof(Index) * Lanes)));
};
template <class T, class Index>
using NarrowVector = typename NarrowVectorOf<Index, lanes<Vec<T>>>::type;

#if defined(MMLCORE_WIDENS_BYTES)
// GCC converts vectors of less than 16 bytes number by number.
template <class T>
Vec<int_as<T>> widened(NarrowVector<T, std::uint8_t> narrow) {
    __m128i bytes{};
    std::memcpy(&bytes, &narrow, sizeof narrow);
    [[maybe_unused]] constexpr bool single = sizeof(T) == 4;
#if defined(__AVX512F__)
    if constexpr (single)
        return (Vec<int_as<T>>)_mm512_maskz_cvtepu8_epi32(0xffff, bytes);
    else
        return (Vec<int_as<T>>)_mm512_maskz_cvtepu8_epi64(0xff, bytes);
#elif defined(__AVX2__)
    if constexpr (single)
        return (Vec<int_as<T>>)_mm256_cvtepu8_epi32(bytes);
    else
        return (Vec<int_as<T>>)_mm256_cvtepu8_epi64(bytes);
#else
    if constexpr (single)
        return (Vec<int_as<T>>)_mm_cvtepu8_epi32(bytes);
    else
        return (Vec<int_as<T>>)_mm_cvtepu8_epi64(bytes);
#endif
}

// The lowest byte of each.
template <class T>
NarrowVector<T, std::uint8_t> narrowed(Vec<int_as<T>> numbers) {
    NarrowVector<T, std::uint8_t> narrow;
    [[maybe_unused]] constexpr bool single = sizeof(T) == 4;
#if defined(__AVX512F__)
    __m128i bytes;
    if constexpr (single)
        bytes = _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)numbers);
    else
        bytes = _mm512_maskz_cvtepi64_epi8(0xff, (__m512i)numbers);
#else
    const __m128i lowest = single ? _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)
                                  : _mm_setr_epi8(0, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
#if defined(__AVX2__)
    const __m128i low = _mm_shuffle_epi8(_mm256_castsi256_si128((__m256i)numbers), lowest);
    const __m128i high = _mm_shuffle_epi8(_mm256_extracti128_si256((__m256i)numbers, 1), lowest);
    const __m128i bytes = single ? _mm_unpacklo_epi32(low, high) : _mm_unpacklo_epi16(low, high);
#else
    const __m128i bytes = _mm_shuffle_epi8((__m128i)numbers, lowest);
#endif
#endif
    std::memcpy(&narrow, &bytes, sizeof narrow);
    return narrow;
}
#endif

}  // namespace detail

// The first lanes, or all.
template <class T, class Index, class Count>
void store_numbers(Index* to, Vec<int_as<T>> numbers, Count here) {
    using Narrow = detail::NarrowVector<T, Index>;
    Narrow narrow;
#if defined(MMLCORE_WIDENS_BYTES)
    if constexpr (sizeof(Index) == 1)
        narrow = detail::narrowed<T>(numbers);
    else
#endif
        narrow = __builtin_convertvector(numbers, Narrow);
    if constexpr (std::is_same_v<Count, AllLanes>)
        std::memcpy(to, &narrow, sizeof narrow);
    else
        std::memcpy(to, &narrow, here * sizeof(Index));
}

template <class T, class Index, class Count>
Vec<int_as<T>> load_numbers(const Index* from, Count here) {
    detail::NarrowVector<T, Index> narrow{};
    if constexpr (std::is_same_v<Count, AllLanes>)
        std::memcpy(&narrow, from, sizeof narrow);
    else
        std::memcpy(&narrow, from, here * sizeof(Index));
#if defined(MMLCORE_WIDENS_BYTES)
    if constexpr (sizeof(Index) == 1) return detail::widened<T>(narrow);
#endif
    return __builtin_convertvector(narrow, Vec<int_as<T>>);
}

// The largest of 0 and a window's four numbers, lane by lane, and which one that is: the first of equals, 4 where none
// is positive. NaN where one is NaN, and a number below 4. number may be null.
template <class T, class Count>
void store_largest(T* y, std::uint8_t* number, const Vec<T> (&z)[4], Count here) {
    using V = Vec<T>;
    using Numbers = Vec<int_as<T>>;
    const V upper = vmax(z[1], z[0]), lower = vmax(z[3], z[2]), largest = vmax(lower, upper);
    const auto missing = (z[0] != z[0]) | (z[1] != z[1]) | (z[2] != z[2]) | (z[3] != z[3]);
    store_lanes(y, missing ? broadcast<V>(std::numeric_limits<T>::quiet_NaN()) : vmax(largest, V{}), here);
    if (!number) return;
    // A comparison yields -1 where it holds.
    const Numbers of_upper = -(Numbers)(z[1] > z[0]), of_lower = 2 - (Numbers)(z[3] > z[2]);
    const Numbers which = lower > upper ? of_lower : of_upper;
    store_numbers<T>(number, (largest > 0) | missing ? which : Numbers{} + 4, here);
}

// dz of z (n × out × channels, channels last; pictures), from the gradient of the largest of its 2×2 windows and their
// numbers: that gradient where an element was the largest, otherwise 0, also in rows and columns that fill no window.
template <class T>
struct Unpooled {
    const T* dp;  // n × out / 2 × channels
    const std::uint8_t* number;
    ptrdiff_t channels;
    Extent out;

    // Where a window lies in dp.
    ptrdiff_t place(ptrdiff_t image, ptrdiff_t row, ptrdiff_t column) const {
        return ((image * (out[1] / 2) + row) * (out[2] / 2) + column) * channels;
    }

    // The four elements of the window at that place (+ the first channel) for a vector of channels.
    template <class Count>
    void window(Vec<T> (&dz)[4], ptrdiff_t at, Count here) const {
        const Vec<T> g = load_lanes<Vec<T>>(dp + at, here);
        const auto which = load_numbers<T>(number + at, here);
#pragma GCC unroll 4
        for (int e = 0; e < 4; ++e) dz[e] = which == e ? g : Vec<T>{};
    }

    // For copy_block: a part of one row.
    void copy(T* to, ptrdiff_t at, ptrdiff_t count) const {
        const ptrdiff_t point = at / channels, points = count / channels;
        const ptrdiff_t row = point / out[2] % out[1], image = point / out[2] / out[1];
        const ptrdiff_t begin = point % out[2], full = out[2] / 2 * 2;
        const ptrdiff_t end = row / 2 < out[1] / 2 ? std::max(begin, std::min(full, begin + points)) : begin;
        const ptrdiff_t line = place(image, row / 2, 0);
        for (ptrdiff_t j = begin; j < end; ++j, to += channels) {
            const ptrdiff_t window = line + j / 2 * channels;
            const auto element = static_cast<int_as<T>>(row % 2 * 2 + j % 2);
            for_each_vector<Vec<T>>(0, channels, [&](ptrdiff_t c, auto here) {
                const Vec<T> g = load_lanes<Vec<T>>(dp + window + c, here);
                store_lanes(to + c, load_numbers<T>(number + window + c, here) == element ? g : Vec<T>{}, here);
            });
        }
        std::fill(to, to + (begin + points - end) * channels, T{0});
    }
};

}  // namespace mmlcore
