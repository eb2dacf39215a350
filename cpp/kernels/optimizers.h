// One step of an optimizer over the whole parameter vector θ(n), in place, in one pass over memory. Learning rate and
// step counter are read from memory when the kernel runs, so that a recorded step sees their present values.
// Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// v = momentum v - lr g,  θ += v;  with nesterov θ += momentum v - lr g;  without velocity (null) θ -= lr g.
template <class T>
void sgd(T* theta, T* velocity, const T* g, const double* lr, double momentum, bool nesterov, std::ptrdiff_t n);

// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), with the bias corrections folded into the rate:
//   t += 1,  m = β1 m + (1-β1) g,  v = β2 v + (1-β2) g²,  θ -= lr √(1-β2^t)/(1-β1^t) · m/(√v + ε)
template <class T>
void adam(T* theta, T* m, T* v, std::int64_t* t, const T* g, const double* lr, double beta1, double beta2,
          double epsilon, std::ptrdiff_t n);

// Estimated time of a step on one thread that reads and writes so many vectors of n.
template <class T>
constexpr double optimizer_ns(std::ptrdiff_t n, int vectors) {
    return static_cast<double>(n) * vectors * sizeof(T) / 20;
}

}  // namespace mmlcore
