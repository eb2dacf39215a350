// Compiled with -ffp-contract=off: the compiler must not fuse what is written out here.
#include "kernels/residual.h"

#include <cmath>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

// A sum with its rounding errors. T. Ogita, S. Rump, S. Oishi, "Accurate sum and dot product", 2005.
template <class T>
struct DoubledSum {
    T value, error = 0;

    void subtract_product(T a, T b) {
        const T product = -a * b, lost = std::fma(-a, b, -product);
        const T sum = value + product, part = sum - value;
        error += (value - (sum - part)) + (product - part) + lost;
        value = sum;
    }
};

}  // namespace

template <class T>
void precise_residual(T* R, MatrixView<T> A, const T* X, const T* B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    const double cost_ns = 4 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    parallel_chunks(m, 16, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t i = begin; i < end; ++i)
            for (ptrdiff_t c = 0; c < k; ++c) {
                DoubledSum<T> sum{B[i * k + c]};
                for (ptrdiff_t j = 0; j < n; ++j) sum.subtract_product(*A.at(i, j), X[j * k + c]);
                R[i * k + c] = sum.value + sum.error;
            }
    });
}

template void precise_residual<float>(float*, MatrixView<float>, const float*, const float*, ptrdiff_t, ptrdiff_t,
                                      ptrdiff_t);
template void precise_residual<double>(double*, MatrixView<double>, const double*, const double*, ptrdiff_t, ptrdiff_t,
                                       ptrdiff_t);

}  // namespace mmlcore
