#include "kernels/softmax.h"

#include <algorithm>
#include <limits>

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/simd.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kBlock = 4096;   // elements added one after the other; the blocks' sums are added in turn
constexpr ptrdiff_t kTogether = 64;  // rows whose logarithms are taken together

template <class V>
V minus_infinity() {
    return broadcast<V>(-std::numeric_limits<lane_t<V>>::infinity());
}

// Rows that are worth handing to a thread.
ptrdiff_t row_grain(ptrdiff_t c) {
    return std::max<ptrdiff_t>(1, 1024 / std::max<ptrdiff_t>(c, 1));
}

// body(row) for all rows, in parallel.
template <class Body>
void for_each_row(ptrdiff_t n, ptrdiff_t c, double ns, Body&& body) {
    parallel_chunks(n, row_grain(c), ns, [&](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t row = begin; row < end; ++row) body(row);
    });
}

// Σ term(i, count) over a row, where term gives a vector.
template <class V, class Term>
lane_t<V> sum_over_row(ptrdiff_t c, Term&& term) {
    V total{};
    for (ptrdiff_t begin = 0; begin < c; begin += kBlock) {
        V part{};
        for_each_vector<V>(begin, std::min(begin + kBlock, c),
                           [&](ptrdiff_t i, auto count) { part += term(i, count); });
        total += part;
    }
    return sum_lanes(total);
}

// The largest element that is a number.
template <class T>
T row_max(const T* z, ptrdiff_t c) {
    using V = Vec<T>;
    V largest = minus_infinity<V>();
    for_each_vector<V>(
        0, c, [&](ptrdiff_t i, auto count) { largest = vmax(load_lanes(z + i, count, minus_infinity<V>()), largest); });
    return fold_lanes(largest, [](V a, V b) { return vmax(a, b); });
}

// exp(z - largest) for lanes of a row; 0 beyond its end.
template <class V, class Count>
V shifted_exp(const lane_t<V>* z, Count count, lane_t<V> largest) {
    return vexp_falling(load_lanes(z, count, minus_infinity<V>()) - largest);
}

template <class T>
T log_of(T x) {
    return vlog(broadcast<Vec<T>>(x))[0];
}

// y = factor x; y may be x.
template <class T>
void scale_row(T* y, const T* x, T factor, ptrdiff_t c) {
    using V = Vec<T>;
    for_each_vector<V>(
        0, c, [=](ptrdiff_t i, auto count) { store_lanes(y + i, load_lanes<V>(x + i, count) * factor, count); });
}

template <class T>
struct RowSum {
    T largest, sum;  // max z and Σ exp(z - max z)
};

// p = softmax(z) for a row of K vectors, the last one perhaps incomplete, that stay in registers.
template <int K, class T>
RowSum<T> softmax_in_registers(T* p, const T* z, ptrdiff_t c) {
    using V = Vec<T>;
    constexpr int W = lanes<V>, last = (K - 1) * W;
    V e[K];
    for (int k = 0; k < K - 1; ++k) e[k] = load<V>(z + k * W);
    e[K - 1] = load_first(z + last, c - last, minus_infinity<V>());

    V top = minus_infinity<V>();
    for (int k = 0; k < K; ++k) top = vmax(e[k], top);
    const T largest = fold_lanes(top, [](V a, V b) { return vmax(a, b); });

    V total{};
    for (int k = 0; k < K; ++k) total += e[k] = vexp_falling(e[k] - largest);
    const T sum = sum_lanes(total), factor = 1 / sum;

    for (int k = 0; k < K - 1; ++k) store(p + k * W, e[k] * factor);
    store_first(p + last, e[K - 1] * factor, c - last);
    return {largest, sum};
}

// Calls softmax_in_registers for short rows; false for the others.
template <class T>
bool softmax_short_row(RowSum<T>& sum, T* p, const T* z, ptrdiff_t c) {
    switch ((c + lanes<Vec<T>> - 1) / lanes<Vec<T>>) {
        case 1:
            sum = softmax_in_registers<1>(p, z, c);
            return true;
        case 2:
            sum = softmax_in_registers<2>(p, z, c);
            return true;
        case 3:
            sum = softmax_in_registers<3>(p, z, c);
            return true;
        case 4:
            sum = softmax_in_registers<4>(p, z, c);
            return true;
        default:
            return false;
    }
}

// p = softmax(z)
template <class T>
RowSum<T> softmax_row(T* p, const T* z, ptrdiff_t c) {
    using V = Vec<T>;
    RowSum<T> result;
    if (softmax_short_row(result, p, z, c)) return result;
    const T largest = row_max(z, c);
    const T sum = sum_over_row<V>(c, [=](ptrdiff_t i, auto count) {
        const V e = shifted_exp<V>(z + i, count, largest);
        store_lanes(p + i, e, count);
        return e;
    });
    scale_row(p, p, 1 / sum, c);
    return {largest, sum};
}

// max z and Σ exp(z - max z) alone; `spare` has room for c elements, which may be overwritten.
template <class T>
RowSum<T> exp_sum(T* spare, const T* z, ptrdiff_t c) {
    RowSum<T> result;
    if (softmax_short_row(result, spare, z, c)) return result;
    const T largest = row_max(z, c);
    return {largest, sum_over_row<Vec<T>>(
                         c, [=](ptrdiff_t i, auto count) { return shifted_exp<Vec<T>>(z + i, count, largest); })};
}

}  // namespace

template <class T>
void softmax(T* y, const T* x, ptrdiff_t n, ptrdiff_t c) {
    for_each_row(n, c, softmax_ns<T>(n, c), [=](ptrdiff_t row) { softmax_row(y + row * c, x + row * c, c); });
}

template <class T>
void softmax_backward(T* dx, const T* dy, const T* y, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    for_each_row(n, c, softmax_backward_ns<T>(n, c), [=](ptrdiff_t row) {
        const T *p = y + row * c, *g = dy + row * c;
        const T sum = sum_over_row<V>(
            c, [=](ptrdiff_t i, auto count) { return load_lanes<V>(g + i, count) * load_lanes<V>(p + i, count); });
        for_each_vector<V>(0, c, [=, to = dx + row * c](ptrdiff_t i, auto count) {
            store_lanes(to + i, load_lanes<V>(p + i, count) * (load_lanes<V>(g + i, count) - sum), count);
        });
    });
}

template <class T>
void log_softmax_backward(T* dx, const T* dy, const T* y, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    for_each_row(n, c, softmax_ns<T>(n, c), [=](ptrdiff_t row) {
        const T *log_p = y + row * c, *g = dy + row * c;
        const T sum = sum_over_row<V>(c, [=](ptrdiff_t i, auto count) { return load_lanes<V>(g + i, count); });
        for_each_vector<V>(0, c, [=, to = dx + row * c](ptrdiff_t i, auto count) {
            store_lanes(to + i, load_lanes<V>(g + i, count) - vexp(load_lanes<V>(log_p + i, count)) * sum, count);
        });
    });
}

template <class T>
void log_softmax(T* y, const T* x, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    parallel_chunks(n, row_grain(c), softmax_ns<T>(n, c), [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t first = begin; first < end; first += kTogether) {
            const ptrdiff_t rows = std::min(kTogether, end - first);
            T logs[kTogether], largest[kTogether];
            for (ptrdiff_t i = 0; i < rows; ++i) {
                const auto sum = exp_sum(y + (first + i) * c, x + (first + i) * c, c);
                logs[i] = sum.sum;
                largest[i] = sum.largest;
            }
            for_each_vector<V>(0, rows, [&](ptrdiff_t i, auto count) {
                store_lanes(logs + i, vlog(load_lanes(logs + i, count, broadcast<V>(1))), count);
            });
            for (ptrdiff_t i = 0; i < rows; ++i) {
                const T* z = x + (first + i) * c;
                T* out = y + (first + i) * c;
                for_each_vector<V>(0, c, [=, top = largest[i], log_sum = logs[i]](ptrdiff_t j, auto count) {
                    store_lanes(out + j, (load_lanes<V>(z + j, count) - top) - log_sum, count);
                });
            }
        }
    });
}

template <class T>
void cross_entropy(T* loss, T* p, const T* z, const std::int64_t* labels, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    parallel_chunks(n, row_grain(c), softmax_ns<T>(n, c), [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t first = begin; first < end; first += kTogether) {
            const ptrdiff_t rows = std::min(kTogether, end - first);
            T sums[kTogether], picked[kTogether];  // Σ exp(z - max z) and z[label] - max z
            for (ptrdiff_t i = 0; i < rows; ++i) {
                const T* logits = z + (first + i) * c;
                const auto [largest, sum] = softmax_row(p + (first + i) * c, logits, c);
                const std::int64_t label = labels[first + i];
                const bool known = label >= 0 && label < c;
                sums[i] = sum;
                picked[i] = known ? logits[label] - largest : std::numeric_limits<T>::quiet_NaN();
            }
            for_each_vector<V>(0, rows, [&](ptrdiff_t i, auto count) {
                const V log_sum = vlog(load_lanes(sums + i, count, broadcast<V>(1)));
                store_lanes(loss + first + i, log_sum - load_lanes<V>(picked + i, count), count);
            });
        }
    });
}

template <class T>
void cross_entropy_backward(T* dz, const T* p, const std::int64_t* labels, const T* g, ptrdiff_t n, ptrdiff_t c) {
    for_each_row(n, c, softmax_backward_ns<T>(n, c), [=](ptrdiff_t row) {
        const std::int64_t label = labels[row];
        scale_row(dz + row * c, p + row * c, g[row], c);
        if (label >= 0 && label < c) dz[row * c + label] = (p[row * c + label] - 1) * g[row];
    });
}

template <class T>
void soft_cross_entropy(T* loss, T* p, const T* z, const T* t, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    for_each_row(n, c, softmax_ns<T>(n, c), [=](ptrdiff_t row) {
        const T *logits = z + row * c, *targets = t + row * c;
        const auto row_sum = softmax_row(p + row * c, logits, c);
        const T largest = row_sum.largest, log_sum = log_of(row_sum.sum);
        loss[row] = sum_over_row<V>(c, [=](ptrdiff_t i, auto count) {
            const V target = load_lanes<V>(targets + i, count);
            const V term = target * (log_sum - (load_lanes<V>(logits + i, count) - largest));
            return target == 0 ? V{} : term;
        });
    });
}

template <class T>
void soft_cross_entropy_backward(T* dz, const T* p, const T* t, const T* g, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    for_each_row(n, c, softmax_backward_ns<T>(n, c), [=](ptrdiff_t row) {
        const T *probabilities = p + row * c, *targets = t + row * c;
        const T factor = g[row];
        const T total = sum_over_row<V>(c, [=](ptrdiff_t i, auto count) { return load_lanes<V>(targets + i, count); });
        for_each_vector<V>(0, c, [=](ptrdiff_t i, auto count) {
            const V slope = load_lanes<V>(probabilities + i, count) * total - load_lanes<V>(targets + i, count);
            store_lanes(dz + row * c + i, slope * factor, count);
        });
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                                  \
    template void softmax<T>(T*, const T*, ptrdiff_t, ptrdiff_t);                                               \
    template void log_softmax<T>(T*, const T*, ptrdiff_t, ptrdiff_t);                                           \
    template void softmax_backward<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t);                            \
    template void log_softmax_backward<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t);                        \
    template void cross_entropy<T>(T*, T*, const T*, const std::int64_t*, ptrdiff_t, ptrdiff_t);                \
    template void cross_entropy_backward<T>(T*, const T*, const std::int64_t*, const T*, ptrdiff_t, ptrdiff_t); \
    template void soft_cross_entropy<T>(T*, T*, const T*, const T*, ptrdiff_t, ptrdiff_t);                      \
    template void soft_cross_entropy_backward<T>(T*, const T*, const T*, const T*, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
