// Residuals in twice the working precision, for iterative refinement.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// R (m × k, row-major) = B - A X, A (m × n), X (n × k, row-major), B (m × k, row-major), rounded once at the end.
template <class T>
void precise_residual(T* R, MatrixView<T> A, const T* X, const T* B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

}  // namespace mmlcore
