#include "kernels/normalization.h"

#include <algorithm>
#include <cmath>

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kBlock = 128;  // terms added one after the other; the blocks' sums are added in turn

// Σ term(i) over [begin, end) in blocks: the error grows with the block, not with the number of terms.
template <class V, class Term>
V blocked_sum(ptrdiff_t begin, ptrdiff_t end, Term&& term) {
    V total{};
    for (ptrdiff_t first = begin; first < end; first += kBlock) {
        V part{};
        for (ptrdiff_t i = first; i < std::min(first + kBlock, end); ++i) part += term(i);
        total += part;
    }
    return total;
}

// Σ term(j, count) over the c elements of a row.
template <class V, class Term>
lane_t<V> row_sum(ptrdiff_t c, Term&& term) {
    V total{};
    for (ptrdiff_t first = 0; first < c; first += kBlock * lanes<V>) {
        V part{};
        for_each_vector<V>(first, std::min(first + kBlock * lanes<V>, c),
                           [&](ptrdiff_t j, auto count) { part += term(j, count); });
        total += part;
    }
    return sum_lanes(total);
}

template <class V, class Count>
V load_or(const lane_t<V>* p, ptrdiff_t j, Count count, lane_t<V> otherwise) {
    return p ? load_lanes<V>(p + j, count) : broadcast<V>(otherwise);
}

// body(j, count) for vectors of columns, in parallel.
template <class T, class Body>
void for_each_column(ptrdiff_t n, ptrdiff_t c, Body&& body) {
    parallel_chunks(c, lanes<Vec<T>>, norm_ns<T>(n, c),
                    [&](ptrdiff_t begin, ptrdiff_t end) { for_each_vector<Vec<T>>(begin, end, body); });
}

// body(row) for all rows, in parallel.
template <class T, class Body>
void for_each_row(ptrdiff_t n, ptrdiff_t c, Body&& body) {
    parallel_chunks(n, std::max<ptrdiff_t>(1, 1024 / std::max<ptrdiff_t>(c, 1)), norm_ns<T>(n, c),
                    [&](ptrdiff_t begin, ptrdiff_t end) {
                        for (ptrdiff_t row = begin; row < end; ++row) body(row);
                    });
}

}  // namespace

template <class T>
void batch_norm(T* y, T* mean, T* rstd, T* moving_mean, T* moving_variance, const T* x, const T* gamma, const T* beta,
                double epsilon, double momentum, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    const T eps = static_cast<T>(epsilon), rest = static_cast<T>(1 - momentum), count_of_rows = static_cast<T>(n);
    for_each_column<T>(n, c, [=](ptrdiff_t j, auto count) {
        auto at = [=](ptrdiff_t i) { return load_lanes<V>(x + i * c + j, count); };
        const V middle = blocked_sum<V>(0, n, at) / count_of_rows;
        const V variance = blocked_sum<V>(0, n,
                                          [=](ptrdiff_t i) {
                                              const V d = at(i) - middle;
                                              return V(d * d);
                                          }) /
                           count_of_rows;
        const V inverse = 1 / vsqrt(variance + eps);
        store_lanes(mean + j, middle, count);
        store_lanes(rstd + j, inverse, count);
        const V scale = load_or<V>(gamma, j, count, 1) * inverse, shift = load_or<V>(beta, j, count, 0);
        for (ptrdiff_t i = 0; i < n; ++i) store_lanes(y + i * c + j, (at(i) - middle) * scale + shift, count);
        if (!moving_mean) return;
        const V old_mean = load_lanes<V>(moving_mean + j, count), old = load_lanes<V>(moving_variance + j, count);
        store_lanes(moving_mean + j, old_mean + rest * (middle - old_mean), count);
        store_lanes(moving_variance + j, old + rest * (variance - old), count);
    });
}

template <class T>
void batch_norm_backward(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* mean, const T* rstd,
                         const T* gamma, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    const T count_of_rows = static_cast<T>(n);
    for_each_column<T>(n, c, [=](ptrdiff_t j, auto count) {
        const V middle = load_lanes<V>(mean + j, count), inverse = load_lanes<V>(rstd + j, count);
        auto dy_at = [=](ptrdiff_t i) { return load_lanes<V>(dy + i * c + j, count); };
        auto unit = [=](ptrdiff_t i) { return V((load_lanes<V>(x + i * c + j, count) - middle) * inverse); };
        const V shift = blocked_sum<V>(0, n, dy_at);
        const V scale = blocked_sum<V>(0, n, [=](ptrdiff_t i) { return V(dy_at(i) * unit(i)); });
        if (dgamma) store_lanes(dgamma + j, scale, count);
        if (dbeta) store_lanes(dbeta + j, shift, count);
        if (!dx) return;
        const V factor = load_or<V>(gamma, j, count, 1) * inverse;
        for (ptrdiff_t i = 0; i < n; ++i)
            store_lanes(dx + i * c + j, factor * (dy_at(i) - shift / count_of_rows - unit(i) * scale / count_of_rows),
                        count);
    });
}

template <class T>
void normalize(T* y, const T* x, const T* mean, const T* variance, const T* gamma, const T* beta, double epsilon,
               ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    const T eps = static_cast<T>(epsilon);
    for_each_column<T>(n, c, [=](ptrdiff_t j, auto count) {
        const V middle = load_lanes<V>(mean + j, count), shift = load_or<V>(beta, j, count, 0);
        const V scale = load_or<V>(gamma, j, count, 1) / vsqrt(load_lanes<V>(variance + j, count) + eps);
        for (ptrdiff_t i = 0; i < n; ++i)
            store_lanes(y + i * c + j, (load_lanes<V>(x + i * c + j, count) - middle) * scale + shift, count);
    });
}

template <class T>
void layer_norm(T* y, T* mean, T* rstd, const T* x, const T* gamma, const T* beta, double epsilon, ptrdiff_t n,
                ptrdiff_t c) {
    using V = Vec<T>;
    const T eps = static_cast<T>(epsilon), width = static_cast<T>(c);
    for_each_row<T>(n, c, [=](ptrdiff_t row) {
        const T* values = x + row * c;
        const T middle =
            row_sum<V>(c, [=](ptrdiff_t j, auto count) { return load_lanes<V>(values + j, count); }) / width;
        const T variance = row_sum<V>(c,
                                      [=](ptrdiff_t j, auto count) {
                                          const V d = load_lanes(values + j, count, broadcast<V>(middle)) - middle;
                                          return V(d * d);
                                      }) /
                           width;
        const T inverse = 1 / std::sqrt(variance + eps);
        mean[row] = middle;
        rstd[row] = inverse;
        for_each_vector<V>(0, c, [=](ptrdiff_t j, auto count) {
            const V unit = (load_lanes<V>(values + j, count) - middle) * inverse;
            store_lanes(y + row * c + j, unit * load_or<V>(gamma, j, count, 1) + load_or<V>(beta, j, count, 0), count);
        });
    });
}

template <class T>
void layer_norm_backward(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* mean, const T* rstd,
                         const T* gamma, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    const T width = static_cast<T>(c);
    if (dx)
        for_each_row<T>(n, c, [=](ptrdiff_t row) {
            const T middle = mean[row], inverse = rstd[row];
            auto unit = [=](ptrdiff_t j, auto count) {
                return V((load_lanes(x + row * c + j, count, broadcast<V>(middle)) - middle) * inverse);
            };
            auto g = [=](ptrdiff_t j, auto count) {
                return V(load_lanes<V>(dy + row * c + j, count) * load_or<V>(gamma, j, count, 1));
            };
            const T shift = row_sum<V>(c, g) / width;
            const T scale =
                row_sum<V>(c, [=](ptrdiff_t j, auto count) { return V(g(j, count) * unit(j, count)); }) / width;
            for_each_vector<V>(0, c, [=](ptrdiff_t j, auto count) {
                store_lanes(dx + row * c + j, inverse * (g(j, count) - shift - unit(j, count) * scale), count);
            });
        });
    if (!dgamma && !dbeta) return;
    for_each_column<T>(n, c, [=](ptrdiff_t j, auto count) {
        auto dy_at = [=](ptrdiff_t i) { return load_lanes<V>(dy + i * c + j, count); };
        if (dbeta) store_lanes(dbeta + j, blocked_sum<V>(0, n, dy_at), count);
        if (dgamma)
            store_lanes(
                dgamma + j,
                blocked_sum<V>(0, n,
                               [=](ptrdiff_t i) {
                                   return V(dy_at(i) * ((load_lanes<V>(x + i * c + j, count) - mean[i]) * rstd[i]));
                               }),
                count);
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                                      \
    template void batch_norm<T>(T*, T*, T*, T*, T*, const T*, const T*, const T*, double, double, ptrdiff_t,        \
                                ptrdiff_t);                                                                         \
    template void batch_norm_backward<T>(T*, T*, T*, const T*, const T*, const T*, const T*, const T*, ptrdiff_t,   \
                                         ptrdiff_t);                                                                \
    template void normalize<T>(T*, const T*, const T*, const T*, const T*, const T*, double, ptrdiff_t, ptrdiff_t); \
    template void layer_norm<T>(T*, T*, T*, const T*, const T*, const T*, double, ptrdiff_t, ptrdiff_t);            \
    template void layer_norm_backward<T>(T*, T*, T*, const T*, const T*, const T*, const T*, const T*, ptrdiff_t,   \
                                         ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
