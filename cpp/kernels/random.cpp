#include "kernels/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/normal_tails.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;
using std::uint32_t;
using std::uint64_t;

constexpr ptrdiff_t kCounters = 16;          // worked on together, so that the compiler makes vectors of them
constexpr ptrdiff_t kBlock = 4 * kCounters;  // elements

using Wide = Vec<uint64_t>;  // a word of 32 bits in the low half of each lane; the high halves may hold anything

inline Wide product_of_low_halves(Wide a, Wide b) {
#if defined(__AVX512F__)
    return (Wide)_mm512_maskz_mul_epu32(0xff, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (Wide)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

// The ten rounds for Groups vectors of counters at once, whose multiplications wait for each other only within a group.
template <int Groups>
inline void philox_rounds(Wide c[4][Groups], uint64_t key) {
    const Wide m0 = Wide{} + 0xD2511F53, m1 = Wide{} + 0xCD9E8D57;
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const Wide key0 = Wide{} + k0, key1 = Wide{} + k1;
        for (int g = 0; g < Groups; ++g) {
            const Wide a = product_of_low_halves(m0, c[0][g]), b = product_of_low_halves(m1, c[2][g]);
            c[0][g] = (b >> 32) ^ c[1][g] ^ key0;
            c[2][g] = (a >> 32) ^ c[3][g] ^ key1;
            c[1][g] = b;
            c[3][g] = a;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

// Words 4 i … of kCounters counters that follow each other: words[w][c] is word w of counter first + c.
[[gnu::noinline]] void philox_block(uint32_t words[4][kCounters], uint64_t first, uint64_t draw, uint64_t key) {
    constexpr int W = lanes<Wide>, groups = 2;
    Wide number{};
    for (int lane = 0; lane < W; ++lane) number[lane] = static_cast<uint64_t>(lane);
    for (ptrdiff_t begin = 0; begin < kCounters; begin += groups * W) {
        Wide c[4][groups];
        for (int g = 0; g < groups; ++g) {
            c[0][g] = number + (first + static_cast<uint64_t>(begin + g * W));
            c[1][g] = c[0][g] >> 32;
            c[2][g] = Wide{} + (draw & 0xFFFFFFFF);
            c[3][g] = Wide{} + (draw >> 32);
        }
        philox_rounds<groups>(c, key);
        for (int w = 0; w < 4; ++w)
            for (int g = 0; g < groups; ++g)
                for (int lane = 0; lane < W; ++lane)
                    words[w][begin + g * W + lane] = static_cast<uint32_t>(c[w][g][lane]);
    }
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

// The words of kCounters counters as kUniforms<T> numbers in (0, 1), in double: 52 random bits, or the 32 of one word.
template <class T>
constexpr ptrdiff_t kUniforms = sizeof(T) == 8 ? 2 * kCounters : 4 * kCounters;

template <class T>
inline void uniforms_of(double* u, const uint32_t words[4][kCounters]) {
    if constexpr (sizeof(T) == 8) {
        for (ptrdiff_t pair = 0; pair < 2; ++pair)
            for (ptrdiff_t c = 0; c < kCounters; ++c) {
                const uint64_t word = words[2 * pair][c] | uint64_t{words[2 * pair + 1][c]} << 32;
                const uint64_t in_1_2 = word >> 12 | 0x3FF0000000000000;  // 1 + k / 2⁵²
                double x;
                std::memcpy(&x, &in_1_2, sizeof x);
                u[kCounters * pair + c] = x - (1 - 0x1p-53);
            }
    } else {
        for (ptrdiff_t w = 0; w < 4; ++w)
            for (ptrdiff_t c = 0; c < kCounters; ++c) {
                const uint64_t in_1_2 = uint64_t{words[w][c]} << 20 | 0x3FF0000000000000;
                double x;
                std::memcpy(&x, &in_1_2, sizeof x);
                u[kCounters * w + c] = x - (1 - 0x1p-33);
            }
    }
}

// y[i] = map(u_i), map working in place on so many numbers as are made at once.
template <class T, class Map>
void from_uniforms(T* y, ptrdiff_t n, uint64_t key, const std::int64_t* draw, double ns, Map&& map) {
    constexpr ptrdiff_t block = kUniforms<T>;
    parallel_chunks((n + block - 1) / block, 32, ns * static_cast<double>(n), [=](ptrdiff_t first, ptrdiff_t last) {
        for (ptrdiff_t b = first; b < last; ++b) {
            uint32_t words[4][kCounters];
            double u[block];
            philox_block(words, static_cast<uint64_t>(b * kCounters), static_cast<uint64_t>(*draw), key);
            uniforms_of<T>(u, words);
            map(u);
            const ptrdiff_t count = std::min(block, n - b * block);
            std::transform(u, u + count, y + b * block, [](double x) { return static_cast<T>(x); });
        }
    });
}

}  // namespace

template <class T>
void random_normal(T* y, double loc, double scale, uint64_t key, const std::int64_t* draw, ptrdiff_t n) {
    using V = Vec<double>;
    from_uniforms(y, n, key, draw, 4, [=](double* u) {
        normal_ppf_of<V, kUniforms<T>>(u);
        for (ptrdiff_t i = 0; i < kUniforms<T>; i += lanes<V>) store(u + i, loc + scale * load<V>(u + i));
    });
}

template <class T>
void random_uniform(T* y, double low, double high, uint64_t key, const std::int64_t* draw, ptrdiff_t n) {
    using V = Vec<double>;
    const double width = high - low;
    const V below = broadcast<V>(static_cast<double>(std::nextafter(static_cast<T>(high), static_cast<T>(low))));
    from_uniforms(y, n, key, draw, 2, [=](double* u) {
        for (ptrdiff_t i = 0; i < kUniforms<T>; i += lanes<V>) store(u + i, vmin(low + width * load<V>(u + i), below));
    });
}

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

#define MMLCORE_INSTANTIATE(T)                                                                    \
    template void dropout<T>(T*, const T*, double, uint64_t, const std::int64_t*, ptrdiff_t);     \
    template void add_noise<T>(T*, const T*, double, uint64_t, const std::int64_t*, ptrdiff_t);   \
    template void random_normal<T>(T*, double, double, uint64_t, const std::int64_t*, ptrdiff_t); \
    template void random_uniform<T>(T*, double, double, uint64_t, const std::int64_t*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
