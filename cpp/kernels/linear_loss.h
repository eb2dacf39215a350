// The logistic loss of a linear model with its gradient in one pass over the data.
// Instantiated for float and double.
#pragma once

#include <cstddef>

namespace mmlcore {

// *loss = 1/n Σ log(1 + e^(-y_i x_i·w)) and gradient (d) = -1/n Σ y_i σ(-y_i x_i·w) x_i, from x (n × d, row-major),
// y (n) and w (d). Rows are cut into parts that depend on n and d alone, whose sums are added in order, so that the
// number of threads does not change a bit.
template <class T>
void logistic_loss(T* loss, T* gradient, const T* x, const T* y, const T* w, std::ptrdiff_t n, std::ptrdiff_t d);

// Estimated time on one thread.
constexpr double logistic_loss_ns(std::ptrdiff_t n, std::ptrdiff_t d) {
    return static_cast<double>(n) * (0.3 * static_cast<double>(d) + 5);
}

}  // namespace mmlcore
