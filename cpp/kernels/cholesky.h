// Cholesky factorisation A = L Lᵀ of a symmetric positive definite matrix.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// L (n × n, row-major, zeros above the diagonal) from the lower triangle of A (n × n, row-major).
// Returns -1, or the index of the first pivot that is not positive; its value then stands in L at [pivot, pivot] and
// the rest of L means nothing. A pivot that is NaN is no failure: what depends on it is NaN, as in LAPACK.
template <class T>
ptrdiff_t cholesky(T* L, const T* A, ptrdiff_t n);

inline double cholesky_cost_ns(ptrdiff_t n) {
    const double size = static_cast<double>(n);
    return 20 * size + size * size * size / 3 / 15;
}

}  // namespace mmlcore
