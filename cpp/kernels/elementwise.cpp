#include "kernels/elementwise.h"

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024;  // elements: chunks end on cache lines of the output

template <template <class> class Op, class T>
constexpr double element_ns = Op<Vec<T>>::ns * sizeof(T) / sizeof(float);

// y = f(x)
template <template <class> class Op, class T>
void forward(T* y, const T* x, ptrdiff_t n) {
    using V = Vec<T>;
    parallel_chunks(n, kGrain, n * element_ns<Op, T>, [=](ptrdiff_t begin, ptrdiff_t end) {
        ptrdiff_t i = begin;
        for (; i + lanes<V> <= end; i += lanes<V>) store(y + i, Op<V>::forward(load<V>(x + i)));
        if (i < end) store_first(y + i, Op<V>::forward(load_first<V>(x + i, end - i)), end - i);
    });
}

// y = f(x)  =>  dx = dy f'(x)
template <template <class> class Op, class T>
void backward(T* dx, const T* dy, const T* x, const T* y, ptrdiff_t n) {
    using V = Vec<T>;
    parallel_chunks(n, kGrain, n * element_ns<Op, T>, [=](ptrdiff_t begin, ptrdiff_t end) {
        ptrdiff_t i = begin;
        for (; i + lanes<V> <= end; i += lanes<V>)
            store(dx + i, load<V>(dy + i) * Op<V>::grad(load<V>(x + i), load<V>(y + i)));
        if (i < end) {
            const V slope = Op<V>::grad(load_first<V>(x + i, end - i), load_first<V>(y + i, end - i));
            store_first(dx + i, load_first<V>(dy + i, end - i) * slope, end - i);
        }
    });
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
