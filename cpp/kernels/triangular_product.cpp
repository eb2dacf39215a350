#include <algorithm>
#include <type_traits>

#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kLeaf = 32;  // above it the matrix product carries the work

// A small triangle, close together.
template <class T>
struct Leaf {
    T a[kLeaf * kLeaf];
    T diagonal[kLeaf];
};

// The product on U vectors' worth of columns: x_j := Σ_p a_jp x_p, each row before those that it is made of change.
template <class T, int U>
void multiply(T* X, ptrdiff_t ldx, const Leaf<T>& leaf, bool upper, ptrdiff_t n, ptrdiff_t columns) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    const ptrdiff_t last = columns - (U - 1) * W;
    auto read = [last](const T* p, int u) {
        return u < U - 1 || last == W ? load<V>(p + u * W) : load_first<V>(p + u * W, last);
    };
    for (ptrdiff_t step = 0; step < n; ++step) {
        const ptrdiff_t j = upper ? step : n - 1 - step;
        const V diagonal = broadcast<V>(leaf.diagonal[j]);
        V sum[U];
#pragma GCC unroll 4
        for (int u = 0; u < U; ++u) sum[u] = diagonal * read(X + j * ldx, u);
        for (ptrdiff_t other = step + 1; other < n; ++other) {
            const ptrdiff_t p = upper ? other : n - 1 - other;
            const V factor = broadcast<V>(leaf.a[j * kLeaf + p]);
#pragma GCC unroll 4
            for (int u = 0; u < U; ++u) sum[u] += factor * read(X + p * ldx, u);
        }
#pragma GCC unroll 4
        for (int u = 0; u < U; ++u) {
            T* to = X + j * ldx + u * W;
            u < U - 1 || last == W ? store(to, sum[u]) : store_first(to, sum[u], last);
        }
    }
}

// The triangle of A, n at most kLeaf.
template <class T>
Leaf<T> leaf_of(MatrixView<T> A, bool upper, bool unit_diagonal, ptrdiff_t n) {
    Leaf<T> leaf;
    for (ptrdiff_t i = 0; i < n; ++i) {
        const ptrdiff_t first = upper ? i + 1 : 0, end = upper ? n : i;
        for (ptrdiff_t p = first; p < end; ++p) leaf.a[i * kLeaf + p] = *A.at(i, p);
        leaf.diagonal[i] = unit_diagonal ? T{1} : *A.at(i, i);
    }
    return leaf;
}

// run(first column, columns, four vectors at once or one) over the columns of X, in parallel.
template <class T, class Run>
void over_columns(ptrdiff_t n, ptrdiff_t m, Run&& run) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    const double cost_ns = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(m) * sizeof(T) / 100;
    parallel_chunks(m, 4 * W, cost_ns, [&](ptrdiff_t begin, ptrdiff_t end) {
        ptrdiff_t j = begin;
        for (; j + 4 * W <= end; j += 4 * W) run(j, 4 * W, std::true_type{});
        for (; j < end; j += W) run(j, std::min<ptrdiff_t>(W, end - j), std::false_type{});
    });
}

}  // namespace

template <class T>
void triangular_product(T* X, ptrdiff_t ldx, MatrixView<T> A, Triangle triangle, bool unit_diagonal, ptrdiff_t n,
                        ptrdiff_t m) {
    if (n == 0 || m == 0) return;
    const bool upper = triangle == Triangle::upper;
    if (n <= kLeaf) {
        const Leaf<T> leaf = leaf_of(A, upper, unit_diagonal, n);
        over_columns<T>(n, m, [&](ptrdiff_t j, ptrdiff_t columns, auto four) {
            multiply<T, four ? 4 : 1>(X + j, ldx, leaf, upper, n, columns);
        });
        return;
    }
    // The half that is made of both halves comes first, while the other still holds what was there.
    const ptrdiff_t h = (n / 2 + kLeaf - 1) / kLeaf * kLeaf;
    T* X2 = X + h * ldx;
    if (upper) {
        triangular_product(X, ldx, A, triangle, unit_diagonal, h, m);
        gemm<T>(X, ldx, A.from(0, h), {X2, ldx, 1}, h, m, n - h, 1, 1);
        triangular_product(X2, ldx, A.from(h, h), triangle, unit_diagonal, n - h, m);
    } else {
        triangular_product(X2, ldx, A.from(h, h), triangle, unit_diagonal, n - h, m);
        gemm<T>(X2, ldx, A.from(h, 0), {X, ldx, 1}, n - h, m, h, 1, 1);
        triangular_product(X, ldx, A, triangle, unit_diagonal, h, m);
    }
}

template void triangular_product<float>(float*, ptrdiff_t, MatrixView<float>, Triangle, bool, ptrdiff_t, ptrdiff_t);
template void triangular_product<double>(double*, ptrdiff_t, MatrixView<double>, Triangle, bool, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
