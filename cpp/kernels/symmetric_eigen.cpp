#include "kernels/symmetric_eigen.h"

#include <algorithm>
#include <cmath>

#include "kernels/tridiagonal.h"
#include "kernels/tridiagonal_eigen.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// The largest magnitude of a triangle; NaN if any element is.
template <class T>
T largest_of_triangle(const T* A, Triangle triangle, ptrdiff_t n) {
    T largest = 0;
    bool finite = true;
    for (ptrdiff_t i = 0; i < n; ++i) {
        const ptrdiff_t first = triangle == Triangle::lower ? 0 : i, end = triangle == Triangle::lower ? i + 1 : n;
        for (ptrdiff_t j = first; j < end; ++j) {
            largest = std::max(largest, std::abs(A[i * n + j]));
            finite = finite && std::isfinite(A[i * n + j]);
        }
    }
    return finite ? largest : std::numeric_limits<T>::quiet_NaN();
}

}  // namespace

template <class T>
bool symmetric_eigen(T* values, T* V, const T* A, Triangle triangle, ptrdiff_t n) {
    if (n == 0) return true;
    const T largest = largest_of_triangle(A, triangle, n);
    if (std::isnan(largest)) return false;
    const T factor = power_of_two_scale(largest);

    // The lower triangle with contiguous columns: the rows of the upper one, or the lower one transposed.
    const ptrdiff_t ld = padded_row<T>(n);
    const Workspace<T> work(n * ld), d(n), e(n), tau(n);
    if (triangle == Triangle::lower)
        transpose_copy(work.data(), ld, A, n, n, n, factor);
    else
        for (ptrdiff_t i = 0; i < n; ++i)
            for (ptrdiff_t j = i; j < n; ++j) work.data()[i * ld + j] = factor * A[i * n + j];

    const Workspace<T> reflectors(V ? n * ld : 0), vectors(V ? n * ld : 0);
    tridiagonalise(d.data(), e.data(), V ? reflectors.data() : nullptr, ld, tau.data(), work.data(), ld, n);
    tridiagonal_eigen(values, V ? vectors.data() : nullptr, ld, d.data(), e.data(), n);
    for (ptrdiff_t i = 0; i < n; ++i) values[i] /= factor;
    if (!V) return true;

    // Rows of `vectors` are eigenvectors of the tridiagonal matrix: columns, seen with contiguous columns.
    apply_reflectors(vectors.data() + 1, ld, reflectors.data(), ld, tau.data(), n - 1, n, n - 1);
    transpose_copy(V, n, vectors.data(), ld, n, n);
    return true;
}

template bool symmetric_eigen<float>(float*, float*, const float*, Triangle, ptrdiff_t);
template bool symmetric_eigen<double>(double*, double*, const double*, Triangle, ptrdiff_t);

}  // namespace mmlcore
