// A dense layer and its gradients. Row-major throughout.
//
//   x (n × in)   w (in × out)   bias (out)   y (n × out)
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// z = x w + bias, y = activation(z); z and bias may be null.
template <class T>
void dense_forward(T* y, T* z, MatrixView<T> x, MatrixView<T> w, const T* bias, Activation activation, ptrdiff_t n,
                   ptrdiff_t in, ptrdiff_t out);

// Differentiates y = activation(z), z = x w + bias, given dy = ∂L/∂y and what the slope is written in:
//   dz = dy ⊙ activation'(z),  dx = dz wᵀ,  dw = xᵀ dz,  db = Σ_rows dz.   dx and db may be null.
// saved is z where slope_needs_z(activation), otherwise y.
template <class T>
void dense_backward(T* dx, T* dw, T* db, const T* dy, MatrixView<T> x, MatrixView<T> w, const T* saved,
                    Activation activation, ptrdiff_t n, ptrdiff_t in, ptrdiff_t out);

}  // namespace mmlcore
