#include "kernels/cholesky.h"

#include <algorithm>
#include <cmath>

#include "kernels/simd.h"
#include "kernels/small.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kLeaf = 32;
constexpr ptrdiff_t kPivots = 4;  // rows that are taken from those below together

// U = Lᵀ of n ≤ kLeaf rows, row-major, kLeaf apart. Row j: u_jj = √a_jj, u_j· = a_j· / u_jj, less u_jᵀu_j below.
// Vectors may begin left of the diagonal and end right of column n: what stands there is not read.
template <class T>
ptrdiff_t factor_leaf(T* U, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    auto subtract = [U, n](ptrdiff_t from, ptrdiff_t count, ptrdiff_t row) {
        T* below = U + row * kLeaf;
        const T* pivots = U + from * kLeaf;
        for (ptrdiff_t c = row / W * W; c < n; c += W) {
            V sum = load<V>(below + c);
            for (ptrdiff_t p = 0; p < count; ++p)
                sum -= broadcast<V>(pivots[p * kLeaf + row]) * load<V>(pivots + p * kLeaf + c);
            store(below + c, sum);
        }
    };
    for (ptrdiff_t first = 0; first < n; first += kPivots) {
        const ptrdiff_t end = std::min(first + kPivots, n);
        for (ptrdiff_t j = first; j < end; ++j) {
            if (j > first) subtract(first, j - first, j);
            T* row = U + j * kLeaf;
            const T pivot = row[j];
            if (pivot <= 0) return j;
            const T root = std::sqrt(pivot);
            const V scale = broadcast<V>(1 / root);
            for (ptrdiff_t c = j / W * W; c < n; c += W) store(row + c, load<V>(row + c) * scale);
            row[j] = root;
        }
        for (ptrdiff_t i = end; i < n; ++i) subtract(first, kPivots, i);
    }
    return -1;
}

// The same for L, which is transposed there and back.
template <class T>
ptrdiff_t factor_small(T* L, ptrdiff_t ld, ptrdiff_t n) {
    alignas(64) T U[kLeaf * kLeaf] = {};
    for (ptrdiff_t i = 0; i < n; ++i)
        for (ptrdiff_t j = 0; j <= i; ++j) U[j * kLeaf + i] = L[i * ld + j];
    const ptrdiff_t pivot = factor_leaf(U, n);
    const ptrdiff_t rows = pivot < 0 ? n : pivot + 1;
    for (ptrdiff_t i = 0; i < rows; ++i)
        for (ptrdiff_t j = 0; j <= i; ++j) L[i * ld + j] = U[j * kLeaf + i];
    return pivot;
}

// A = [A11 ·; A21 A22], L = [L11 0; L21 L22]: L11 L11ᵀ = A11, L21 L11ᵀ = A21, L22 L22ᵀ = A22 - L21 L21ᵀ.
template <class T>
ptrdiff_t factor(T* L, ptrdiff_t ld, ptrdiff_t n) {
    if (n <= kLeaf) return factor_small(L, ld, n);
    const ptrdiff_t h = (n / 2 + kLeaf - 1) / kLeaf * kLeaf;
    T *L21 = L + h * ld, *L22 = L21 + h;

    const ptrdiff_t pivot = factor(L, ld, h);
    if (pivot >= 0) return pivot;

    solve_lower_from_right<T>(L21, ld, {L, ld, 1}, h, n - h);
    syrk<T>(L22, ld, {L21, ld, 1}, Triangle::lower, n - h, h, -1, 1);

    const ptrdiff_t below = factor(L22, ld, n - h);
    return below < 0 ? -1 : h + below;
}

// to = from, lower triangle, row by row; `zeros` also writes those above the diagonal.
template <class T>
void copy_triangle(T* to, ptrdiff_t ld_to, const T* from, ptrdiff_t ld_from, ptrdiff_t n, bool zeros) {
    const double cost_ns = static_cast<double>(n) * static_cast<double>(n) * sizeof(T) / 16;
    parallel_chunks(n, 16, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t i = begin; i < end; ++i) {
            std::copy(from + i * ld_from, from + i * ld_from + i + 1, to + i * ld_to);
            if (zeros) std::fill(to + i * ld_to + i + 1, to + i * ld_to + n, T{0});
        }
    });
}

}  // namespace

template <class T>
ptrdiff_t cholesky(T* L, const T* A, ptrdiff_t n) {
    if (0 < n && n <= kSmall) return with_size(n, [=](auto size) { return small_cholesky<T, size()>(L, A); });
    // Where every row begins with a cache line L itself is the place to work; otherwise a copy whose rows do.
    if (n % (64 / static_cast<ptrdiff_t>(sizeof(T))) == 0) {
        copy_triangle(L, n, A, n, n, true);
        return factor(L, n, n);
    }
    const ptrdiff_t ld = padded_row<T>(n);
    const Workspace<T> copy(n * ld);
    copy_triangle(copy.data(), ld, A, n, n, false);
    const ptrdiff_t pivot = factor(copy.data(), ld, n);
    if (pivot >= 0)
        L[pivot * n + pivot] = copy.data()[pivot * ld + pivot];
    else
        copy_triangle(L, n, copy.data(), ld, n, true);
    return pivot;
}

template ptrdiff_t cholesky<float>(float*, const float*, ptrdiff_t);
template ptrdiff_t cholesky<double>(double*, const double*, ptrdiff_t);

}  // namespace mmlcore
