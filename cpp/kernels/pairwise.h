// Slopes of element-wise functions of two numbers, z = f(x, y)  =>  dx = dz ∂f/∂x, dy = dz ∂f/∂y: one kernel for each
// of PairOps (pair_operations.h). An operand of which every element is the same has step 0.
#pragma once

#include <cstddef>
#include <vector>

namespace mmlcore {

// One argument of the loops: `step` is 1, or 0 for a number that stands for all elements.
template <class T>
struct Stepped {
    const T* data;
    std::ptrdiff_t step;
};

// dx and dy of n elements each; either may be null. Neither may overlap an input.
template <class T>
struct PairKernel {
    const char* name;
    double ns;
    void (*backward)(T* dx, T* dy, Stepped<T> dz, Stepped<T> x, Stepped<T> y, Stepped<T> z, std::ptrdiff_t n);
};

// One entry for each of PairOps, in that order; instantiated for float and double.
template <class T>
const std::vector<PairKernel<T>>& pair_kernels();

// z = log(e^x + e^y) = max(x, y) + log(1 + e^-|x - y|), n elements.
template <class T>
void logaddexp(T* z, Stepped<T> x, Stepped<T> y, std::ptrdiff_t n);

// y = log(1 + e^x) and its slope σ(x) = 1 / (1 + e^-x) from the same exponential, n elements.
template <class T>
void softplus_and_slope(T* y, T* slope, const T* x, std::ptrdiff_t n);

}  // namespace mmlcore
