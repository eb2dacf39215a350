// Softmax and cross-entropy over the rows of an (n, c) matrix, row-major. Instantiated for float and double.
//
// Every exponential is of z - max z, so nothing overflows. A NaN or +inf in a row makes the row NaN; -inf is a
// probability of 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// y = exp(x) / Σ exp(x)
template <class T>
void softmax(T* y, const T* x, std::ptrdiff_t n, std::ptrdiff_t c);

// y = exp(x) / Σ exp(x)  =>  dx = y ⊙ (dy - Σ dy ⊙ y). dx may be dy.
template <class T>
void softmax_backward(T* dx, const T* dy, const T* y, std::ptrdiff_t n, std::ptrdiff_t c);

// y = x - log Σ exp(x)
template <class T>
void log_softmax(T* y, const T* x, std::ptrdiff_t n, std::ptrdiff_t c);

// y = x - log Σ exp(x)  =>  dx = dy - exp(y) Σ dy. dx may be dy.
template <class T>
void log_softmax_backward(T* dx, const T* dy, const T* y, std::ptrdiff_t n, std::ptrdiff_t c);

// loss_i = log Σ exp(z_i) - z_i[label_i], p = softmax(z); loss(n), p(n, c), labels(n). A label outside 0 … c-1 makes
// its loss NaN.
template <class T>
void cross_entropy(T* loss, T* p, const T* z, const std::int64_t* labels, std::ptrdiff_t n, std::ptrdiff_t c);

// loss_i = log Σ exp(z_i) - z_i[label_i]  =>  dz_i = (p_i - onehot(label_i)) g_i; dz(n, c), g(n).
template <class T>
void cross_entropy_backward(T* dz, const T* p, const std::int64_t* labels, const T* g, std::ptrdiff_t n,
                            std::ptrdiff_t c);

// loss_i = Σ_j t_ij (log Σ exp(z_i) - z_ij), p = softmax(z); t(n, c). A target of 0 contributes 0 whatever z.
template <class T>
void soft_cross_entropy(T* loss, T* p, const T* z, const T* t, std::ptrdiff_t n, std::ptrdiff_t c);

// loss_i = Σ_j t_ij (log Σ exp(z_i) - z_ij)  =>  dz_i = (p_i Σ_j t_ij - t_i) g_i
template <class T>
void soft_cross_entropy_backward(T* dz, const T* p, const T* t, const T* g, std::ptrdiff_t n, std::ptrdiff_t c);

// Estimated time on one thread: of the functions that take exponentials, and of their gradients.
template <class T>
constexpr double softmax_ns(std::ptrdiff_t n, std::ptrdiff_t c) {
    return static_cast<double>(n) * (10 + 0.15 * sizeof(T) * static_cast<double>(c));
}
template <class T>
constexpr double softmax_backward_ns(std::ptrdiff_t n, std::ptrdiff_t c) {
    return static_cast<double>(n) * (3 + 0.05 * sizeof(T) * static_cast<double>(c));
}

}  // namespace mmlcore
