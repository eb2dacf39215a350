// Normalisation to mean 0 and variance 1, then scale and shift: along the columns of a matrix (batch normalisation) or
// along its rows (layer normalisation). Row-major. Instantiated for float and double.
//
//   x, y, dx, dy (n × c)   gamma, beta, dgamma, dbeta (c), null for none   variances are those of the population
#pragma once

#include <cstddef>

namespace mmlcore {

// Ioffe, Szegedy (2015), algorithm 1:  y = gamma (x - mean) rstd + beta, rstd = 1/√(variance + ε), over the n rows.
// mean(c) and rstd(c) are written; moving averages a ← momentum a + (1 - momentum) of mean and variance if not null.
template <class T>
void batch_norm(T* y, T* mean, T* rstd, T* moving_mean, T* moving_variance, const T* x, const T* gamma, const T* beta,
                double epsilon, double momentum, std::ptrdiff_t n, std::ptrdiff_t c);

// With x̂ = (x - mean) rstd:  dbeta = Σ dy, dgamma = Σ dy x̂, dx = gamma rstd (dy - dbeta/n - x̂ dgamma/n).
template <class T>
void batch_norm_backward(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* mean, const T* rstd,
                         const T* gamma, std::ptrdiff_t n, std::ptrdiff_t c);

// y = gamma (x - mean)/√(variance + ε) + beta with given mean(c) and variance(c).
template <class T>
void normalize(T* y, const T* x, const T* mean, const T* variance, const T* gamma, const T* beta, double epsilon,
               std::ptrdiff_t n, std::ptrdiff_t c);

// Ba, Kiros, Hinton (2016): the same over each row; mean(n) and rstd(n) are written.
template <class T>
void layer_norm(T* y, T* mean, T* rstd, const T* x, const T* gamma, const T* beta, double epsilon, std::ptrdiff_t n,
                std::ptrdiff_t c);

// With g = dy gamma, by row:  dx = rstd (g - Σ g/c - x̂ Σ g x̂/c);  dgamma = Σ_rows dy x̂, dbeta = Σ_rows dy.
template <class T>
void layer_norm_backward(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* mean, const T* rstd,
                         const T* gamma, std::ptrdiff_t n, std::ptrdiff_t c);

// Estimated time of each on one thread.
template <class T>
constexpr double norm_ns(std::ptrdiff_t n, std::ptrdiff_t c) {
    return 0.2 * sizeof(T) * static_cast<double>(n) * static_cast<double>(c);
}

}  // namespace mmlcore
