// Losses that add terms of single predictions, loss_i = scale Σ_j l(p_ij, t_ij) over the rows of (n, k) matrices: one
// kernel for each of PointwiseLosses (pointwise_losses.h).
#pragma once

#include <cstddef>
#include <vector>

namespace mmlcore {

template <class T>
struct LossKernel {
    const char* name;
    // loss_i = scale Σ_j l(p_ij, t_ij)
    void (*forward)(T* loss, const T* p, const T* t, T c, T scale, std::ptrdiff_t n, std::ptrdiff_t k);
    // dp_ij = g_i scale l'(p_ij, t_ij)
    void (*backward)(T* dp, const T* p, const T* t, const T* g, T c, T scale, std::ptrdiff_t n, std::ptrdiff_t k);
};

// One entry for each of PointwiseLosses, in that order; instantiated for float and double.
template <class T>
const std::vector<LossKernel<T>>& loss_kernels();

// Estimated time on one thread.
template <class T>
constexpr double loss_ns(std::ptrdiff_t n, std::ptrdiff_t k) {
    return static_cast<double>(n) * (2 + 0.2 * sizeof(T) * static_cast<double>(k));
}

}  // namespace mmlcore
