#include "kernels/gemv.h"

#include <algorithm>

#include "kernels/activation_functions.h"
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

// Columns lie contiguous: out(count) += Σ x_p a_p over R columns a_p, which are read side by side from end to end, as
// memory likes it best; out stays in the first-level cache.
template <class T, int R>
void add_columns(T* out, const T* a, ptrdiff_t lda, const T* x, ptrdiff_t count) {
    using V = Vec<T>;
    for_each_vector<V>(0, count, [=](ptrdiff_t i, auto lanes_here) {
        V sum = load_lanes<V>(out + i, lanes_here);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum += broadcast<V>(x[r]) * load_lanes<V>(a + r * lda + i, lanes_here);
        store_lanes(out + i, sum, lanes_here);
    });
}

// products[i] = (A x)[begin + i] for i < count.
template <class T>
void block_of_products(T* products, MatrixView<T> A, const T* x, ptrdiff_t begin, ptrdiff_t count, ptrdiff_t k) {
    if (A.col == 1) {
        ptrdiff_t i = 0;
        for (; i + 4 <= count; i += 4) dot_rows<T, 4>(products + i, A.at(begin + i, 0), A.row, x, k);
        for (; i < count; ++i) dot_rows<T, 1>(products + i, A.at(begin + i, 0), A.row, x, k);
        return;
    }
    std::fill_n(products, count, T{0});
    ptrdiff_t p = 0;
    for (; p + 8 <= k; p += 8) add_columns<T, 8>(products, A.at(begin, p), A.col, x + p, count);
    for (; p < k; ++p) add_columns<T, 1>(products, A.at(begin, p), A.col, x + p, count);
}

}  // namespace

template <class T>
void gemv(T* y, ptrdiff_t y_step, MatrixView<T> A, const T* x, ptrdiff_t x_step, ptrdiff_t m, ptrdiff_t k, T alpha,
          T beta, const T* bias, ptrdiff_t bias_step, Activation activation) {
    const Workspace<T> contiguous(x_step == 1 ? 0 : k);
    if (x_step != 1) {
        for (ptrdiff_t p = 0; p < k; ++p) contiguous.data()[p] = x[p * x_step];
        x = contiguous.data();
    }
    constexpr ptrdiff_t kBlock = 1024;  // products at a time
    const ptrdiff_t grain = A.col == 1 ? 64 : kBlock / 2;
    const double cost_ns = static_cast<double>(m) * static_cast<double>(k) * sizeof(T) / 20.0;
    parallel_chunks(m, grain, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        alignas(64) T products[kBlock];
        for (ptrdiff_t i = begin; i < end; i += kBlock) {
            const ptrdiff_t count = std::min(kBlock, end - i);
            block_of_products(products, A, x, i, count, k);
            T* to = y + i * y_step;
            const T* add = bias ? bias + i * bias_step : nullptr;
            if (alpha != 1)
                for (ptrdiff_t j = 0; j < count; ++j) products[j] *= alpha;
            if (beta != 0)
                for (ptrdiff_t j = 0; j < count; ++j) products[j] += beta * to[j * y_step];
            if (add)
                for (ptrdiff_t j = 0; j < count; ++j) products[j] += add[j * bias_step];
            if (activation != Activation::linear)
                for_each_vector<Vec<T>>(0, count, [&](ptrdiff_t j, auto here) {
                    store_lanes(products + j, activated(load_lanes<Vec<T>>(products + j, here), activation), here);
                });
            for (ptrdiff_t j = 0; j < count; ++j) to[j * y_step] = products[j];
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
