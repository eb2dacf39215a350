#include "kernels/power_iteration.h"

#include <algorithm>
#include <cmath>

#include "kernels/qr.h"
#include "kernels/svd.h"
#include "kernels/vectors.h"
#include "kernels/working_memory.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// x / ‖x‖ in place; the norm.
template <class T>
T normalise(T* x, ptrdiff_t n) {
    const T norm = length(x, n);
    if (norm > 0)
        for (ptrdiff_t i = 0; i < n; ++i) x[i] /= norm;
    return norm;
}

// A with the power of two that brings its largest element into [½, 1): what is squared then neither overflows nor
// vanishes.
template <class T>
struct Scaled {
    MatrixView<T> A;
    T factor;

    Scaled transposed() const { return {A.transposed(), factor}; }
};

template <class T>
Scaled<T> scaled(MatrixView<T> A, ptrdiff_t m, ptrdiff_t n) {
    T largest = 0;
    for (ptrdiff_t i = 0; i < m; ++i)
        for (ptrdiff_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(*A.at(i, j)));
    return {A, power_of_two_scale(largest)};
}

// Y (m × b) = A · X (n × b)
template <class T>
void times(T* Y, const Scaled<T>& S, const T* X, ptrdiff_t m, ptrdiff_t n, ptrdiff_t b) {
    gemm<T>(Y, b, S.A, {X, b, 1}, m, b, n, S.factor);
}

// max_i ‖Aᵀu_i - σ_i v_i‖ / σ_1 over the first k columns; G = AᵀU and V (n × b, row-major).
template <class T>
T worst_residual(const T* G, const T* V, const T* S, ptrdiff_t n, ptrdiff_t b, ptrdiff_t k) {
    const Workspace<T> squares(k);
    std::fill(squares.data(), squares.data() + k, T{0});
    for (ptrdiff_t j = 0; j < n; ++j)
        for (ptrdiff_t i = 0; i < k; ++i) {
            const T r = G[j * b + i] - S[i] * V[j * b + i];
            squares.data()[i] += r * r;
        }
    T worst = 0;
    for (ptrdiff_t i = 0; i < k; ++i) {
        const T r = std::sqrt(squares.data()[i]);
        worst = r > worst || r != r ? r : worst;
    }
    return S[0] > 0 ? worst / S[0] : worst;
}

// X (rows × b, row-major) = the first b columns of Q, a complete orthonormal basis even where Y has lower rank.
template <class T>
void orthonormalise(T* X, T* R, const T* Y, ptrdiff_t rows, ptrdiff_t b) {
    qr(X, R, Y, rows, b, b);
}

}  // namespace

template <class T>
Iteration power_iteration(T* u, T* v, T* trace, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t max_steps,
                          T tolerance) {
    const Scaled<T> S = scaled(A, m, n);
    normalise(v, n);
    T before = -1;
    for (ptrdiff_t step = 0; step < max_steps; ++step) {
        times(u, S, v, m, n, 1);
        const T sigma = normalise(u, m);
        trace[step] = sigma / S.factor;
        if (!(sigma > 0)) return {step + 1, false};  // v is in the null space
        if (std::abs(sigma - before) <= tolerance * sigma) return {step + 1, true};
        if (step + 1 == max_steps) break;
        before = sigma;
        times(v, S.transposed(), u, n, m, 1);
        normalise(v, n);
    }
    return {max_steps, false};
}

template <class T>
Iteration block_power_iteration(T* U, T* S, T* Vt, T* V, T* residual, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n,
                                ptrdiff_t k, ptrdiff_t b, ptrdiff_t max_steps, T tolerance) {
    const Scaled<T> scaled_A = scaled(A, m, n);
    const Workspace<T> product(m * b), of_m(m * b), back(n * b), basis(n * b), R(b * b), left(b * b), right(b * b),
        values(b);
    orthonormalise(basis.data(), R.data(), V, n, b);
    for (ptrdiff_t step = 1;; ++step) {
        // The small problem on span(V): A V = Q R, R = Ur Σ Vrᵀ, so U = Q Ur and V ← V Vr.
        times(product.data(), scaled_A, basis.data(), m, n, b);
        orthonormalise(of_m.data(), R.data(), product.data(), m, b);
        svd(left.data(), values.data(), right.data(), R.data(), b, b, true);
        gemm<T>(product.data(), b, {of_m.data(), b, 1}, {left.data(), b, 1}, m, b, b);
        gemm<T>(V, b, {basis.data(), b, 1}, {right.data(), 1, b}, n, b, b);

        times(back.data(), scaled_A.transposed(), product.data(), n, m, b);  // AᵀU: residual now, next basis then
        *residual = worst_residual(back.data(), V, values.data(), n, b, k);
        const bool converged = *residual <= tolerance;
        if (converged || step >= max_steps || *residual != *residual) {
            for (ptrdiff_t i = 0; i < m; ++i) std::copy_n(product.data() + i * b, k, U + i * k);
            for (ptrdiff_t i = 0; i < k; ++i) {
                S[i] = values.data()[i] / scaled_A.factor;
                for (ptrdiff_t j = 0; j < n; ++j) Vt[i * n + j] = V[j * b + i];
            }
            return {step, converged};
        }
        orthonormalise(basis.data(), R.data(), back.data(), n, b);
    }
}

#define MMLCORE_INSTANTIATE(T)                                                                                      \
    template Iteration power_iteration<T>(T*, T*, T*, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, T);           \
    template Iteration block_power_iteration<T>(T*, T*, T*, T*, T*, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                                ptrdiff_t, ptrdiff_t, T);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
