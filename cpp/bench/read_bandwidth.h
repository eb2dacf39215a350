// The bandwidth of reading memory from front to back, the limit of a matrix-vector product; measured like the peak of
// multiply-adds, on the array that the product reads.
#pragma once

#include <cstddef>

#include "kernels/simd.h"

namespace mmlcore::bench {

// Sums an array with eight independent sums, so that additions do not wait for each other.
template <class T>
[[gnu::noinline]] Vec<T> read_all(const T* x, std::ptrdiff_t n) {
    constexpr int W = lanes<Vec<T>>, kSums = 8;
    Vec<T> sum[kSums] = {};
    for (std::ptrdiff_t i = 0; i + kSums * W <= n; i += kSums * W)
#pragma GCC unroll 8
        for (int s = 0; s < kSums; ++s) sum[s] += load<Vec<T>>(x + i + s * W);
    for (int s = 1; s < kSums; ++s) sum[0] += sum[s];
    return sum[0];
}

}  // namespace mmlcore::bench
