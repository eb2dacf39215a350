#include "kernels/dense.h"

#include <type_traits>

#include "kernels/activation_functions.h"
#include "kernels/lanes.h"
#include "kernels/reduce.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kManyRegisters = true;
#else
constexpr bool kManyRegisters = false;
#endif

// body(constant) with the activation as a constant that the compiler sees: a choice made once, not in every vector.
template <class Body>
void with_constant(Activation activation, Body&& body) {
    switch (activation) {
        case Activation::linear:
            return body(std::integral_constant<Activation, Activation::linear>{});
        case Activation::relu:
            return body(std::integral_constant<Activation, Activation::relu>{});
        case Activation::sigmoid:
            return body(std::integral_constant<Activation, Activation::sigmoid>{});
        case Activation::tanh:
            return body(std::integral_constant<Activation, Activation::tanh>{});
        case Activation::softplus:
            return body(std::integral_constant<Activation, Activation::softplus>{});
        case Activation::elu:
            return body(std::integral_constant<Activation, Activation::elu>{});
        case Activation::gelu:
            return body(std::integral_constant<Activation, Activation::gelu>{});
        case Activation::silu:
            return body(std::integral_constant<Activation, Activation::silu>{});
    }
}

// The loops are functions of their own: the serial and the parallel call run the same instructions.
template <Activation activation, class T>
[[gnu::noinline]] void activate_range(T* y, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        store_lanes(y + i, activated(load_lanes<V>(y + i, count), activation), count);
    });
}

template <Activation activation, class T>
[[gnu::noinline]] void slope_range(T* dz, const T* dy, const T* saved, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        store_lanes(dz + i, load_lanes<V>(dy + i, count) * slope(load_lanes<V>(saved + i, count), activation), count);
    });
}

// y = activation(y), flat.
template <class T>
void activate(T* y, Activation activation, ptrdiff_t size) {
    with_constant(activation, [=](auto constant) {
        parallel_chunks(size, 1024, static_cast<double>(size) * sizeof(T) / 5,
                        [=](ptrdiff_t begin, ptrdiff_t end) { activate_range<constant()>(y, begin, end); });
    });
}

// dz = dy ⊙ activation'(z), flat.
template <class T>
void through_activation(T* dz, const T* dy, const T* saved, Activation activation, ptrdiff_t size) {
    with_constant(activation, [=](auto constant) {
        parallel_chunks(size, 1024, static_cast<double>(size) * sizeof(T) / 10,
                        [=](ptrdiff_t begin, ptrdiff_t end) { slope_range<constant()>(dz, dy, saved, begin, end); });
    });
}

// An activation of many steps goes over the finished product in a loop of its own where that is still in the
// second-level cache: in the product's tile the sums hold the registers, so that each vector waits for the one before.
// With 32 registers the tile has room.
template <class T>
bool activates_apart(Activation activation, ptrdiff_t size) {
    constexpr ptrdiff_t kInCache = 256 << 10;
    return !kManyRegisters && activation > Activation::relu && size * static_cast<ptrdiff_t>(sizeof(T)) <= kInCache;
}

}  // namespace

template <class T>
void dense_forward(T* y, T* z, MatrixView<T> x, MatrixView<T> w, const T* bias, Activation activation, ptrdiff_t n,
                   ptrdiff_t in, ptrdiff_t out) {
    const bool apart = !z && activates_apart<T>(activation, n * out);
    gemm<T>(y, out, x, w, n, out, in, 1, 0, {bias, apart ? Activation::linear : activation, z});
    if (apart) activate(y, activation, n * out);
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
