// Squared distances from a mean in the metric of a covariance Σ = L Lᵀ: q_i = ‖L⁻¹ (x_i - μ)‖².
// Instantiated for float and double.
#pragma once

#include <cstddef>

namespace mmlcore {

// q (n) from x (n × d), μ (d) and the lower triangle of L (d × d), row-major; the rest of L is not read. A zero on the
// diagonal gives infinities or NaN.
template <class T>
void squared_mahalanobis(T* q, const T* x, const T* mu, const T* L, std::ptrdiff_t n, std::ptrdiff_t d);

// Estimated time on one thread.
constexpr double squared_mahalanobis_ns(std::ptrdiff_t n, std::ptrdiff_t d) {
    return 0.05 * static_cast<double>(n) * static_cast<double>(d) * static_cast<double>(d + 16);
}

}  // namespace mmlcore
