// QR factorisation A = Q R by Householder reflectors.
#pragma once

#include "kernels/reflectors.h"

namespace mmlcore {

// A (m × n, contiguous columns) becomes R on and above the diagonal, the reflectors' tails below it;
// tau: min(m, n) values. t, unless null, receives the T of every block of kReflectorBlock reflectors, one after
// another.
template <class T>
void qr_factor(T* A, ptrdiff_t ld, T* tau, ptrdiff_t m, ptrdiff_t n, T* t = nullptr);

// V (m × count) with explicit zeros and ones from what qr_factor left in A, in place: R is lost.
template <class T>
void make_explicit(T* A, ptrdiff_t ld, ptrdiff_t count);

// Q (m × q_cols) and R (q_cols × n) of A (m × n), all row-major; q_cols is min(m, n) or m. Q may be null.
template <class T>
void qr(T* Q, T* R, const T* A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t q_cols);

// What qr_factor makes of row-major A, transposed as LAPACK's geqrf leaves it: H (n × m, row-major).
template <class T>
void qr_raw(T* H, T* tau, const T* A, ptrdiff_t m, ptrdiff_t n);

// R (n + k × n + k, row-major, upper triangular, zeros below) of the QR factorisation of [A B], A (m × n), B (m × k):
// block of rows after block of rows, so that tall matrices are read once. With Q₁ the first n columns of Q,
// R = [R₁ Q₁ᵀB; 0 R₂] and the columns of R₂ are as long as the least squares residuals.
template <class T>
void triangular_factor(T* R, MatrixView<T> A, MatrixView<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

inline double qr_cost_ns(ptrdiff_t m, ptrdiff_t n) {
    const double r = static_cast<double>(m < n ? m : n);
    return 100 + 2 * static_cast<double>(m) * static_cast<double>(n) * r / 15;
}

}  // namespace mmlcore
