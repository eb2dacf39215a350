#include "kernels/asynchronous.h"

#include <cmath>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

template <class T>
T read(const T* p) {
    T value;
    __atomic_load(p, &value, __ATOMIC_RELAXED);
    return value;
}

template <class T>
void write(T* p, T value) {
    __atomic_store(p, &value, __ATOMIC_RELAXED);
}

template <class T>
void one_sample(T* theta, const T* x, T y, T rate, T penalty, LinearLoss loss, ptrdiff_t n) {
    T z = read(theta + n);
    for (ptrdiff_t j = 0; j < n; ++j) z += x[j] * read(theta + j);
    const T error = (loss == LinearLoss::logistic ? 1 / (1 + std::exp(-z)) : z) - y;
    for (ptrdiff_t j = 0; j < n; ++j) {
        const T old = read(theta + j);
        write(theta + j, old - rate * (error * x[j] + penalty * old));
    }
    write(theta + n, read(theta + n) - rate * error);
}

}  // namespace

template <class T>
void asynchronous_epoch(T* theta, const T* x, const T* y, const std::int64_t* order, double rate, double penalty,
                        LinearLoss loss, int threads, ptrdiff_t m, ptrdiff_t n) {
    auto run = [=](ptrdiff_t part) {
        for (ptrdiff_t k = m * part / threads; k < m * (part + 1) / threads; ++k) {
            const std::int64_t i = read(order + k);
            if (i < 0 || i >= m) continue;  // changed since the caller checked it
            one_sample(theta, x + i * n, y[i], static_cast<T>(rate), static_cast<T>(penalty), loss, n);
        }
    };
    parallel_for(threads, asynchronous_ns(m, n), run);
}

#define MMLCORE_INSTANTIATE(T)                                                                                        \
    template void asynchronous_epoch<T>(T*, const T*, const T*, const std::int64_t*, double, double, LinearLoss, int, \
                                        ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
