// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix, by divide and conquer.
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// T = Zᵀ diag(values) Z: values (n, rising) and the eigenvectors as rows of Z (n × n, row-major, leading dimension
// ld); Z may be null. d (n) and e (n - 1) hold T's diagonal and subdiagonal and are destroyed.
template <class T>
void tridiagonal_eigen(T* values, T* Z, ptrdiff_t ld, T* d, const T* e, ptrdiff_t n);

}  // namespace mmlcore
