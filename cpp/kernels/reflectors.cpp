#include "kernels/reflectors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/gemm_pack.h"
#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {

template <class T>
T make_reflector(T* x, ptrdiff_t n) {
    if (n < 2) return 0;
    const T rest = length(x + 1, n - 1);
    if (rest == 0) return 0;
    const T beta = -std::copysign(std::hypot(x[0], rest), x[0]);
    constexpr T safe = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    if (std::abs(beta) < safe) {  // subnormal numbers have no digits to spare
        scale(x, 1 / safe, n);
        const T tau = make_reflector(x, n);
        x[0] *= safe;
        return tau;
    }
    const T tau = (beta - x[0]) / beta;
    scale(x + 1, 1 / (x[0] - beta), n - 1);  // no cancellation: the signs differ
    x[0] = beta;
    return tau;
}

template <class T>
void form_t(T* t, ptrdiff_t ldt, const T* V, ptrdiff_t ldv, const T* tau, ptrdiff_t m, ptrdiff_t b) {
    // t_jj = τ_j, t_{0…j, j} = -τ_j T_{0…j, 0…j} (V_{0…j}ᵀ v_j); first all the products VᵀV at once.
    syrk<T>(t, ldt, {V, ldv, 1}, Triangle::lower, b, m);  // row-major's lower triangle is the upper one here
    for (ptrdiff_t j = 0; j < b; ++j) {
        T* column = t + j * ldt;
        for (ptrdiff_t i = 0; i < j; ++i) {  // row i of T reads what stands at and below it: in place from the top
            T sum = 0;
            for (ptrdiff_t p = i; p < j; ++p) sum += t[p * ldt + i] * column[p];
            column[i] = -tau[j] * sum;
        }
        column[j] = tau[j];
        std::fill(column + j + 1, column + b, T{0});
    }
}

template <class T>
void apply_block(T* C, ptrdiff_t ldc, const T* V, ptrdiff_t ldv, const T* t, ptrdiff_t ldt, bool transposed,
                 ptrdiff_t m, ptrdiff_t n, ptrdiff_t b) {
    if (m == 0 || n == 0 || b == 0) return;
    const Workspace<T> products(n * b), weighted(n * b);
    const MatrixView<T> v{V, 1, ldv}, factor{t, 1, ldt};
    gemm_columns<T>(products.data(), b, v.transposed(), {C, 1, ldc}, b, n, m, 1, 0);
    gemm_columns<T>(weighted.data(), b, transposed ? factor.transposed() : factor, {products.data(), 1, b}, b, n, b, 1,
                    0);
    gemm_columns<T>(C, ldc, v, {weighted.data(), 1, b}, m, n, b, -1, 1);
}

template <class T>
void apply_reflectors(T* C, ptrdiff_t ldc, const T* V, ptrdiff_t ldv, const T* tau, ptrdiff_t m, ptrdiff_t n,
                      ptrdiff_t count) {
    const Workspace<T> t(kReflectorBlock * kReflectorBlock);
    for (ptrdiff_t first = (count - 1) / kReflectorBlock * kReflectorBlock; first >= 0; first -= kReflectorBlock) {
        const ptrdiff_t b = std::min(kReflectorBlock, count - first);
        const T* block = V + first * ldv + first;
        form_t(t.data(), b, block, ldv, tau + first, m - first, b);
        apply_block(C + first, ldc, block, ldv, t.data(), b, false, m - first, n, b);
    }
}

template <class T>
void transpose_copy(T* to, ptrdiff_t ld_to, const T* from, ptrdiff_t ld_from, ptrdiff_t rows, ptrdiff_t cols,
                    T factor) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    const double cost_ns = static_cast<double>(rows) * static_cast<double>(cols) * sizeof(T) / 8;
    parallel_for((rows + W - 1) / W, cost_ns, [=](ptrdiff_t strip) {
        const ptrdiff_t i = strip * W, height = std::min(W, rows - i);
        ptrdiff_t j = 0;
        for (; height == W && j + W <= cols; j += W) {
            V block[W];
#pragma GCC unroll 16
            for (ptrdiff_t r = 0; r < W; ++r) block[r] = factor * load<V>(from + (i + r) * ld_from + j);
            detail::transpose(block);
#pragma GCC unroll 16
            for (ptrdiff_t r = 0; r < W; ++r) store(to + (j + r) * ld_to + i, block[r]);
        }
        for (; j < cols; ++j)
            for (ptrdiff_t r = 0; r < height; ++r) to[j * ld_to + i + r] = factor * from[(i + r) * ld_from + j];
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                                        \
    template T make_reflector<T>(T*, ptrdiff_t);                                                                      \
    template void form_t<T>(T*, ptrdiff_t, const T*, ptrdiff_t, const T*, ptrdiff_t, ptrdiff_t);                      \
    template void apply_block<T>(T*, ptrdiff_t, const T*, ptrdiff_t, const T*, ptrdiff_t, bool, ptrdiff_t, ptrdiff_t, \
                                 ptrdiff_t);                                                                          \
    template void apply_reflectors<T>(T*, ptrdiff_t, const T*, ptrdiff_t, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    template void transpose_copy<T>(T*, ptrdiff_t, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t, T);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
