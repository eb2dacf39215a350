#include "kernels/elementwise.h"

#include "kernels/lanes.h"
#include "kernels/threads.h"
#include "kernels/unary_operations.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024;  // elements: chunks end on cache lines of the output

template <template <class> class Op, class T>
constexpr double element_ns = Op<Vec<T>>::ns * sizeof(T) / sizeof(float);

// The loops are functions of their own: the serial and the parallel call run the same instructions, so that the number
// of threads does not change a bit.

// y = f(x)
template <template <class> class Op, class T>
[[gnu::noinline]] void forward_range(T* y, const T* x, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        store_lanes(y + i, Op<V>::forward(load_lanes<V>(x + i, count)), count);
    });
}

// y = f(x)  =>  dx = dy f'(x)
template <template <class> class Op, class T>
[[gnu::noinline]] void backward_range(T* dx, const T* dy, const T* x, const T* y, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        const V slope = Op<V>::grad(load_lanes<V>(x + i, count), load_lanes<V>(y + i, count));
        store_lanes(dx + i, load_lanes<V>(dy + i, count) * slope, count);
    });
}

template <template <class> class Op, class T>
void forward(T* y, const T* x, ptrdiff_t n) {
    parallel_chunks(n, kGrain, n * element_ns<Op, T>,
                    [=](ptrdiff_t begin, ptrdiff_t end) { forward_range<Op>(y, x, begin, end); });
}

template <template <class> class Op, class T>
void backward(T* dx, const T* dy, const T* x, const T* y, ptrdiff_t n) {
    parallel_chunks(n, kGrain, n * element_ns<Op, T>,
                    [=](ptrdiff_t begin, ptrdiff_t end) { backward_range<Op>(dx, dy, x, y, begin, end); });
}

template <class T, template <class> class... Ops>
std::vector<UnaryKernel<T>> table(OpList<Ops...>) {
    return {{Ops<Vec<T>>::name, element_ns<Ops, T>, &forward<Ops, T>, &backward<Ops, T>}...};
}

}  // namespace

template <class T>
const std::vector<UnaryKernel<T>>& unary_kernels() {
    static const std::vector<UnaryKernel<T>> kernels = table<T>(UnaryOps{});
    return kernels;
}

template const std::vector<UnaryKernel<float>>& unary_kernels<float>();
template const std::vector<UnaryKernel<double>>& unary_kernels<double>();

}  // namespace mmlcore
