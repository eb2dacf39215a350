#include "kernels/limited_memory.h"

#include <algorithm>

#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kPart = 16384;  // elements of a vector that one task takes

// The sum of body(begin, end) over parts of [0, n) that depend on n alone, added in order, so that the number of
// threads does not change a bit.
template <class Body>
double sum_over_parts(ptrdiff_t n, double cost_ns, Body&& body) {
    const ptrdiff_t parts = (n + kPart - 1) / kPart;
    if (parts <= 1) return body(ptrdiff_t{0}, n);
    const Workspace<double> sums(parts);
    parallel_for(parts, cost_ns,
                 [&](ptrdiff_t part) { sums.data()[part] = body(part * kPart, std::min(n, (part + 1) * kPart)); });
    double total = 0;
    for (ptrdiff_t part = 0; part < parts; ++part) total += sums.data()[part];
    return total;
}

// q ← scale · q + factor · a, and q · b of the new q, in one pass; a null: only the product, b null: only the step.
template <class T>
double step_and_dot(T* q, T scale, T factor, const T* a, const T* b, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>, U = 4;  // independent sums, so that additions do not wait for each other
    const V times = broadcast<V>(scale), f = broadcast<V>(factor);
    V sums[U] = {};
    const auto one = [&](V& sum, ptrdiff_t i, auto count) {
        V v = load_lanes<V>(q + i, count);
        if (a) {
            v = v * times + f * load_lanes<V>(a + i, count);
            store_lanes(q + i, v, count);
        }
        if (b) sum += v * load_lanes<V>(b + i, count);
    };
    ptrdiff_t i = 0;
    for (; i + U * W <= n; i += U * W)
#pragma GCC unroll 4
        for (ptrdiff_t u = 0; u < U; ++u) one(sums[u], i + u * W, AllLanes{});
    for_each_vector<V>(i, n, [&](ptrdiff_t j, auto count) { one(sums[0], j, count); });
    return static_cast<double>(sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])));
}

template <class T>
double step_and_dot_in_parts(T* q, double scale, double factor, const T* a, const T* b, ptrdiff_t n) {
    return sum_over_parts(n, limited_memory_ns<T>(n, 4), [=](ptrdiff_t begin, ptrdiff_t end) {
        return step_and_dot(q + begin, static_cast<T>(scale), static_cast<T>(factor), a ? a + begin : nullptr,
                            b ? b + begin : nullptr, end - begin);
    });
}

}  // namespace

template <class T>
PairSums limited_memory_pair(T* s, T* y, const T* x, const T* x_before, const T* g, const T* g_before, ptrdiff_t n) {
    using V = Vec<T>;
    PairSums total{};
    for (ptrdiff_t begin = 0; begin < n; begin += kPart) {
        V sy{}, ss{}, yy{};
        for_each_vector<V>(begin, std::min(n, begin + kPart), [&](ptrdiff_t i, auto count) {
            const V step = load_lanes<V>(x + i, count) - load_lanes<V>(x_before + i, count);
            const V change = load_lanes<V>(g + i, count) - load_lanes<V>(g_before + i, count);
            store_lanes(s + i, step, count);
            store_lanes(y + i, change, count);
            sy += step * change;
            ss += step * step;
            yy += change * change;
        });
        total.sy += static_cast<double>(sum_lanes(sy));
        total.ss += static_cast<double>(sum_lanes(ss));
        total.yy += static_cast<double>(sum_lanes(yy));
    }
    return total;
}

template <class T>
void limited_memory_direction(T* d, const T* g, const PairRing<T>& pairs, double scale, ptrdiff_t n) {
    std::transform(g, g + n, d, [](T value) { return -value; });
    if (pairs.count == 0) return;
    const Workspace<double> alphas(pairs.count);
    const auto row = [&](ptrdiff_t back) { return (pairs.newest - back + pairs.capacity) % pairs.capacity; };

    // q ← q - α y, newest first: α = s·q / y·s
    const T* none = nullptr;
    double product = step_and_dot_in_parts(d, 1.0, 0.0, none, pairs.s + row(0) * n, n);
    for (ptrdiff_t back = 0; back < pairs.count; ++back) {
        const double alpha = alphas.data()[back] = product / pairs.curvature[row(back)];
        const bool last = back + 1 == pairs.count;
        // after the last, q ← scale · q, and on with the product that the other loop begins with
        const T* next = last ? pairs.y + row(back) * n : pairs.s + row(back + 1) * n;
        const double times = last ? scale : 1.0;
        product = step_and_dot_in_parts(d, times, -alpha * times, pairs.y + row(back) * n, next, n);
    }
    // q ← q + (α - y·q / y·s) s, oldest first
    for (ptrdiff_t back = pairs.count - 1; back >= 0; --back) {
        const double factor = alphas.data()[back] - product / pairs.curvature[row(back)];
        const T* next = back > 0 ? pairs.y + row(back - 1) * n : none;
        product = step_and_dot_in_parts(d, 1.0, factor, pairs.s + row(back) * n, next, n);
    }
}

template PairSums limited_memory_pair<float>(float*, float*, const float*, const float*, const float*, const float*,
                                             ptrdiff_t);
template PairSums limited_memory_pair<double>(double*, double*, const double*, const double*, const double*,
                                              const double*, ptrdiff_t);
template void limited_memory_direction<float>(float*, const float*, const PairRing<float>&, double, ptrdiff_t);
template void limited_memory_direction<double>(double*, const double*, const PairRing<double>&, double, ptrdiff_t);

}  // namespace mmlcore
