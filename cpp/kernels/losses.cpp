#include "kernels/losses.h"

#include <algorithm>

#include "kernels/lanes.h"
#include "kernels/pointwise_losses.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kBlock = 1024;  // terms added one after the other; the blocks' sums are added in turn

// The loops are functions of their own: the serial and the parallel call run the same instructions, so that the number
// of threads does not change a bit.

template <template <class> class Loss, class T>
[[gnu::noinline]] void forward_rows(T* loss, const T* p, const T* t, T c, T scale, ptrdiff_t begin, ptrdiff_t end,
                                    ptrdiff_t k) {
    using V = Vec<T>;
    auto term = [=](ptrdiff_t i, auto count) {
        return Loss<V>::value(load_lanes<V>(p + i, count), load_lanes<V>(t + i, count), c);
    };
    if (k == 1) {
        for_each_vector<V>(begin, end,
                           [=](ptrdiff_t i, auto count) { store_lanes(loss + i, scale * term(i, count), count); });
        return;
    }
    for (ptrdiff_t row = begin; row < end; ++row) {
        V total{};
        for (ptrdiff_t first = row * k; first < (row + 1) * k; first += kBlock) {
            V part{};
            for_each_vector<V>(first, std::min(first + kBlock, (row + 1) * k), [&](ptrdiff_t i, auto count) {
                V terms = term(i, count);
                if constexpr (!std::is_same_v<decltype(count), AllLanes>)  // l(0, 0) may differ from 0
                    for (ptrdiff_t lane = count; lane < lanes<V>; ++lane) terms[lane] = 0;
                part += terms;
            });
            total += part;
        }
        loss[row] = scale * sum_lanes(total);
    }
}

template <template <class> class Loss, class T>
[[gnu::noinline]] void backward_rows(T* dp, const T* p, const T* t, const T* g, T c, T scale, ptrdiff_t begin,
                                     ptrdiff_t end, ptrdiff_t k) {
    using V = Vec<T>;
    auto slope = [=](ptrdiff_t i, auto count) {
        return Loss<V>::slope(load_lanes<V>(p + i, count), load_lanes<V>(t + i, count), c);
    };
    if (k == 1) {
        for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
            store_lanes(dp + i, scale * load_lanes<V>(g + i, count) * slope(i, count), count);
        });
        return;
    }
    for (ptrdiff_t row = begin; row < end; ++row) {
        const T factor = scale * g[row];
        for_each_vector<V>(row * k, (row + 1) * k,
                           [=](ptrdiff_t i, auto count) { store_lanes(dp + i, factor * slope(i, count), count); });
    }
}

ptrdiff_t grain(ptrdiff_t k) {
    return std::max<ptrdiff_t>(1, 1024 / std::max<ptrdiff_t>(k, 1));
}

template <template <class> class Loss, class T>
void forward(T* loss, const T* p, const T* t, T c, T scale, ptrdiff_t n, ptrdiff_t k) {
    parallel_chunks(n, grain(k), loss_ns<T>(n, k),
                    [=](ptrdiff_t begin, ptrdiff_t end) { forward_rows<Loss>(loss, p, t, c, scale, begin, end, k); });
}

template <template <class> class Loss, class T>
void backward(T* dp, const T* p, const T* t, const T* g, T c, T scale, ptrdiff_t n, ptrdiff_t k) {
    parallel_chunks(n, grain(k), loss_ns<T>(n, k),
                    [=](ptrdiff_t begin, ptrdiff_t end) { backward_rows<Loss>(dp, p, t, g, c, scale, begin, end, k); });
}

template <class T, template <class> class... Losses>
std::vector<LossKernel<T>> table(LossList<Losses...>) {
    return {{Losses<Vec<T>>::name, &forward<Losses, T>, &backward<Losses, T>}...};
}

}  // namespace

template <class T>
const std::vector<LossKernel<T>>& loss_kernels() {
    static const std::vector<LossKernel<T>> kernels = table<T>(PointwiseLosses{});
    return kernels;
}

template const std::vector<LossKernel<float>>& loss_kernels<float>();
template const std::vector<LossKernel<double>>& loss_kernels<double>();

}  // namespace mmlcore
