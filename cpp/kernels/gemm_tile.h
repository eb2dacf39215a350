// The micro-kernel: one tile of C held in registers while k runs.
//
//   tile(rows × columns vectors) = Σ_p a_panel[p][0…rows) ⊗ b_panel[p][0…NR)
//
// The tile's size is data of the instruction set. Registers: rows × 2 accumulators, 2 vectors of B, 1 broadcast of A.
#pragma once

#include <array>
#include <utility>

#include "kernels/gemm.h"
#include "kernels/math.h"
#include "kernels/simd.h"

namespace mmlcore {

template <class T>
struct Tile {
#if defined(__AVX512F__)
    static constexpr int MR = 14;  // 14 × 2 of 32 registers
#elif defined(__aarch64__)
    static constexpr int MR = 12;  // 12 × 2 of 32 registers
#else
    static constexpr int MR = 6;  // 6 × 2 of 16 registers
#endif
    static constexpr int NV = 2;
    static constexpr int NR = NV * lanes<Vec<T>>;

    // KC: long enough that reading and writing C (once per KC) hides behind the sum; panels of A and B then stream
    // from the second-level cache. MC: a block of A (MC × KC) fills half of a 1 MB second-level cache. NC: a block of
    // B (KC × NC) stays in the last level. Measured: docs/performance.md.
    static constexpr ptrdiff_t KC = 4096 / sizeof(T);
    static constexpr ptrdiff_t MC = 140 / MR * MR;
    static constexpr ptrdiff_t NC = 3072 / NR * NR;
};

constexpr ptrdiff_t kLine = 64;  // bytes
constexpr ptrdiff_t kStepsPerLineAhead = 4;

// What happens to a finished tile on its way to C.
template <class T>
struct Store {
    T alpha, beta;
    const T* bias;  // of the tile's first column, or null
    Activation activation;
    const T* ahead;  // what the next tiles will read: fetched into the second-level cache while this one is summed
};

template <class V>
inline V activated(V z, Activation activation) {
    switch (activation) {
        case Activation::relu:
            return z < V{} ? V{} : z;  // NaN stays
        case Activation::sigmoid:
            return vsigmoid(z);
        case Activation::tanh:
            return vtanh(z);
        default:
            return z;
    }
}

// a: packed panel, element (i, p) at a[p * MR + i]; b: packed panel, element (p, j) at b[p * NR + j].
// Writes rows × columns elements of C; columns in ((Vectors - 1) · lanes, Vectors · lanes].
template <class T, int Rows, int Vectors>
void tile(T* C, ptrdiff_t ldc, const T* a, const T* b, ptrdiff_t k, ptrdiff_t columns, const Store<T>& finish) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    V sum[Rows][Vectors] = {};

    // C arrives from memory while k runs.
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
        for (int v = 0; v < Vectors; ++v) __builtin_prefetch(C + i * ldc + v * W, 1);

    const T* ahead = finish.ahead;
    for (ptrdiff_t p = 0; p < k; ++p, a += Tile<T>::MR, b += Tile<T>::NR) {
        if (p % kStepsPerLineAhead == 0) {
            __builtin_prefetch(ahead, 0, 2);
            ahead += kLine / sizeof(T);
        }
        V row[Vectors];
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) row[v] = load<V>(b + v * W);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            const V factor = broadcast<V>(a[i]);
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) sum[i][v] += factor * row[v];
        }
    }

    const ptrdiff_t last = columns - (Vectors - 1) * W;  // lanes of the last vector that belong to C
    const V alpha = broadcast<V>(finish.alpha), beta = broadcast<V>(finish.beta);
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
        const bool whole = v < Vectors - 1 || last == W;
        V bias{};
        if (finish.bias) bias = whole ? load<V>(finish.bias + v * W) : load_first<V>(finish.bias + v * W, last);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            T* c = C + i * ldc + v * W;
            V z = alpha * sum[i][v];
            if (finish.beta != 0) z += beta * (whole ? load<V>(c) : load_first<V>(c, last));
            if (finish.bias) z += bias;
            if (finish.activation != Activation::linear) z = activated(z, finish.activation);
            whole ? store(c, z) : store_first(c, z, last);
        }
    }
}

template <class T>
using TileFunction = void (*)(T*, ptrdiff_t, const T*, const T*, ptrdiff_t, ptrdiff_t, const Store<T>&);

// tile_for<T>(rows, columns): the micro-kernel for a tile of that size, 1 ≤ rows ≤ MR, 1 ≤ columns ≤ NR.
namespace detail {
template <class T, int Vectors, int... Rows>
constexpr std::array<TileFunction<T>, sizeof...(Rows)> tiles(std::integer_sequence<int, Rows...>) {
    return {&tile<T, Rows + 1, Vectors>...};
}
}  // namespace detail

template <class T>
inline TileFunction<T> tile_for(ptrdiff_t rows, ptrdiff_t columns) {
    using Sizes = std::make_integer_sequence<int, Tile<T>::MR>;
    static constexpr auto one = detail::tiles<T, 1>(Sizes{});
    static constexpr auto two = detail::tiles<T, 2>(Sizes{});
    return columns > lanes<Vec<T>> ? two[rows - 1] : one[rows - 1];
}

}  // namespace mmlcore
