// The leading singular triplets by power iteration, without computing the others.
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

// The leading k triplets by block power (subspace) iteration: V ← orth(Aᵀ orth(A V)) on k + extra columns, then the
// small problem. V (n × b, row-major, b ≥ k columns) holds the start. U (m × k), S (k), Vt (k × n).
// residual: max_i ‖Aᵀu_i - σ_i v_i‖ / σ_1. Converged when it is at most `tolerance`.
template <class T>
Iteration block_power_iteration(T* U, T* S, T* Vt, T* V, T* residual, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n,
                                ptrdiff_t k, ptrdiff_t b, ptrdiff_t max_steps, T tolerance);

}  // namespace mmlcore
