// Points side by side: a block of them transposed, a point in each lane, so that what is done for one is done for all
// and nothing is added up across lanes. What k-means and mixtures of Gaussians share.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/gemm_pack.h"
#include "kernels/lanes.h"
#include "kernels/simd.h"

namespace mmlcore {

using std::ptrdiff_t;

constexpr int kBlockVectors = 4;  // of points

template <class T>
constexpr ptrdiff_t kBlockPoints = kBlockVectors * lanes<Vec<T>>;

// Rows of a matrix that are multiplied with a block at once: as many as the registers hold sums for.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kBlockRows = 4;
#else
constexpr int kBlockRows = 2;
#endif

// Numbers that a transposed block takes: d rows, and room for what pack_panel writes behind them.
template <class T>
constexpr ptrdiff_t block_size(ptrdiff_t d) {
    return d * kBlockPoints<T> + lanes<Vec<T>>;
}

// z (d × kBlockPoints): the coordinates of `count` points of x (row-major), a point in each column; the others zero.
template <class T>
inline void load_points(T* z, const T* x, ptrdiff_t count, ptrdiff_t d) {
    pack_panel<T, static_cast<int>(kBlockPoints<T>)>(z, MatrixView<T>{x, d, 1}, count, d);
}

// sum(r, ·) = Σ_{j<k} A(r, j) z(j, ·) for `Rows` rows of A.
template <int Rows, class T>
inline void block_products(Vec<T> (&sum)[Rows][kBlockVectors], const T* A, ptrdiff_t lda, const T* z, ptrdiff_t k) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kBlockPoints<T>, W = lanes<V>;
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) sum[r][v] = V{};
    for (ptrdiff_t j = 0; j < k; ++j) {
        V point[kBlockVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) point[v] = load<V>(z + j * P + v * W);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
            const V factor = broadcast<V>(A[r * lda + j]);
#pragma GCC unroll 4
            for (int v = 0; v < kBlockVectors; ++v) sum[r][v] += factor * point[v];
        }
    }
}

// How many parts a sum over n points is cut into, each with `bytes` of sums of its own: a matter of the sizes alone, so
// that the bits do not depend on the threads.
inline ptrdiff_t parts_of(ptrdiff_t n, ptrdiff_t points_at_least, ptrdiff_t bytes) {
    constexpr ptrdiff_t at_most = 32, bytes_at_most = ptrdiff_t{64} << 20;
    const ptrdiff_t room = std::max<ptrdiff_t>(1, bytes_at_most / std::max<ptrdiff_t>(1, bytes));
    return std::clamp<ptrdiff_t>(n / points_at_least, 1, std::min(at_most, room));
}

}  // namespace mmlcore
