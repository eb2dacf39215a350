// Singular value decomposition A = U Σ Vᵀ.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// U (m × m, or m × r when thin), S (r values, falling), Vt (n × n, or r × n), r = min(m, n); U and Vt may both be
// null. All row-major. False where A is not finite.
template <class T>
bool svd(T* U, T* S, T* Vt, const T* A, ptrdiff_t m, ptrdiff_t n, bool thin);

inline double svd_cost_ns(ptrdiff_t m, ptrdiff_t n) {
    const double r = static_cast<double>(m < n ? m : n);
    return 500 * r + static_cast<double>(m) * static_cast<double>(n) * r / 2;
}

}  // namespace mmlcore
