#include "kernels/lu.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/simd.h"
#include "kernels/small.h"
#include "kernels/triangular.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kLeaf = 16;

template <class T>
void exchange_rows(T* A, ptrdiff_t ld, const ptrdiff_t* pivots, ptrdiff_t count, ptrdiff_t columns) {
    for (ptrdiff_t i = 0; i < count; ++i)
        if (pivots[i] != i) std::swap_ranges(A + i * ld, A + i * ld + columns, A + pivots[i] * ld);
}

// m × n with n ≤ kLeaf: column by column, on a copy whose rows are kLeaf apart, so that whole vectors are read and
// written.
template <class T>
ptrdiff_t factor_leaf(T* A, ptrdiff_t ld, ptrdiff_t* pivots, ptrdiff_t m, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    const Workspace<T> copy(m * kLeaf);
    T* panel = copy.data();
    for (ptrdiff_t i = 0; i < m; ++i) {
        std::copy(A + i * ld, A + i * ld + n, panel + i * kLeaf);
        std::fill(panel + i * kLeaf + n, panel + (i + 1) * kLeaf, T{0});
    }
    ptrdiff_t singular = -1;
    for (ptrdiff_t j = 0; j < std::min(m, n); ++j) {
        ptrdiff_t best = j;
        T largest = 0;
        for (ptrdiff_t i = j; i < m; ++i)
            if (std::abs(panel[i * kLeaf + j]) > largest) largest = std::abs(panel[i * kLeaf + j]), best = i;
        for (ptrdiff_t i = j; i < m && largest == 0; ++i)  // NaN after every number but zero
            if (std::isnan(panel[i * kLeaf + j])) largest = 1, best = i;
        pivots[j] = best;
        T* row = panel + j * kLeaf;
        if (best != j) std::swap_ranges(row, row + kLeaf, panel + best * kLeaf);
        const T pivot = row[j];
        if (pivot == 0) {
            if (singular < 0) singular = j;
            continue;  // the column below is zero too: nothing to eliminate
        }
        alignas(64) T right[kLeaf] = {};  // of the pivot; zeros leave the factors of the columns before as they are
        std::copy(row + j + 1, row + n, right + j + 1);
        const ptrdiff_t first = (j + 1) / W * W;
        for (ptrdiff_t i = j + 1; i < m; ++i) {
            T* below = panel + i * kLeaf;
            const T factor = below[j] /= pivot;
            for (ptrdiff_t c = first; c < kLeaf; c += W)
                store(below + c, load<V>(below + c) - broadcast<V>(factor) * load<V>(right + c));
        }
    }
    for (ptrdiff_t i = 0; i < m; ++i) std::copy(panel + i * kLeaf, panel + i * kLeaf + n, A + i * ld);
    return singular;
}

// [A1 A2], m × n: factor the left columns, carry their steps to the right ones, factor what remains.
template <class T>
ptrdiff_t factor(T* A, ptrdiff_t ld, ptrdiff_t* pivots, ptrdiff_t m, ptrdiff_t n) {
    if (n <= kLeaf) return factor_leaf(A, ld, pivots, m, n);
    const ptrdiff_t h = std::min(m, (n / 2 + kLeaf - 1) / kLeaf * kLeaf);
    T *A12 = A + h, *A21 = A + h * ld, *A22 = A21 + h;

    const ptrdiff_t left = factor(A, ld, pivots, m, h);

    exchange_rows(A12, ld, pivots, h, n - h);
    solve_triangular<T>(A12, ld, {A, ld, 1}, Triangle::lower, true, h, n - h);
    gemm<T>(A22, ld, {A21, ld, 1}, {A12, ld, 1}, m - h, n - h, h, -1, 1);

    const ptrdiff_t right = factor(A22, ld, pivots + h, m - h, n - h);
    exchange_rows(A21, ld, pivots + h, std::min(m - h, n - h), h);
    for (ptrdiff_t i = h; i < std::min(m, n); ++i) pivots[i] += h;
    return left >= 0 ? left : right >= 0 ? h + right : -1;
}

// An n × n copy of A with its pivots, factored.
template <class T>
class Factors {
  public:
    Factors(const T* A, ptrdiff_t n)
        : ld(padded_row<T>(n)), copy_(n * ld), rows_(n), lu(copy_.data()), pivots(rows_.data()) {
        for (ptrdiff_t i = 0; i < n; ++i) std::copy(A + i * n, A + (i + 1) * n, lu + i * ld);
        singular = lu_factor(lu, ld, pivots, n);
    }

    const ptrdiff_t ld;
    ptrdiff_t singular;

  private:
    Workspace<T> copy_;
    Workspace<ptrdiff_t> rows_;

  public:
    T* const lu;
    ptrdiff_t* const pivots;
};

// X holds B on entry.
template <class T>
void solve_with(const Factors<T>& f, T* X, ptrdiff_t n, ptrdiff_t m) {
    exchange_rows(X, m, f.pivots, n, m);
    solve_triangular<T>(X, m, {f.lu, f.ld, 1}, Triangle::lower, true, n, m);
    solve_triangular<T>(X, m, {f.lu, f.ld, 1}, Triangle::upper, false, n, m);
}

// X := A⁻ᵀ X for one column.
template <class T>
void solve_transposed_with(const Factors<T>& f, T* x, ptrdiff_t n) {
    solve_triangular<T>(x, 1, {f.lu, 1, f.ld}, Triangle::lower, false, n, 1);
    solve_triangular<T>(x, 1, {f.lu, 1, f.ld}, Triangle::upper, true, n, 1);
    for (ptrdiff_t i = n - 1; i >= 0; --i) std::swap(x[i], x[f.pivots[i]]);
}

// Whether the smallest pivot is so much smaller than the largest that the matrix may be near a singular one.
template <class T>
bool pivots_differ(const T* pivots, ptrdiff_t step, ptrdiff_t n) {
    T smallest = std::abs(pivots[0]), largest = smallest;
    for (ptrdiff_t i = 1; i < n; ++i) {
        smallest = std::min(smallest, std::abs(pivots[i * step]));
        largest = std::max(largest, std::abs(pivots[i * step]));
    }
    return smallest < largest * std::sqrt(std::numeric_limits<T>::epsilon());
}

// ‖A⁻¹ D‖_∞ = ‖D A⁻ᵀ‖_1 with D = diag(|A| 1), by a few solutions.
// N. Higham, "Fortran codes for estimating the one-norm of a real or complex matrix", 1988.
template <class T>
T skeel_condition(const Factors<T>& f, const T* A, ptrdiff_t n) {
    const Workspace<T> sums(n), x(n), y(n);
    for (ptrdiff_t i = 0; i < n; ++i) {
        sums.data()[i] = 0;
        for (ptrdiff_t j = 0; j < n; ++j) sums.data()[i] += std::abs(A[i * n + j]);
    }
    std::fill(x.data(), x.data() + n, T{1} / static_cast<T>(n));
    T estimate = 0;
    for (int step = 0; step < 5; ++step) {
        std::copy(x.data(), x.data() + n, y.data());
        solve_transposed_with(f, y.data(), n);
        T norm = 0;
        for (ptrdiff_t i = 0; i < n; ++i) norm += std::abs(y.data()[i] *= sums.data()[i]);
        if (step > 0 && !(norm > estimate)) break;
        estimate = norm;
        for (ptrdiff_t i = 0; i < n; ++i) y.data()[i] = std::copysign(sums.data()[i], y.data()[i]);
        solve_with(f, y.data(), n, 1);
        const T* best = std::max_element(y.data(), y.data() + n, [](T a, T b) { return std::abs(a) < std::abs(b); });
        std::fill(x.data(), x.data() + n, T{0});
        x.data()[best - y.data()] = 1;
    }
    return estimate;
}

// ‖A⁻¹ D‖_∞ itself.
template <class T, int N>
T skeel_condition(const SmallLu<T, N>& f, const T* A) {
    T scaled[N * N] = {}, product[N * N], largest = 0;
    for (int i = 0; i < N; ++i)
        for (int j = 0; j < N; ++j) scaled[i * N + i] += std::abs(A[i * N + j]);
    f.solve(product, scaled, N);
    for (int i = 0; i < N; ++i) {
        T sum = 0;
        for (int j = 0; j < N; ++j) sum += std::abs(product[i * N + j]);
        largest = std::max(largest, sum);
    }
    return largest;
}

}  // namespace

template <class T>
ptrdiff_t lu_factor(T* A, ptrdiff_t ld, ptrdiff_t* pivots, ptrdiff_t n) {
    return factor(A, ld, pivots, n, n);
}

template <class T>
ptrdiff_t solve(T* X, const T* A, const T* B, ptrdiff_t n, ptrdiff_t m, T* condition) {
    if (condition) *condition = 1;
    if (0 < n && n <= kSmall)
        return with_size(n, [=](auto size) -> ptrdiff_t {
            const SmallLu<T, size()> f(A);
            if (f.singular >= 0) return f.singular;
            f.solve(X, B, m);
            if (condition && pivots_differ(&f.a[0][0], size() + 1, n)) *condition = skeel_condition(f, A);
            return -1;
        });
    const Factors<T> f(A, n);
    if (f.singular >= 0) return f.singular;
    std::copy(B, B + n * m, X);
    solve_with(f, X, n, m);
    if (condition && n > 0 && pivots_differ(f.lu, f.ld + 1, n)) *condition = skeel_condition(f, A, n);
    return -1;
}

template <class T>
ptrdiff_t inverse(T* X, const T* A, ptrdiff_t n) {
    if (0 < n && n <= kSmall)
        return with_size(n, [=](auto size) -> ptrdiff_t {
            const SmallLu<T, size()> f(A);
            T identity[size() * size()] = {};
            for (int i = 0; i < size(); ++i) identity[i * size() + i] = 1;
            if (f.singular < 0) f.solve(X, identity, n);
            return f.singular;
        });
    const Factors<T> f(A, n);
    if (f.singular >= 0) return f.singular;
    std::fill(X, X + n * n, T{0});
    for (ptrdiff_t i = 0; i < n; ++i) X[i * n + i] = 1;
    solve_with(f, X, n, n);
    return -1;
}

template <class T>
void slogdet(T* sign, T* logarithm, const T* A, ptrdiff_t n) {
    const Factors<T> f(A, n);
    if (f.singular >= 0) {
        *sign = 0;
        *logarithm = -std::numeric_limits<T>::infinity();
        return;
    }
    *sign = 1;
    *logarithm = 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        const T pivot = f.lu[i * f.ld + i];
        if ((f.pivots[i] != i) != (pivot < 0)) *sign = -*sign;
        *logarithm += std::log(std::abs(pivot));
    }
}

template <class T>
T determinant(const T* A, ptrdiff_t n) {
    if (0 < n && n <= kSmall) {
        const T product = with_size(n, [=](auto size) -> T {
            const SmallLu<T, size()> f(A);
            T value = f.odd ? -1 : 1;
            for (int i = 0; i < size(); ++i) value *= f.a[i][i];
            return value;
        });
        if (std::isnormal(product)) return product;  // otherwise it may have over- or underflown on the way
    }
    const Factors<T> f(A, n);
    // Mantissa and exponent apart: the product of some of the pivots may overflow where that of all does not.
    T mantissa = 1;
    long exponent = 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        int shift = 0;
        mantissa = std::frexp(mantissa * (f.pivots[i] != i ? -1 : 1), &shift);
        exponent += shift;
        const T pivot = std::frexp(f.lu[i * f.ld + i], &shift);
        exponent += shift;
        mantissa *= pivot;
    }
    constexpr long limit = 4 * std::numeric_limits<T>::max_exponent;
    return std::ldexp(mantissa, static_cast<int>(std::clamp(exponent, -limit, limit)));
}

#define MMLCORE_INSTANTIATE(T)                                                     \
    template ptrdiff_t lu_factor<T>(T*, ptrdiff_t, ptrdiff_t*, ptrdiff_t);         \
    template ptrdiff_t solve<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t, T*); \
    template ptrdiff_t inverse<T>(T*, const T*, ptrdiff_t);                        \
    template void slogdet<T>(T*, T*, const T*, ptrdiff_t);                         \
    template T determinant<T>(const T*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
