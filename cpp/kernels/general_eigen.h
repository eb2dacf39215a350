// Eigenvalues and eigenvectors of a general real matrix, A V = V diag(values), by the QR algorithm.
#pragma once

#include <complex>
#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// values (n), conjugate pairs together, and V (n × n, row-major, eigenvectors of length one in columns, their largest
// component real; may be null) of A (n × n, row-major). False where the iteration did not converge.
bool general_eigen(std::complex<double>* values, std::complex<double>* V, const double* A, ptrdiff_t n);
bool general_eigen(std::complex<float>* values, std::complex<float>* V, const float* A, ptrdiff_t n);

inline double general_eigen_cost_ns(ptrdiff_t n) {
    const double size = static_cast<double>(n);
    return 500 * size + 10 * size * size * size;
}

}  // namespace mmlcore
