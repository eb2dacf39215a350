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

// body(i, count) over the vectors of [0, n), in parallel.
template <class T, class Body>
void for_each_vector_parallel(ptrdiff_t n, int vectors, Body body) {
    parallel_chunks(n, kGrain, optimizer_ns<T>(n, vectors),
                    [=](ptrdiff_t begin, ptrdiff_t end) { for_each_vector<Vec<T>>(begin, end, body); });
}

}  // namespace

template <class T>
void sgd(T* theta, T* velocity, const T* g, const double* lr, double momentum, bool nesterov, ptrdiff_t n) {
    using V = Vec<T>;
    const T rate = static_cast<T>(*lr), keep = static_cast<T>(momentum);
    if (!velocity) {
        for_each_vector_parallel<T>(n, 3, [=](ptrdiff_t i, auto count) {
            store_lanes(theta + i, load_lanes<V>(theta + i, count) - rate * load_lanes<V>(g + i, count), count);
        });
        return;
    }
    for_each_vector_parallel<T>(n, 5, [=](ptrdiff_t i, auto count) {
        const V step = rate * load_lanes<V>(g + i, count);
        const V v = keep * load_lanes<V>(velocity + i, count) - step;
        const V move = nesterov ? keep * v - step : v;
        store_lanes(velocity + i, v, count);
        store_lanes(theta + i, load_lanes<V>(theta + i, count) + move, count);
    });
}

template <class T>
void adam(T* theta, T* m, T* v, std::int64_t* t, const T* g, const double* lr, double beta1, double beta2,
          double epsilon, ptrdiff_t n) {
    using V = Vec<T>;
    const double step = static_cast<double>(++*t);
    const T rate = static_cast<T>(*lr * std::sqrt(1 - std::pow(beta2, step)) / (1 - std::pow(beta1, step)));
    const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2), eps = static_cast<T>(epsilon);
    const T rest1 = static_cast<T>(1 - beta1), rest2 = static_cast<T>(1 - beta2);

    for_each_vector_parallel<T>(n, 7, [=](ptrdiff_t i, auto count) {
        const V gradient = load_lanes<V>(g + i, count);
        const V mean = b1 * load_lanes<V>(m + i, count) + rest1 * gradient;
        const V square = b2 * load_lanes<V>(v + i, count) + rest2 * (gradient * gradient);
        store_lanes(m + i, mean, count);
        store_lanes(v + i, square, count);
        store_lanes(theta + i, load_lanes<V>(theta + i, count) - rate * mean / (vsqrt(square) + eps), count);
    });
}

#define MMLCORE_INSTANTIATE(T)                                                      \
    template void sgd<T>(T*, T*, const T*, const double*, double, bool, ptrdiff_t); \
    template void adam<T>(T*, T*, T*, std::int64_t*, const T*, const double*, double, double, double, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
