#include "kernels/dense.h"

#include <algorithm>

#include "kernels/lanes.h"
#include "kernels/reduce.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// dz = dy ⊙ activation'(z), flat.
template <class T>
void through_activation(T* dz, const T* dy, const T* saved, Activation activation, ptrdiff_t size) {
    using V = Vec<T>;
    parallel_chunks(size, 1024, static_cast<double>(size) * sizeof(T) / 10, [=](ptrdiff_t begin, ptrdiff_t end) {
        for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto here) {
            const V slopes = slope(load_lanes<V>(saved + i, here), activation);
            store_lanes(dz + i, load_lanes<V>(dy + i, here) * slopes, here);
        });
    });
}

}  // namespace

template <class T>
void dense_forward(T* y, T* z, MatrixView<T> x, MatrixView<T> w, const T* bias, Activation activation, ptrdiff_t n,
                   ptrdiff_t in, ptrdiff_t out) {
    gemm<T>(y, out, x, w, n, out, in, 1, 0, {bias, activation, z});
}

template <class T>
void dense_backward(T* dx, T* dw, T* db, const T* dy, MatrixView<T> x, MatrixView<T> w, const T* saved,
                    Activation activation, ptrdiff_t n, ptrdiff_t in, ptrdiff_t out) {
    // dz = dy ⊙ activation'(z)
    const Workspace<T> buffer(activation == Activation::linear ? 0 : n * out);
    if (activation != Activation::linear) through_activation(buffer.data(), dy, saved, activation, n * out);
    const T* dz = activation == Activation::linear ? dy : buffer.data();
    const MatrixView<T> dz_view{dz, out, 1};

    // z = x w + bias
    gemm<T>(dw, out, x.transposed(), dz_view, in, out, n);
    if (dx) gemm<T>(dx, in, dz_view, w.transposed(), n, in, out);
    if (db) reduce_sum(db, dz, 1, n, out);
}

#define MMLCORE_INSTANTIATE(T)                                                                                       \
    template void dense_forward<T>(T*, T*, MatrixView<T>, MatrixView<T>, const T*, Activation, ptrdiff_t, ptrdiff_t, \
                                   ptrdiff_t);                                                                       \
    template void dense_backward<T>(T*, T*, T*, const T*, MatrixView<T>, MatrixView<T>, const T*, Activation,        \
                                    ptrdiff_t, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
