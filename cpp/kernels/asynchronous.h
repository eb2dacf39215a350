// Asynchronous stochastic gradient descent: threads that share one θ and wait for nobody.
//
// F. Niu, B. Recht, C. Ré, S. J. Wright, "Hogwild!: a lock-free approach to parallelizing stochastic gradient descent"
// (2011). Components of θ are read and written atomically, one by one and without order; what another thread adds in
// between may be lost or seen late, which the method bears. Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

enum class LinearLoss { squared, logistic };

// One pass over the rows of x (m × n, row-major) in the given order, shared out among `threads`: for each sample
//   e = (x_i θ + b) - y_i   or   e = σ(x_i θ + b) - y_i,   θ -= η (e x_i + λ θ),   b -= η e,
// θ(n + 1) with b last. A number of `order` outside [0, m) is passed over.
template <class T>
void asynchronous_epoch(T* theta, const T* x, const T* y, const std::int64_t* order, double rate, double penalty,
                        LinearLoss loss, int threads, std::ptrdiff_t m, std::ptrdiff_t n);

// Estimated time on one thread.
constexpr double asynchronous_ns(std::ptrdiff_t m, std::ptrdiff_t n) {
    return static_cast<double>(m) * (20 + 2 * static_cast<double>(n));
}

}  // namespace mmlcore
