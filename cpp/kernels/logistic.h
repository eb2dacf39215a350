// The logistic loss of a linear model and its gradient in one pass over the data. Instantiated for float and double.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

// L = Σ_i w_i (log(1 + e^z_i) - t_i z_i), z_i = x_iᵀθ + θ_d, for X (n × d), targets t in [0, 1] and weights w ≥ 0 or
// null for ones; θ (d + 1). gradient (d + 1) = Σ_i r_i [x_i, 1], r_i = w_i (σ(z_i) - t_i). curvature (n), unless null,
// is w_i σ(z_i) (1 - σ(z_i)). Sums over blocks of rows in double, in an order that does not depend on the threads.
template <class T>
double weighted_logistic_loss(double* gradient, T* curvature, MatrixView<T> X, const T* t, const T* w, const T* theta,
                              ptrdiff_t n, ptrdiff_t d);

inline double weighted_logistic_loss_ns(ptrdiff_t n, ptrdiff_t d) {
    return static_cast<double>(n) * (4 + 0.25 * static_cast<double>(d));
}

}  // namespace mmlcore
