#include "kernels/svd.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/bidiagonal.h"
#include "kernels/bidiagonal_svd.h"
#include "kernels/qr.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// Square A (n × n, contiguous columns, destroyed): values, and with `left` the singular vectors, left and right,
// with contiguous columns (leading dimension ld).
template <class T>
void square_svd(T* values, T* left, T* right, T* A, ptrdiff_t ld, ptrdiff_t n) {
    const bool vectors = left != nullptr;
    const Workspace<T> d(n), e(n), tau_v(n), tau_u(n), V(vectors ? n * ld : 0), U(vectors ? n * ld : 0);
    bidiagonalise(d.data(), e.data(), vectors ? V.data() : nullptr, ld, tau_v.data(), vectors ? U.data() : nullptr, ld,
                  tau_u.data(), A, ld, n);
    bidiagonal_svd(values, left, right, ld, d.data(), e.data(), n);
    if (!vectors) return;
    apply_reflectors(left, ld, V.data(), ld, tau_v.data(), n, n, n);
    apply_reflectors(right + 1, ld, U.data(), ld, tau_u.data(), n - 1, n, n - 1);
}

// Tall A (m × n, m ≥ n, contiguous columns, destroyed); left: m × left_cols, left_cols n or m, leading dimension ld.
template <class T>
void tall_svd(T* values, T* left, ptrdiff_t left_cols, T* right, ptrdiff_t ld_right, T* A, ptrdiff_t ld, ptrdiff_t m,
              ptrdiff_t n) {
    if (m == n) {
        square_svd(values, left, right, A, ld, n);
        return;
    }
    // A = Q R first, and the vectors of R.
    const Workspace<T> tau(n), R(n * ld_right), of_r(left ? n * ld_right : 0);
    qr_factor(A, ld, tau.data(), m, n);
    for (ptrdiff_t j = 0; j < n; ++j) {
        std::copy_n(A + j * ld, j + 1, R.data() + j * ld_right);
        std::fill(R.data() + j * ld_right + j + 1, R.data() + j * ld_right + n, T{0});
    }
    square_svd(values, left ? of_r.data() : nullptr, right, R.data(), ld_right, n);
    if (!left) return;
    for (ptrdiff_t j = 0; j < left_cols; ++j) {
        std::fill(left + j * ld, left + j * ld + m, T{0});
        if (j < n)
            std::copy_n(of_r.data() + j * ld_right, n, left + j * ld);
        else
            left[j * ld + j] = 1;
    }
    make_explicit(A, ld, n);
    apply_reflectors(left, ld, A, ld, tau.data(), m, left_cols, n);
}

template <class T>
void copy_rows(T* to, ptrdiff_t ld_to, const T* from, ptrdiff_t ld_from, ptrdiff_t rows, ptrdiff_t cols) {
    for (ptrdiff_t i = 0; i < rows; ++i) std::copy_n(from + i * ld_from, cols, to + i * ld_to);
}

// Any orthonormal bases and zeros.
template <class T>
void svd_of_zero(T* U, T* S, T* Vt, ptrdiff_t m, ptrdiff_t n, bool thin) {
    const ptrdiff_t r = std::min(m, n), u_cols = thin ? r : m, vt_rows = thin ? r : n;
    std::fill(S, S + r, T{0});
    if (!U) return;
    std::fill(U, U + m * u_cols, T{0});
    std::fill(Vt, Vt + vt_rows * n, T{0});
    for (ptrdiff_t i = 0; i < u_cols; ++i) U[i * u_cols + i] = 1;
    for (ptrdiff_t i = 0; i < vt_rows; ++i) Vt[i * n + i] = 1;
}

}  // namespace

template <class T>
bool svd(T* U, T* S, T* Vt, const T* A, ptrdiff_t m, ptrdiff_t n, bool thin) {
    const T largest = largest_finite_magnitude(A, m * n);
    if (std::isnan(largest)) return false;
    if (largest == 0) {
        svd_of_zero(U, S, Vt, m, n, thin);
        return true;
    }
    // Tall with contiguous columns: A transposed in memory; or, as it lies, Aᵀ = V Σ Uᵀ.
    const T factor = power_of_two_scale(largest);
    const bool tall = m >= n;
    const ptrdiff_t rows = std::max(m, n), cols = std::min(m, n), left_cols = thin ? cols : rows;
    const ptrdiff_t ld = padded_row<T>(rows), ld_right = padded_row<T>(cols);
    const Workspace<T> work(cols * ld), left(U ? left_cols * ld : 0), right(U ? cols * ld_right : 0);
    if (tall) {
        transpose_copy(work.data(), ld, A, n, m, n, factor);
    } else {
        copy_rows(work.data(), ld, A, n, m, n);
        for (ptrdiff_t i = 0; i < m; ++i) scale(work.data() + i * ld, factor, n);
    }
    tall_svd(S, U ? left.data() : nullptr, left_cols, right.data(), ld_right, work.data(), ld, rows, cols);
    for (ptrdiff_t i = 0; i < cols; ++i) S[i] /= factor;
    if (!U) return true;
    if (tall) {
        transpose_copy(U, left_cols, left.data(), ld, left_cols, m);
        copy_rows(Vt, n, right.data(), ld_right, n, n);
    } else {
        transpose_copy(U, m, right.data(), ld_right, m, m);
        copy_rows(Vt, n, left.data(), ld, left_cols, n);
    }
    return true;
}

template bool svd<float>(float*, float*, float*, const float*, ptrdiff_t, ptrdiff_t, bool);
template bool svd<double>(double*, double*, double*, const double*, ptrdiff_t, ptrdiff_t, bool);

}  // namespace mmlcore
