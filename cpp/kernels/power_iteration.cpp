#include "kernels/power_iteration.h"

#include <algorithm>
#include <cmath>

#include "kernels/vectors.h"

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

// y (m) = A · x (n)
template <class T>
void times(T* y, const Scaled<T>& S, const T* x, ptrdiff_t m, ptrdiff_t n) {
    gemm<T>(y, 1, S.A, {x, 1, 1}, m, 1, n, S.factor);
}

}  // namespace

template <class T>
Iteration power_iteration(T* u, T* v, T* trace, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t max_steps,
                          T tolerance) {
    const Scaled<T> S = scaled(A, m, n);
    normalise(v, n);
    T before = -1;
    for (ptrdiff_t step = 0; step < max_steps; ++step) {
        times(u, S, v, m, n);
        const T sigma = normalise(u, m);
        trace[step] = sigma / S.factor;
        if (!(sigma > 0)) return {step + 1, false};  // v is in the null space
        if (std::abs(sigma - before) <= tolerance * sigma) return {step + 1, true};
        if (step + 1 == max_steps) break;
        before = sigma;
        times(v, S.transposed(), u, n, m);
        normalise(v, n);
    }
    return {max_steps, false};
}

template Iteration power_iteration<float>(float*, float*, float*, MatrixView<float>, ptrdiff_t, ptrdiff_t, ptrdiff_t,
                                          float);
template Iteration power_iteration<double>(double*, double*, double*, MatrixView<double>, ptrdiff_t, ptrdiff_t,
                                           ptrdiff_t, double);

}  // namespace mmlcore
