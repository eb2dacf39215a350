// Eigenvalues and eigenvectors of a symmetric matrix, A = V diag(values) Vᵀ.
#pragma once

#include "kernels/triangular.h"

namespace mmlcore {

// values (n, rising) and V (n × n, row-major, eigenvectors in columns; may be null) from the stated triangle of A
// (n × n, row-major). False where A is not finite.
template <class T>
bool symmetric_eigen(T* values, T* V, const T* A, Triangle triangle, ptrdiff_t n);

inline double symmetric_eigen_cost_ns(ptrdiff_t n) {
    const double size = static_cast<double>(n);
    return 300 * size + size * size * size / 4;
}

}  // namespace mmlcore
