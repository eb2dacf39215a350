// LU factorisation with partial pivoting, P A = L U, and what follows from it.
//
// Each returns -1, or the index of the first pivot that is exactly zero (the matrix is singular).
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// A (n × n, row-major, leading dimension ld) becomes L below the diagonal (ones on it) and U on and above; row i was
// exchanged with row pivots[i] ≥ i in step i.
template <class T>
ptrdiff_t lu_factor(T* A, ptrdiff_t ld, ptrdiff_t* pivots, ptrdiff_t n);

// X (n × m) = A⁻¹ B. condition: an estimate from below of Skeel's condition number ‖|A⁻¹| |A|‖_∞, which the scale of
// rows does not change; 1 where the pivots are too much alike for it to be large. May be null.
template <class T>
ptrdiff_t solve(T* X, const T* A, const T* B, ptrdiff_t n, ptrdiff_t m, T* condition = nullptr);

// X (n × n) = A⁻¹.
template <class T>
ptrdiff_t inverse(T* X, const T* A, ptrdiff_t n);

// det A = sign · exp(logarithm); sign 0 and logarithm -∞ for a singular matrix.
template <class T>
void slogdet(T* sign, T* logarithm, const T* A, ptrdiff_t n);

// det A: the product of the pivots; 0 for a singular matrix.
template <class T>
T determinant(const T* A, ptrdiff_t n);

inline double lu_cost_ns(ptrdiff_t n, ptrdiff_t m) {
    const double size = static_cast<double>(n);
    return 10 + 20 * size + size * size * (2 * size / 3 + 2 * static_cast<double>(m)) / 15;
}

}  // namespace mmlcore
