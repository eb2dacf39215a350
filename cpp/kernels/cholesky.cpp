#include "kernels/cholesky.h"

#include <algorithm>
#include <cmath>

#include "kernels/gemm_pack.h"
#include "kernels/simd.h"
#include "kernels/small.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"
#include "kernels/workspace.h"

// The work is done on U = Lᵀ, row-major: then every row operation runs along contiguous memory.

namespace mmlcore {
namespace {

constexpr ptrdiff_t kLeaf = 32;

// Row by row: u_jj = √a_jj, u_j· = a_j· / u_jj, and its outer product leaves the rows below.
template <class T>
ptrdiff_t factor_leaf(T* U, ptrdiff_t ld, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    for (ptrdiff_t j = 0; j < n; ++j) {
        T* row = U + j * ld;
        const T pivot = row[j];
        if (!(pivot > 0)) return j;
        const T root = std::sqrt(pivot), scale = 1 / root;
        row[j] = root;
        for (ptrdiff_t i = j + 1; i < n; ++i) row[i] *= scale;
        for (ptrdiff_t i = j + 1; i < n; ++i) {
            T* below = U + i * ld;
            const V factor = broadcast<V>(row[i]);
            ptrdiff_t c = i;
            for (; c + W <= n; c += W) store(below + c, load<V>(below + c) - factor * load<V>(row + c));
            if (c < n)
                store_first(below + c, load_first<V>(below + c, n - c) - factor * load_first<V>(row + c, n - c), n - c);
        }
    }
    return -1;
}

// A = [A11 A12; · A22], U = [U11 U12; 0 U22]: U11ᵀU11 = A11, U11ᵀU12 = A12, U22ᵀU22 = A22 - U12ᵀU12.
template <class T>
ptrdiff_t factor(T* U, ptrdiff_t ld, ptrdiff_t n) {
    if (n <= kLeaf) return factor_leaf(U, ld, n);
    const ptrdiff_t h = (n / 2 + kLeaf - 1) / kLeaf * kLeaf;
    T *U12 = U + h, *U22 = U + h * ld + h;

    const ptrdiff_t pivot = factor(U, ld, h);
    if (pivot >= 0) return pivot;

    solve_triangular<T>(U12, ld, {U, 1, ld}, Triangle::lower, false, h, n - h);

    const MatrixView<T> right{U12, ld, 1};
    syrk<T>(U22, ld, right.transposed(), Triangle::upper, n - h, h, -1, 1);

    const ptrdiff_t below = factor(U22, ld, n - h);
    return below < 0 ? -1 : h + below;
}

// to(j, i) = from(i, j) for the blocks that touch the stated triangle of `from`.
template <class T>
void transpose_triangle(T* to, ptrdiff_t ld_to, const T* from, ptrdiff_t ld_from, ptrdiff_t n, Triangle triangle) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    const double cost_ns = static_cast<double>(n) * static_cast<double>(n) * sizeof(T) / 16;
    const ptrdiff_t blocks = (n + W - 1) / W;
    parallel_for(blocks, cost_ns, [=](ptrdiff_t bi) {
        const ptrdiff_t i = bi * W;
        const ptrdiff_t first = triangle == Triangle::lower ? 0 : i, end = triangle == Triangle::lower ? i + 1 : n;
        for (ptrdiff_t j = first; j < end; j += W) {
            const T* source = from + i * ld_from + j;
            T* target = to + j * ld_to + i;
            if (i + W <= n && j + W <= n) {
                V block[W];
#pragma GCC unroll 16
                for (ptrdiff_t r = 0; r < W; ++r) block[r] = load<V>(source + r * ld_from);
                detail::transpose(block);
#pragma GCC unroll 16
                for (ptrdiff_t r = 0; r < W; ++r) store(target + r * ld_to, block[r]);
            } else {
                for (ptrdiff_t r = 0; r < std::min(W, n - i); ++r)
                    for (ptrdiff_t c = 0; c < std::min(W, n - j); ++c) target[c * ld_to + r] = source[r * ld_from + c];
            }
        }
    });
}

}  // namespace

template <class T>
ptrdiff_t cholesky(T* L, const T* A, ptrdiff_t n) {
    if (0 < n && n <= kSmall) return with_size(n, [=](auto size) { return small_cholesky<T, size()>(L, A); });
    const ptrdiff_t ld = padded_row<T>(n);
    const Workspace<T> copy(n * ld);
    T* U = copy.data();
    transpose_triangle(U, ld, A, n, n, Triangle::lower);
    const ptrdiff_t pivot = factor(U, ld, n);
    if (pivot >= 0) {
        L[pivot * n + pivot] = U[pivot * ld + pivot];
        return pivot;
    }
    transpose_triangle(L, n, U, ld, n, Triangle::upper);
    for (ptrdiff_t i = 0; i < n; ++i) std::fill(L + i * n + i + 1, L + (i + 1) * n, T{0});
    return -1;
}

template ptrdiff_t cholesky<float>(float*, const float*, ptrdiff_t);
template ptrdiff_t cholesky<double>(double*, const double*, ptrdiff_t);

}  // namespace mmlcore
