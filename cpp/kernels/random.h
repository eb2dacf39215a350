// Random numbers from a counter: element i of draw number `draw` of the stream `key` is a function of the three alone,
// so that it does not depend on threads, order or vector width, and can be had again on the way back.
//
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011): Philox4x32,
// ten rounds; the counter is (i/4 low, i/4 high, draw low, draw high), element i takes word i % 4.
// Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// Four words from a counter of four and a key of two.
void philox4x32(std::uint32_t out[4], const std::uint32_t counter[4], std::uint64_t key);

// y = x m/(1 - rate), m_i = 1 where word_i ≥ rate 2³², else 0; y may be x. The derivative is the same function of dy.
template <class T>
void dropout(T* y, const T* x, double rate, std::uint64_t key, const std::int64_t* draw, std::ptrdiff_t n);

// y = x + stddev z, z standard normal by Box and Muller from pairs of words.
template <class T>
void add_noise(T* y, const T* x, double stddev, std::uint64_t key, const std::int64_t* draw, std::ptrdiff_t n);

// y = loc + scale Φ⁻¹(u), u uniform on (0, 1): the middles of 2⁵² equal intervals (of 2³² in float). Of every 64 words
// elements c and 16 + c take words (0, 1) and (2, 3) of counter c; in float element 16 w + c takes word w of counter c.
template <class T>
void random_normal(T* y, double loc, double scale, std::uint64_t key, const std::int64_t* draw, std::ptrdiff_t n);

// y = low + (high - low) u with the same u, except that a result that rounds to `high` is the number below.
template <class T>
void random_uniform(T* y, double low, double high, std::uint64_t key, const std::int64_t* draw, std::ptrdiff_t n);

// Estimated time on one thread.
constexpr double random_ns(std::ptrdiff_t n) {
    return 1.2 * static_cast<double>(n);
}

}  // namespace mmlcore
