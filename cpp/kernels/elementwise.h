// Element-wise operations y = f(x) and their gradients: one kernel for each of UnaryOps (unary_operations.h).
#pragma once

#include <cstddef>
#include <vector>

namespace mmlcore {

// The loops over n elements for one operation: y = f(x), and dx = dy f'(x). y may be x, dx may be dy.
template <class T>
struct UnaryKernel {
    const char* name;
    double ns;  // one element forward
    void (*forward)(T* y, const T* x, std::ptrdiff_t n);
    void (*backward)(T* dx, const T* dy, const T* x, const T* y, std::ptrdiff_t n);
};

// One entry for each of UnaryOps, in that order; instantiated for float and double.
template <class T>
const std::vector<UnaryKernel<T>>& unary_kernels();

}  // namespace mmlcore
