#include "kernels/latent.h"

#include <cmath>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

// row(i) for every sample.
template <class Row>
void for_each_row(ptrdiff_t n, ptrdiff_t d, Row&& row) {
    parallel_chunks(n, 16, latent_ns(n, d), [&](ptrdiff_t first, ptrdiff_t last) {
        for (ptrdiff_t i = first; i < last; ++i) row(i);
    });
}

}  // namespace

template <class T>
void sample_code(T* z, const T* code, const T* noise, ptrdiff_t n, ptrdiff_t d) {
    for_each_row(n, d, [=](ptrdiff_t i) {
        const T *mu = code + 2 * d * i, *log_variance = mu + d;
        for (ptrdiff_t j = 0; j < d; ++j) z[d * i + j] = mu[j] + std::exp(log_variance[j] / 2) * noise[d * i + j];
    });
}

template <class T>
void sample_code_backward(T* dcode, const T* dz, const T* code, const T* noise, ptrdiff_t n, ptrdiff_t d) {
    for_each_row(n, d, [=](ptrdiff_t i) {
        const T* log_variance = code + 2 * d * i + d;
        T *dmu = dcode + 2 * d * i, *dlog_variance = dmu + d;
        for (ptrdiff_t j = 0; j < d; ++j) {
            const T slope = dz[d * i + j];
            dmu[j] = slope;
            dlog_variance[j] = slope * noise[d * i + j] * std::exp(log_variance[j] / 2) / 2;
        }
    });
}

template <class T>
void CodeDivergence<T>::run(T* kl, T* value, T* dcode) const {
    // Serial: the sum has one order, and a batch of codes is small beside one of images.
    double total = 0, weighted = 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        const T *mu = code + 2 * d * i, *log_variance = mu + d;
        T *dmu = dcode + 2 * d * i, *dlog_variance = dmu + d;
        const T* centre = labels[i] >= 0 && labels[i] < k ? centres + d * labels[i] : nullptr;
        const double weight = weights ? static_cast<double>(weights[i]) : 1.0, factor = centre ? beta[1] : beta[0];
        const T share = static_cast<T>(factor * weight / static_cast<double>(n));
        double sum = 0;
        for (ptrdiff_t j = 0; j < d; ++j) {
            const T away = centre ? mu[j] - centre[j] : mu[j], growth = std::expm1(log_variance[j]);
            sum += static_cast<double>(growth - log_variance[j]) + static_cast<double>(away) * away;
            dmu[j] += share * away;
            dlog_variance[j] += share * growth / 2;
        }
        total += weight * sum / 2;
        weighted += factor * weight * sum / 2;
    }
    kl[0] = static_cast<T>(total / static_cast<double>(n));
    value[0] += static_cast<T>(weighted / static_cast<double>(n));
}

#define MMLCORE_INSTANTIATE(T)                                                                     \
    template void sample_code<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t);                    \
    template void sample_code_backward<T>(T*, const T*, const T*, const T*, ptrdiff_t, ptrdiff_t); \
    template struct CodeDivergence<T>;
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
