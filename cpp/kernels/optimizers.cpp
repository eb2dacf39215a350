#include "kernels/optimizers.h"

#include <cmath>

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/simd.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024;

// The loops are functions of their own: the serial and the parallel call run the same instructions, so that the number
// of threads does not change a bit.

template <class T>
[[gnu::noinline]] void descend(T* theta, const T* g, T rate, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        store_lanes(theta + i, load_lanes<V>(theta + i, count) - rate * load_lanes<V>(g + i, count), count);
    });
}

template <class T>
[[gnu::noinline]] void descend_with_momentum(T* theta, T* velocity, const T* g, T rate, T momentum, bool nesterov,
                                             ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        const V step = rate * load_lanes<V>(g + i, count);
        const V v = momentum * load_lanes<V>(velocity + i, count) - step;
        const V move = nesterov ? momentum * v - step : v;
        store_lanes(velocity + i, v, count);
        store_lanes(theta + i, load_lanes<V>(theta + i, count) + move, count);
    });
}

// m += (1-β1)(g - m),  v += (1-β2)(g² - v),  θ -= rate m/(√v + ε)
template <class T>
[[gnu::noinline]] void adam_range(T* theta, T* m, T* v, const T* g, T rate, T rest1, T rest2, T epsilon,
                                  ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        const V gradient = load_lanes<V>(g + i, count);
        V mean = load_lanes<V>(m + i, count), square = load_lanes<V>(v + i, count);
        mean += rest1 * (gradient - mean);
        square += rest2 * (gradient * gradient - square);
        store_lanes(m + i, mean, count);
        store_lanes(v + i, square, count);
        store_lanes(theta + i, load_lanes<V>(theta + i, count) - rate * mean / (vsqrt(square) + epsilon), count);
    });
}

}  // namespace

template <class T>
void sgd(T* theta, T* velocity, const T* g, const double* lr, double momentum, bool nesterov, ptrdiff_t n) {
    const T rate = static_cast<T>(*lr), keep = static_cast<T>(momentum);
    if (!velocity)
        parallel_chunks(n, kGrain, optimizer_ns<T>(n, 3),
                        [=](ptrdiff_t begin, ptrdiff_t end) { descend(theta, g, rate, begin, end); });
    else
        parallel_chunks(n, kGrain, optimizer_ns<T>(n, 5), [=](ptrdiff_t begin, ptrdiff_t end) {
            descend_with_momentum(theta, velocity, g, rate, keep, nesterov, begin, end);
        });
}

template <class T>
void adam(T* theta, T* m, T* v, std::int64_t* t, const T* g, const double* lr, double beta1, double beta2,
          double epsilon, ptrdiff_t n) {
    const double step = static_cast<double>(++*t);
    const T rate = static_cast<T>(*lr * std::sqrt(1 - std::pow(beta2, step)) / (1 - std::pow(beta1, step)));
    const T rest1 = static_cast<T>(1 - beta1), rest2 = static_cast<T>(1 - beta2), eps = static_cast<T>(epsilon);
    parallel_chunks(n, kGrain, optimizer_ns<T>(n, 7), [=](ptrdiff_t begin, ptrdiff_t end) {
        adam_range(theta, m, v, g, rate, rest1, rest2, eps, begin, end);
    });
}

#define MMLCORE_INSTANTIATE(T)                                                      \
    template void sgd<T>(T*, T*, const T*, const double*, double, bool, ptrdiff_t); \
    template void adam<T>(T*, T*, T*, std::int64_t*, const T*, const double*, double, double, double, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
