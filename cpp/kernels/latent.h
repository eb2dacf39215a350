// The code of a variational auto-encoder: n rows [μ | ℓ] of 2 d numbers, each a normal distribution with the means μ
// and the variances e^ℓ, along the axes. Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// z_ij = μ_ij + exp(ℓ_ij/2) ε_ij: z and ε are (n × d), code is (n × 2 d).
template <class T>
void sample_code(T* z, const T* code, const T* noise, std::ptrdiff_t n, std::ptrdiff_t d);

// z_ij = μ_ij + exp(ℓ_ij/2) ε_ij  =>  dμ = dz, dℓ = dz ε exp(ℓ/2) / 2; dcode is (n × 2 d).
template <class T>
void sample_code_backward(T* dcode, const T* dz, const T* code, const T* noise, std::ptrdiff_t n, std::ptrdiff_t d);

// The divergence from N(c, 1), c the row of the (k × d) centres that a sample's label names, 0 for a label that names
// none: KL_i = ½ Σ_j (exp(ℓ_ij) - 1 - ℓ_ij + (μ_ij - c_j)²).
//   kl[0] = Σ_i w_i KL_i / n,  value[0] += Σ_i β_i w_i KL_i / n,  dcode += β_i w_i/n ∂KL_i
// β_i is beta[1] for a sample with a centre and beta[0] for one without, read from memory. The weights w may be null:
// then all are 1.
template <class T>
struct CodeDivergence {
    const T* code;
    const T* weights;
    const std::int64_t* labels;
    const T* centres;
    const double* beta;
    std::ptrdiff_t n, d, k;

    void run(T* kl, T* value, T* dcode) const;
};

// Estimated time on one thread, of any of them.
constexpr double latent_ns(std::ptrdiff_t n, std::ptrdiff_t d) {
    return 12.0 * static_cast<double>(n) * static_cast<double>(d);
}

}  // namespace mmlcore
