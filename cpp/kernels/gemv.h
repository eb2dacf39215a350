// Matrix-vector product: y(m) = activation(alpha · A(m×k) · x(k) + beta · y + bias).
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// One of A's two strides must be 1; whatever else goes through gemm's packing.
template <class T>
inline bool gemv_applies(const MatrixView<T>& A) {
    return A.col == 1 || A.row == 1;
}

// y[i * y_step], x[p * x_step]; bias[i * bias_step] (bias_step 0: one value for all), null for none.
template <class T>
void gemv(T* y, ptrdiff_t y_step, MatrixView<T> A, const T* x, ptrdiff_t x_step, ptrdiff_t m, ptrdiff_t k, T alpha,
          T beta, const T* bias, ptrdiff_t bias_step, Activation activation);

}  // namespace mmlcore
