// Triangular systems and products.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// Solves A X = B in place: X (n × m, row-major, leading dimension ldx) holds B on entry. Only the stated triangle of
// A (n × n) is read; with unit_diagonal its diagonal is taken as 1. A transposed system is a transposed view with
// the other triangle. A zero on the diagonal gives infinities, as the arithmetic does: callers look first.
template <class T>
void solve_triangular(T* X, ptrdiff_t ldx, MatrixView<T> A, Triangle triangle, bool unit_diagonal, ptrdiff_t n,
                      ptrdiff_t m);

// Solves X Aᵀ = B in place for lower A (n × n): X (m × n, row-major) holds B on entry.
template <class T>
void solve_lower_from_right(T* X, ptrdiff_t ldx, MatrixView<T> A, ptrdiff_t n, ptrdiff_t m);

// X := A X in place: A (n × n) is read as above, X (n × m, row-major, leading dimension ldx).
template <class T>
void triangular_product(T* X, ptrdiff_t ldx, MatrixView<T> A, Triangle triangle, bool unit_diagonal, ptrdiff_t n,
                        ptrdiff_t m);

}  // namespace mmlcore
