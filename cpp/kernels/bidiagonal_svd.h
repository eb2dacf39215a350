// Singular values and vectors of a square upper bidiagonal matrix, by divide and conquer.
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// B = Uᵀ diag(values) V: values (n, falling), the left and right singular vectors as rows of U and V (n × n,
// row-major, leading dimension ld); U and V may both be null. d (n) and e (n - 1) hold B's diagonal and
// superdiagonal; d is destroyed.
template <class T>
void bidiagonal_svd(T* values, T* U, T* V, ptrdiff_t ld, T* d, const T* e, ptrdiff_t n);

}  // namespace mmlcore
