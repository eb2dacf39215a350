// Weighted sums, means and products of columns in one pass over the rows: what least squares, covariances and
// coordinate descent need to know of the data. Instantiated for float and double.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// S (p × p, row-major, symmetric, p = d + k + 1) = Σ_i w_i z_i z_iᵀ of the rows z = [x - s_x, y - s_y, 1], where X is
// n × d, Y n × k, the shift s has d + k elements and w is n positive weights or null for ones. A shift near the means
// keeps the digits that S less the products of the means would lose. Every block of rows is multiplied in T and added
// in double; the blocks are added in an order that does not depend on the number of threads.
template <class T>
void cross_products(double* S, MatrixView<T> X, MatrixView<T> Y, const T* w, const T* s, ptrdiff_t n, ptrdiff_t d,
                    ptrdiff_t k);

inline double cross_products_ns(ptrdiff_t n, ptrdiff_t p) {
    return static_cast<double>(n) * static_cast<double>(p) * (static_cast<double>(p) / 40 + 0.3);
}

}  // namespace mmlcore
