// The micro-kernel: one tile of C held in registers while k runs.
//
//   sum(rows × columns) = Σ_p left(·, p) ⊗ right(p, ·)
//
// An operand is read from a packed panel, from front to back, or where it lies (a small product is over before packing
// has paid). The tile's size is data of the instruction set. Registers: rows × 2 accumulators, 2 vectors of B, 1
// broadcast element of A.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "kernels/activation_functions.h"
#include "kernels/gemm.h"
#include "kernels/gemm_sum_avx2.h"
#include "kernels/lanes.h"
#include "kernels/simd.h"

namespace mmlcore {

// KC: long enough that reading and writing C (once per KC) hides behind the sum. A panel of B then streams from the
// second-level cache while a tile is summed, which a tall tile bears better than a short one: hence longer with 512
// bits. MC: a block of A (MC × KC) leaves room in the second-level cache for panels of B. NC: a block of B (KC × NC)
// stays in the last level. Measured: docs/performance.md.
struct Blocks {
    ptrdiff_t MR, NV;    // rows and vectors of a tile
    ptrdiff_t kc_bytes;  // of one row of A, or column of B
    ptrdiff_t MC;
};
#if defined(__AVX512F__)
constexpr Blocks kBlocks{14, 2, 4096, 140};  // 28 of 32 registers
#elif defined(__aarch64__)
constexpr Blocks kBlocks{12, 2, 2048, 96};  // 24 of 32 registers
#else
constexpr Blocks kBlocks{6, 2, 2048, 96};  // 12 of 16 registers
#endif

template <class T>
struct Tile {
    static constexpr int MR = kBlocks.MR, NV = kBlocks.NV;
    static_assert(NV == 2, "tile_for has micro-kernels of one and two vectors");
    static constexpr int NR = NV * lanes<Vec<T>>;
    static constexpr ptrdiff_t KC = kBlocks.kc_bytes / sizeof(T);
    static constexpr ptrdiff_t MC = kBlocks.MC / MR * MR;
    static constexpr ptrdiff_t NC = 3072 / NR * NR;
};

constexpr ptrdiff_t kLine = 64;  // bytes
constexpr ptrdiff_t kStepsPerLineAhead = 4;

// ---- the operands as a tile reads them --------------------------------------------------------------------------

// Element (i, p) of a packed panel of A.
template <class T>
struct PackedLeft {
    const T* at;

    T element(int i) const { return at[i]; }
    void next() { at += Tile<T>::MR; }
};

// Element (i, p) of A where it lies.
template <class T>
struct DirectLeft {
    const T* at;
    ptrdiff_t row, col;

    T element(int i) const { return at[i * row]; }
    void next() { at += col; }
};

// Element (i, p) at line[i][step[p]]: a matrix that exists only as places in something else, of an image's patches say.
// One number behind the last step is read, and not used.
template <class T>
struct TableLeft {
    std::array<const T*, Tile<T>::MR> line;
    const std::int32_t* step;
    ptrdiff_t at;  // *step

    T element(int i) const { return line[i][at]; }
    void next() { at = *++step; }
};

// Row p of a packed panel of B.
template <class T>
struct PackedRight {
    const T* at;

    template <int Vectors>
    Vec<T> vector(int v) const {
        return load<Vec<T>>(at + v * lanes<Vec<T>>);
    }
    void next() { at += Tile<T>::NR; }
};

// Row p of B where it lies, its columns contiguous.
template <class T>
struct DirectRight {
    const T* at;
    ptrdiff_t row;

    template <int Vectors>
    Vec<T> vector(int v) const {
        return load<Vec<T>>(at + v * lanes<Vec<T>>);
    }
    void next() { at += row; }
};

// The same where only `last` lanes of the last vector exist.
template <class T>
struct DirectRightEdge {
    const T* at;
    ptrdiff_t row, last;

    template <int Vectors>
    Vec<T> vector(int v) const {
        const T* p = at + v * lanes<Vec<T>>;
        return v < Vectors - 1 ? load<Vec<T>>(p) : load_first<Vec<T>>(p, last);
    }
    void next() { at += row; }
};

// ---- what happens to a finished tile on its way to C ------------------------------------------------------------

template <class T>
struct Store {
    T alpha, beta;
    Activation activation;
    const T *bias, *row_bias;  // of the tile's first column, first row; or null
    T* preactivation;          // where Z of the tile goes; or null
    const T* ahead;            // the next panel of B: fetched into the second-level cache during the sum
};

// Writes a tile whose activation needs many registers of its own, vector by vector.
template <class T, int Vectors>
[[gnu::noinline]] void store_activated(T* C, ptrdiff_t ldc, const Vec<T>* sums, ptrdiff_t rows, ptrdiff_t columns,
                                       const Store<T>& finish) {
    constexpr int W = lanes<Vec<T>>;
    for (int v = 0; v < Vectors; ++v) {
        const ptrdiff_t count = v < Vectors - 1 ? W : columns - v * W;
        for (ptrdiff_t i = 0; i < rows; ++i) {
            const ptrdiff_t at = i * ldc + v * W;
            const Vec<T> z = sums[i * Vectors + v];
            if (finish.preactivation) store_first(finish.preactivation + at, z, count);
            store_first(C + at, activated(z, finish.activation), count);
        }
    }
}

// ---- the tile ---------------------------------------------------------------------------------------------------

// sum(i, v) = Σ_p left(i, p) · right(p, v). `ahead` is fetched into the second-level cache meanwhile, a line in four
// steps.
template <class T, int Rows, int Vectors, class Left, class Right>
inline void sum_of_products(Vec<T> (&sum)[Rows][Vectors], Left left, Right right, ptrdiff_t k,
                            [[maybe_unused]] const T* ahead) {
    using V = Vec<T>;
    constexpr bool packed = std::is_same_v<Right, PackedRight<T>>;
#if defined(MMLCORE_SUM_AVX2)
    if constexpr (Rows == 6 && Vectors == 2) {
        if constexpr (packed && std::is_same_v<Left, PackedLeft<T>>)
            return sum_packed<T>(sum, left.at, right.at, k, ahead);
        if constexpr (packed && std::is_same_v<Left, TableLeft<T>>)
            return sum_table<T>(sum, left.line.data(), left.step, right.at, k, ahead);
        if constexpr (packed && std::is_same_v<Left, DirectLeft<T>>)
            return sum_direct<T>(sum, left.at, left.row, left.col, right.at, Tile<T>::NR, k);
        if constexpr (std::is_same_v<Right, DirectRight<T>> && std::is_same_v<Left, DirectLeft<T>>)
            return sum_direct<T>(sum, left.at, left.row, left.col, right.at, right.row, k);
        if constexpr (std::is_same_v<Right, DirectRight<T>> && std::is_same_v<Left, PackedLeft<T>>)
            return sum_direct<T>(sum, left.at, 1, Tile<T>::MR, right.at, right.row, k);
    }
#endif
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) sum[i][v] = V{};

    for (ptrdiff_t p = 0; p < k; ++p, left.next(), right.next()) {
        if constexpr (packed) {
            if (p % kStepsPerLineAhead == 0) {
                __builtin_prefetch(ahead, 0, 2);
                ahead += kLine / sizeof(T);
            }
        }
        V row[Vectors];
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) row[v] = right.template vector<Vectors>(v);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            const V factor = broadcast<V>(left.element(i));
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) sum[i][v] += factor * row[v];
        }
    }
}

// Writes Rows × columns elements of C; columns in ((Vectors - 1) · lanes, Vectors · lanes]. The operands come by
// reference: on the stack they would be copied by vectors out of single stores, and wait for each of these.
template <class T, int Rows, int Vectors, class Left, class Right>
void tile(T* C, ptrdiff_t ldc, const Left& left, const Right& right, ptrdiff_t k, ptrdiff_t columns,
          const Store<T>& finish) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    V sum[Rows][Vectors];
    // C comes from afar while the sum runs. A tall tile's addresses would fill the stack, and cost more than they
    // bring.
    if constexpr (kSumWrittenOut && std::is_same_v<Right, PackedRight<T>>)
        for (int i = 0; i < Rows; ++i) __builtin_prefetch(C + i * ldc, 1, 3);
    sum_of_products<T>(sum, left, right, k, finish.ahead);

    const ptrdiff_t last = columns - (Vectors - 1) * W;  // lanes of the last vector that belong to C
    auto for_each_sum = [&](auto&& body) {
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) body(sum[i][v], i, v);
    };
    auto read = [last](const T* p, int v) { return v < Vectors - 1 ? load<V>(p) : load_first<V>(p, last); };

    if (finish.alpha != 1) for_each_sum([&](V& z, int, int) { z *= broadcast<V>(finish.alpha); });
    if (finish.beta != 0)
        for_each_sum([&](V& z, int i, int v) { z += broadcast<V>(finish.beta) * read(C + i * ldc + v * W, v); });
    if (finish.bias) for_each_sum([&](V& z, int, int v) { z += read(finish.bias + v * W, v); });
    if (finish.row_bias) for_each_sum([&](V& z, int i, int) { z += broadcast<V>(finish.row_bias[i]); });

    if (finish.preactivation || finish.activation > Activation::relu) {
        V spilled[Rows * Vectors];  // a copy: sums whose address is taken would live in memory from the start
        for_each_sum([&](V& z, int i, int v) { spilled[i * Vectors + v] = z; });
        store_activated<T, Vectors>(C, ldc, spilled, Rows, columns, finish);
        return;
    }
    if (finish.activation == Activation::relu) for_each_sum([](V& z, int, int) { z = activated(z, Activation::relu); });
    for_each_sum([&](V& z, int i, int v) {
        T* c = C + i * ldc + v * W;
        v < Vectors - 1 || last == W ? store(c, z) : store_first(c, z, last);
    });
}

template <class T, class Left, class Right>
using TileFunction = void (*)(T*, ptrdiff_t, const Left&, const Right&, ptrdiff_t, ptrdiff_t, const Store<T>&);

namespace detail {
template <class T, class Left, class Right, int Vectors, int... Rows>
constexpr std::array<TileFunction<T, Left, Right>, sizeof...(Rows)> tiles(std::integer_sequence<int, Rows...>) {
    return {&tile<T, Rows + 1, Vectors, Left, Right>...};
}
}  // namespace detail

// The micro-kernel for a tile of that size, 1 ≤ rows ≤ MR, 1 ≤ columns ≤ NR.
template <class T, class Left, class Right>
inline TileFunction<T, Left, Right> tile_for(ptrdiff_t rows, ptrdiff_t columns) {
    using Sizes = std::make_integer_sequence<int, Tile<T>::MR>;
    static constexpr auto one = detail::tiles<T, Left, Right, 1>(Sizes{});
    static constexpr auto two = detail::tiles<T, Left, Right, 2>(Sizes{});
    return columns > lanes<Vec<T>> ? two[rows - 1] : one[rows - 1];
}

}  // namespace mmlcore
