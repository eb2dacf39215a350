// Reduction of a square matrix to upper bidiagonal form, A = Q B Pᵀ.
#pragma once

#include "kernels/reflectors.h"

namespace mmlcore {

// A (n × n, contiguous columns) is destroyed. d (n) and e (n - 1) become B's diagonal and superdiagonal.
// Q = H_0 … H_{n-1}: reflector j is column j of V (n × n, explicit), tau_v (n). P is 1 ⊕ G_0 … G_{n-2}: reflector j
// is column j of U (n - 1 × n - 1, explicit), tau_u (n - 1). V and U may both be null.
template <class T>
void bidiagonalise(T* d, T* e, T* V, ptrdiff_t ldv, T* tau_v, T* U, ptrdiff_t ldu, T* tau_u, T* A, ptrdiff_t ld,
                   ptrdiff_t n);

}  // namespace mmlcore
