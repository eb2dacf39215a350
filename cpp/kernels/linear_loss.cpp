#include "kernels/linear_loss.h"

#include <algorithm>

#include "kernels/math.h"
#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kBlock = 64;             // rows at most whose products with w wait for each other
constexpr ptrdiff_t kBlockBytes = 24 << 10;  // of them: they are still in the first-level cache
constexpr int kTogether = 8;                 // rows in one go: as many as keep the processor's units busy
constexpr ptrdiff_t kPartsAtMost = 64;       // of the rows, each with a gradient of its own

// body(i, count) for rows i … i + count - 1.
template <class Body>
void for_rows(ptrdiff_t rows, Body&& body) {
    ptrdiff_t i = 0;
    for (; i + kTogether <= rows; i += kTogether) body(i, std::integral_constant<int, kTogether>{});
    for (; i < rows; ++i) body(i, std::integral_constant<int, 1>{});
}

// Adds the rows [begin, end) to *loss and gradient (d).
template <class T>
void add_rows(T* loss, T* gradient, const T* x, const T* y, const T* w, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t d) {
    using V = Vec<T>;
    const ptrdiff_t fitting = kBlockBytes / static_cast<ptrdiff_t>(sizeof(T)) / std::max<ptrdiff_t>(d, 1);
    const ptrdiff_t block = std::clamp<ptrdiff_t>(fitting / kTogether * kTogether, kTogether, kBlock);
    for (ptrdiff_t first = begin; first < end; first += block) {
        const ptrdiff_t rows = std::min(block, end - first);
        T margin[kBlock], slope[kBlock];
        for_rows(rows, [&](ptrdiff_t i, auto count) { dot_columns<count>(margin + i, x + (first + i) * d, d, w, d); });
        V total{};
        for_each_vector<V>(0, rows, [&](ptrdiff_t i, auto count) {
            const V sign = load_lanes<V>(y + first + i, count), against = -sign * load_lanes<V>(margin + i, count);
            // lanes beyond the end count as e^-∞
            const V missing = broadcast<V>(-std::numeric_limits<T>::infinity());
            V inside = against;
            if constexpr (!std::is_same_v<decltype(count), AllLanes>)
                for (ptrdiff_t lane = count; lane < lanes<V>; ++lane) inside[lane] = missing[lane];
            V share;
            total += vsoftplus(inside, share);
            store_lanes(slope + i, -sign * share, count);
        });
        *loss += sum_lanes(total);
        for_rows(rows,
                 [&](ptrdiff_t i, auto count) { add_columns<count>(gradient, x + (first + i) * d, d, slope + i, d); });
    }
}

}  // namespace

template <class T>
void logistic_loss(T* loss, T* gradient, const T* x, const T* y, const T* w, ptrdiff_t n, ptrdiff_t d) {
    const ptrdiff_t parts = std::clamp<ptrdiff_t>(n / (4 * kBlock), 1, kPartsAtMost), stride = padded_row<T>(d + 1);
    const Workspace<T> sums(parts * stride);
    std::fill(sums.data(), sums.data() + parts * stride, T{0});
    parallel_for(parts, logistic_loss_ns(n, d), [&](ptrdiff_t part) {
        T* own = sums.data() + part * stride;
        add_rows(own + d, own, x, y, w, n * part / parts, n * (part + 1) / parts, d);
    });
    const T share = n > 0 ? T(1) / static_cast<T>(n) : T(0);
    std::fill(gradient, gradient + d, T{0});
    *loss = 0;
    for (ptrdiff_t part = 0; part < parts; ++part) {
        const T* own = sums.data() + part * stride;
        add_scaled(gradient, own, share, d);
        *loss += share * own[d];
    }
}

template void logistic_loss<float>(float*, float*, const float*, const float*, const float*, ptrdiff_t, ptrdiff_t);
template void logistic_loss<double>(double*, double*, const double*, const double*, const double*, ptrdiff_t,
                                    ptrdiff_t);

}  // namespace mmlcore
