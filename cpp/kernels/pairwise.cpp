#include "kernels/pairwise.h"

#include "kernels/lanes.h"
#include "kernels/pair_operations.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024;  // elements: chunks end on cache lines of the output

template <class V, class Count>
V operand(Stepped<lane_t<V>> x, ptrdiff_t i, Count count) {
    return x.step ? load_lanes<V>(x.data + i, count) : broadcast<V>(*x.data);
}

// out = dz slope(x, y, z)
template <class T, class Slope>
void scaled(T* out, Stepped<T> dz, Stepped<T> x, Stepped<T> y, Stepped<T> z, ptrdiff_t n, double cost_ns, Slope slope) {
    using V = Vec<T>;
    parallel_chunks(n, kGrain, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
            const V by = slope(operand<V>(x, i, count), operand<V>(y, i, count), operand<V>(z, i, count));
            store_lanes(out + i, operand<V>(dz, i, count) * by, count);
        });
    });
}

template <template <class> class Op, class T>
constexpr double element_ns = Op<Vec<T>>::ns * sizeof(T) / sizeof(float);

// z = f(x, y)  =>  dx = dz ∂f/∂x, dy = dz ∂f/∂y
template <template <class> class Op, class T>
void backward(T* dx, T* dy, Stepped<T> dz, Stepped<T> x, Stepped<T> y, Stepped<T> z, ptrdiff_t n) {
    using V = Vec<T>;
    const double cost_ns = n * element_ns<Op, T>;
    if (dx) scaled(dx, dz, x, y, z, n, cost_ns, [](V a, V b, V c) { return Op<V>::by_x(a, b, c); });
    if (dy) scaled(dy, dz, x, y, z, n, cost_ns, [](V a, V b, V c) { return Op<V>::by_y(a, b, c); });
}

template <class T, template <class> class... Ops>
std::vector<PairKernel<T>> table(PairList<Ops...>) {
    return {{Ops<Vec<T>>::name, element_ns<Ops, T>, &backward<Ops, T>}...};
}

}  // namespace

template <class T>
const std::vector<PairKernel<T>>& pair_kernels() {
    static const std::vector<PairKernel<T>> kernels = table<T>(PairOps{});
    return kernels;
}

template <class T>
void logaddexp(T* z, Stepped<T> x, Stepped<T> y, ptrdiff_t n) {
    using V = Vec<T>;
    parallel_chunks(n, kGrain, n * 1.0 * sizeof(T) / sizeof(float), [=](ptrdiff_t begin, ptrdiff_t end) {
        for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
            const V a = operand<V>(x, i, count), b = operand<V>(y, i, count);
            store_lanes(z + i, vmax(a, b) + vsoftplus(-vabs(gap(a, b))), count);
        });
    });
}

template <class T>
void softplus_and_slope(T* y, T* slope, const T* x, ptrdiff_t n) {
    using V = Vec<T>;
    parallel_chunks(n, kGrain, n * 1.3 * sizeof(T) / sizeof(float), [=](ptrdiff_t begin, ptrdiff_t end) {
        for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
            const V a = load_lanes<V>(x + i, count);
            V sigmoid;
            store_lanes(y + i, vsoftplus(a, sigmoid), count);
            store_lanes(slope + i, sigmoid, count);
        });
    });
}

#define MMLCORE_INSTANTIATE(T)                                         \
    template const std::vector<PairKernel<T>>& pair_kernels<T>();      \
    template void logaddexp<T>(T*, Stepped<T>, Stepped<T>, ptrdiff_t); \
    template void softplus_and_slope<T>(T*, T*, const T*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
