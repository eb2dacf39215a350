// Mixtures of Gaussians: the expectation step with the sums that the maximisation step needs, in one pass.
// Instantiated for float and double. Points x (n × d), row-major; weights (n) may be null (1).
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// How a component's points are whitened, y = W_k (x - μ_k), with Σ_k⁻¹ = W_kᵀ W_k.
enum class Whitening {
    full,      // W (K × d × d), lower triangular
    shared,    // W (d × d), lower triangular, the same for all components
    diagonal,  // W (K × d), the diagonal
};

// log_scales (K): log w_k - ½ log det(2π Σ_k); means (K × d). log w_k p_k(x) = log_scales_k - ½ ‖W_k (x - μ_k)‖².
template <class T>
struct Mixture {
    const T *log_scales, *means, *W;
    ptrdiff_t components, d;
    Whitening whitening;
};

// With r_ik the responsibility of component k for point i times its weight, and z = x_i - μ_k: weights (K) Σ r_ik,
// first (K × d) Σ r_ik z, second Σ r_ik z zᵀ (full: K × d × d, of which only the lower triangles mean something),
// Σ r_ik z² (diagonal: K × d), none (shared).
struct MixtureSums {
    double *weights, *first, *second;
};

// log_likelihood (n, or null): log Σ_k w_k p_k(x_i). responsibilities (n × K, or null), unweighted: w_k p_k(x_i) over
// their sum. sums (or null) and total (or null): Σ_i weight_i log_likelihood_i.
template <class T>
void mixture_expectation(T* log_likelihood, T* responsibilities, const MixtureSums* sums, double* total, const T* x,
                         const T* weights, ptrdiff_t n, const Mixture<T>& mixture);

// The same sums for responsibilities (n × K) that are given, about `means` (K × d).
template <class T>
void mixture_sums(const MixtureSums& sums, const T* x, const T* responsibilities, const T* weights, const T* means,
                  ptrdiff_t n, ptrdiff_t components, ptrdiff_t d, Whitening whitening);

// Estimated time of either on one thread.
constexpr double mixture_ns(ptrdiff_t n, ptrdiff_t components, ptrdiff_t d) {
    return 0.1 * static_cast<double>(n) * static_cast<double>(components) * static_cast<double>(d * d + 4 * d + 16);
}

}  // namespace mmlcore
