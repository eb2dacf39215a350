// The leading singular triplet by power iteration.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

struct Iteration {
    ptrdiff_t steps;
    bool converged;
};

// The leading triplet: v ← AᵀA v / ‖AᵀA v‖, σ = ‖A v‖, u = A v / σ.
// v (n) holds the start and becomes the singular vector; trace[t] is σ in step t (room for max_steps).
// Converged when σ changes by at most tolerance · σ; not when A v = 0. Always stops after max_steps.
template <class T>
Iteration power_iteration(T* u, T* v, T* trace, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t max_steps,
                          T tolerance);

}  // namespace mmlcore
