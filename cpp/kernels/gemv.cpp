#include "kernels/gemv.h"

#include <algorithm>

#include "kernels/gemm_tile.h"
#include "kernels/lanes.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// Rows lie contiguous: R dot products at a time, so that x is loaded once for all of them.
template <class T, int R>
void dot_rows(T* out, const T* a, ptrdiff_t lda, const T* x, ptrdiff_t k) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    constexpr int U = R == 1 ? 4 : 2;  // independent sums a row, so that additions do not wait for each other
    V sum[R][U] = {};
    ptrdiff_t p = 0;
    for (; p + U * W <= k; p += U * W)
#pragma GCC unroll 4
        for (int u = 0; u < U; ++u) {
            const V xs = load<V>(x + p + u * W);
#pragma GCC unroll 4
            for (int r = 0; r < R; ++r) sum[r][u] += load<V>(a + r * lda + p + u * W) * xs;
        }
    for (; p < k; p += W) {
        const ptrdiff_t count = std::min<ptrdiff_t>(W, k - p);
        const V xs = load_first<V>(x + p, count);
        for (int r = 0; r < R; ++r) sum[r][0] += load_first<V>(a + r * lda + p, count) * xs;
    }
    for (int r = 0; r < R; ++r) {
        V total = sum[r][0];
        for (int u = 1; u < U; ++u) total += sum[r][u];
        out[r] = sum_lanes(total);
    }
}

// Columns lie contiguous: U vectors of y stay in registers while all columns pass.
template <class T, int U>
void sum_columns(T* out, const T* a, ptrdiff_t lda, const T* x, ptrdiff_t k, ptrdiff_t count) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    V sum[U] = {};
    const ptrdiff_t last = count - (U - 1) * W;
    for (ptrdiff_t p = 0; p < k; ++p, a += lda) {
        const V factor = broadcast<V>(x[p]);
#pragma GCC unroll 4
        for (int u = 0; u < U; ++u)
            sum[u] += factor * (u < U - 1 || last == W ? load<V>(a + u * W) : load_first<V>(a + u * W, last));
    }
    for (int u = 0; u < U; ++u)
        u < U - 1 || last == W ? store(out + u * W, sum[u]) : store_first(out + u * W, sum[u], last);
}

// products[i] = (A x)[i] for i in [begin, end), at most kBlock of them.
constexpr ptrdiff_t kBlock = 4 * lanes<Vec<float>>;

template <class T>
void block_of_products(T* products, MatrixView<T> A, const T* x, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t k) {
    constexpr int W = lanes<Vec<T>>;
    ptrdiff_t i = begin;
    if (A.col == 1) {
        for (; i + 4 <= end; i += 4) dot_rows<T, 4>(products + i - begin, A.at(i, 0), A.row, x, k);
        for (; i < end; ++i) dot_rows<T, 1>(products + i - begin, A.at(i, 0), A.row, x, k);
        return;
    }
    for (; end - i >= 4 * W; i += 4 * W) sum_columns<T, 4>(products + i - begin, A.at(i, 0), A.col, x, k, 4 * W);
    for (; i < end; i += W)
        sum_columns<T, 1>(products + i - begin, A.at(i, 0), A.col, x, k, std::min<ptrdiff_t>(W, end - i));
}

}  // namespace

template <class T>
void gemv(T* y, ptrdiff_t y_step, MatrixView<T> A, const T* x, ptrdiff_t x_step, ptrdiff_t m, ptrdiff_t k, T alpha,
          T beta, const T* bias, ptrdiff_t bias_step, Activation activation) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    if (x_step != 1) {
        T* packed = scratch<T>(Scratch::packed_b, k);
        for (ptrdiff_t p = 0; p < k; ++p) packed[p] = x[p * x_step];
        x = packed;
    }
    const double cost_ns = static_cast<double>(m) * static_cast<double>(k) * sizeof(T) / 20.0;
    parallel_chunks(m, kBlock, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t i = begin; i < end; i += kBlock) {
            const ptrdiff_t count = std::min(kBlock, end - i);
            alignas(64) T products[kBlock] = {};
            block_of_products(products, A, x, i, i + count, k);
            for (ptrdiff_t j = 0; j < count; ++j) {
                T z = alpha * products[j];
                if (beta != 0) z += beta * y[(i + j) * y_step];
                products[j] = bias ? z + bias[(i + j) * bias_step] : z;
            }
            if (activation != Activation::linear)
                for (ptrdiff_t j = 0; j < kBlock; j += W)
                    store(products + j, activated(load<V>(products + j), activation));
            for (ptrdiff_t j = 0; j < count; ++j) y[(i + j) * y_step] = products[j];
        }
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                                     \
    template void gemv<T>(T*, ptrdiff_t, MatrixView<T>, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t, T, T, const T*, \
                          ptrdiff_t, Activation);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
