// Reduction of a symmetric matrix to tridiagonal form, A = Q T Qᵀ.
#pragma once

#include "kernels/reflectors.h"

namespace mmlcore {

// A (n × n, contiguous columns): its lower triangle is read and destroyed. d (n) and e (n - 1) become T's diagonal
// and subdiagonal. Q is 1 ⊕ H_0 … H_{n-2}: reflector j is column j of V (n - 1 × n - 1, explicit), tau (n - 1);
// V may be null.
template <class T>
void tridiagonalise(T* d, T* e, T* V, ptrdiff_t ldv, T* tau, T* A, ptrdiff_t ld, ptrdiff_t n);

}  // namespace mmlcore
