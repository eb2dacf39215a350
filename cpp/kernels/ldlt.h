// Factorisation of a symmetric matrix that need not be definite.
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// P A Pᵀ = L D Lᵀ with rook pivoting: L (n × n, row-major) unit lower triangular, D (n × n)
// diagonal but for 2 × 2 blocks, row i of P A being row order[i] of A. Only A's lower triangle is read; |l_ij| is
// bounded whatever A is.
template <class T>
void ldlt(T* L, T* D, ptrdiff_t* order, const T* A, ptrdiff_t n);

inline double ldlt_cost_ns(ptrdiff_t n) {
    const double size = static_cast<double>(n);
    return 100 * size + size * size * size / 3 / 4;
}

}  // namespace mmlcore
