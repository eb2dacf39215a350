#include "kernels/random.h"

#include <algorithm>
#include <cmath>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;
using std::uint32_t;
using std::uint64_t;

constexpr ptrdiff_t kCounters = 16;          // worked on together, so that the compiler makes vectors of them
constexpr ptrdiff_t kBlock = 4 * kCounters;  // elements

// Words 4 i … of kCounters counters that follow each other: words[w][c] is word w of counter first + c.
[[gnu::noinline]] void philox_block(uint32_t words[4][kCounters], uint64_t first, uint64_t draw, uint64_t key) {
    uint32_t c0[kCounters], c1[kCounters], c2[kCounters], c3[kCounters];
    for (ptrdiff_t i = 0; i < kCounters; ++i) {
        c0[i] = static_cast<uint32_t>(first + static_cast<uint64_t>(i));
        c1[i] = static_cast<uint32_t>((first + static_cast<uint64_t>(i)) >> 32);
        c2[i] = static_cast<uint32_t>(draw);
        c3[i] = static_cast<uint32_t>(draw >> 32);
    }
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        for (ptrdiff_t i = 0; i < kCounters; ++i) {
            const uint64_t a = uint64_t{0xD2511F53} * c0[i], b = uint64_t{0xCD9E8D57} * c2[i];
            const uint32_t n0 = static_cast<uint32_t>(b >> 32) ^ c1[i] ^ k0;
            const uint32_t n2 = static_cast<uint32_t>(a >> 32) ^ c3[i] ^ k1;
            c1[i] = static_cast<uint32_t>(b);
            c3[i] = static_cast<uint32_t>(a);
            c0[i] = n0;
            c2[i] = n2;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    std::copy(c0, c0 + kCounters, words[0]);
    std::copy(c1, c1 + kCounters, words[1]);
    std::copy(c2, c2 + kCounters, words[2]);
    std::copy(c3, c3 + kCounters, words[3]);
}

// body(begin, count, words) for blocks of elements, words[i] that of element begin + i.
template <class Body>
void for_each_block(ptrdiff_t n, uint64_t key, const std::int64_t* draw, Body&& body) {
    parallel_chunks((n + kBlock - 1) / kBlock, 16, random_ns(n), [&](ptrdiff_t first, ptrdiff_t last) {
        for (ptrdiff_t block = first; block < last; ++block) {
            uint32_t words[4][kCounters], in_order[kBlock];
            philox_block(words, static_cast<uint64_t>(block * kCounters), static_cast<uint64_t>(*draw), key);
            for (ptrdiff_t i = 0; i < kCounters; ++i)
                for (ptrdiff_t w = 0; w < 4; ++w) in_order[4 * i + w] = words[w][i];
            body(block * kBlock, std::min(kBlock, n - block * kBlock), in_order);
        }
    });
}

}  // namespace

void philox4x32(uint32_t out[4], const uint32_t counter[4], uint64_t key) {
    uint32_t words[4][kCounters];
    philox_block(words, counter[0] | uint64_t{counter[1]} << 32, counter[2] | uint64_t{counter[3]} << 32, key);
    for (int w = 0; w < 4; ++w) out[w] = words[w][0];
}

template <class T>
void dropout(T* y, const T* x, double rate, uint64_t key, const std::int64_t* draw, ptrdiff_t n) {
    const auto threshold = static_cast<uint32_t>(std::min(rate * 4294967296.0, 4294967295.0));
    const T scale = static_cast<T>(1 / (1 - rate));
    for_each_block(n, key, draw, [=](ptrdiff_t begin, ptrdiff_t count, const uint32_t* words) {
        for (ptrdiff_t i = 0; i < count; ++i) y[begin + i] = words[i] >= threshold ? scale * x[begin + i] : T(0);
    });
}

template <class T>
void add_noise(T* y, const T* x, double stddev, uint64_t key, const std::int64_t* draw, ptrdiff_t n) {
    for_each_block(n, key, draw, [=](ptrdiff_t begin, ptrdiff_t count, const uint32_t* words) {
        for (ptrdiff_t i = 0; i < count; i += 2) {
            // in (0, 1): the middles of 2³² equal intervals
            const double u = (words[i] + 0.5) / 4294967296.0, v = (words[i + 1] + 0.5) / 4294967296.0;
            const double radius = stddev * std::sqrt(-2 * std::log(u)), angle = 6.283185307179586 * v;
            y[begin + i] = static_cast<T>(x[begin + i] + radius * std::cos(angle));
            if (i + 1 < count) y[begin + i + 1] = static_cast<T>(x[begin + i + 1] + radius * std::sin(angle));
        }
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                \
    template void dropout<T>(T*, const T*, double, uint64_t, const std::int64_t*, ptrdiff_t); \
    template void add_noise<T>(T*, const T*, double, uint64_t, const std::int64_t*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
