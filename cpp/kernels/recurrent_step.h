// The products of a recurrent step (recurrent.h): weights packed once for all steps, and a micro-kernel for the few
// rows of a batch that one step has.
//
// The left operand lies in strips of NR columns, as a right operand does in panels: element (row, p) at
// at[p / NR · between + row · NR + p mod NR]. Its rows are as far apart as the register tile is wide, whatever the
// number of units: rows a power of two apart would share a few sets of the cache.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/recurrent.h"

namespace mmlcore {

constexpr ptrdiff_t blocks_of(ptrdiff_t n, ptrdiff_t size) {
    return (n + size - 1) / size;
}

template <class T>
struct Strips {
    T* at;
    ptrdiff_t between;

    Strips from(ptrdiff_t row, ptrdiff_t strip) const { return {at + strip * between + row * Tile<T>::NR, between}; }
};

// strips = x(rows × n), row-major, `stride` from row to row; reverse: the other way round.
template <class T, bool reverse = false>
void copy_strips(Strips<T> strips, std::conditional_t<reverse, T*, const T*> x, ptrdiff_t stride, ptrdiff_t rows,
                 ptrdiff_t n) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    for (ptrdiff_t row = 0; row < rows; ++row, x += stride, strips.at += NR) {
        auto one = [&](ptrdiff_t j, ptrdiff_t count) {
            T* strip = strips.at + j / NR * strips.between;
            if constexpr (reverse)
                std::copy_n(strip, count, x + j);
            else
                std::copy_n(x + j, count, strip);
        };
        ptrdiff_t j = 0;
        for (; j + NR <= n; j += NR) one(j, NR);
        if (j < n) one(j, n - j);
    }
}

// sum(Rows × NR) = A(Rows × k) · panel(k × NR), in registers. gemm_tile.h's sum without what a step has no use for: its
// sums are short, so that the price of a tile counts. ahead: fetched into the second-level cache during the sum.
template <class T, int Rows>
inline void sum_of_step(Vec<T> (&sum)[Rows][Tile<T>::NV], Strips<const T> A, const T* panel, ptrdiff_t k,
                        const T* ahead) {
    using V = Vec<T>;
    constexpr int NV = Tile<T>::NV, W = lanes<V>, NR = Tile<T>::NR;
    static_assert(NR % kStepsPerLineAhead == 0);
#if defined(MMLCORE_SUM_AVX2)
    if constexpr (Rows >= 5) return sum_strips<T, Rows>(sum, A.at, A.between, panel, k, ahead);
#endif
    auto one = [&](const T* column) {
        V row[NV];
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) row[v] = load<V>(panel + v * W);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            const V factor = broadcast<V>(column[i * NR]);
#pragma GCC unroll 2
            for (int v = 0; v < NV; ++v) sum[i][v] += factor * row[v];
        }
        panel += NR;
    };
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) sum[i][v] = V{};
    ptrdiff_t p = 0;
    for (; p + NR <= k; p += NR, A.at += A.between)
        for (int q = 0; q < NR; q += kStepsPerLineAhead, ahead += kLine / sizeof(T)) {
            __builtin_prefetch(ahead, 0, 2);
#pragma GCC unroll 4
            for (int u = 0; u < kStepsPerLineAhead; ++u) one(A.at + q + u);
        }
    for (; p < k; ++p) one(A.at++);
}

// acc(Rows × NR) (+)= A(Rows × k) · panel(k × NR)
template <class T, int Rows>
void step_tile(T* acc, ptrdiff_t stride, Strips<const T> A, const T* panel, ptrdiff_t k, bool add, const T* ahead) {
    using V = Vec<T>;
    constexpr int NV = Tile<T>::NV, W = lanes<V>;
    V sum[Rows][NV];
    sum_of_step<T, Rows>(sum, A, panel, k, ahead);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) {
            T* to = acc + i * stride + v * W;
            store(to, add ? load<V>(to) + sum[i][v] : sum[i][v]);
        }
}

template <class T>
using StepTile = void (*)(T*, ptrdiff_t, Strips<const T>, const T*, ptrdiff_t, bool, const T*);

template <class T, int... Rows>
constexpr std::array<StepTile<T>, sizeof...(Rows)> step_tiles(std::integer_sequence<int, Rows...>) {
    return {&step_tile<T, Rows + 1>...};
}

// acc(rows × NR) (+)= A(rows × k) · panel(k × NR). The sum runs in blocks whose part of the panel stays in the
// first-level cache for all rows; tiles share the rows evenly. The first of them fetch what lies behind the panel: the
// next. meanwhile(block, blocks, row, count) is called before the tile of these rows, for the caller to ask for memory
// that he will need.
template <class T, class Meanwhile>
void panel_product(T* acc, ptrdiff_t stride, Strips<const T> A, const T* panel, ptrdiff_t rows, ptrdiff_t k, bool add,
                   Meanwhile&& meanwhile) {
    static constexpr auto tiles_of = step_tiles<T>(std::make_integer_sequence<int, Tile<T>::MR>{});
    constexpr ptrdiff_t NR = Tile<T>::NR, kPanelBytes = 16 << 10;
    constexpr ptrdiff_t longest = kPanelBytes / (NR * NR * sizeof(T));  // in strips
    const ptrdiff_t strips = blocks_of(k, NR), blocks = std::max<ptrdiff_t>(1, blocks_of(strips, longest));
    const ptrdiff_t tiles = blocks_of(rows, static_cast<ptrdiff_t>(Tile<T>::MR));
    for (ptrdiff_t block = 0; block < blocks; ++block) {
        const ptrdiff_t strip = strips * block / blocks;
        const ptrdiff_t begin = strip * NR, length = std::min(strips * (block + 1) / blocks * NR, k) - begin;
        const T *part = panel + begin * NR, *next = part + length * NR;
        const ptrdiff_t lines = length / NR * NR / kStepsPerLineAhead * (kLine / sizeof(T));  // a tile's, in elements
        for (ptrdiff_t tile = 0; tile < tiles; ++tile) {
            const ptrdiff_t row = rows * tile / tiles, count = rows * (tile + 1) / tiles - row;
            const T* ahead = tile * lines < length * NR ? next + tile * lines : part;
            meanwhile(block, blocks, row, count);
            tiles_of[count - 1](acc + row * stride, stride, A.from(row, strip), part, length, add || block > 0, ahead);
        }
    }
}

// w above u (k = inputs + units rows, gates·units columns) as panels of NR units in the order in which a step reads
// them: panel (block, gate) begins at (block · gates + gate) · NR · k. One-hot inputs need no w.
template <class T>
void pack_forward(T* panels, const RecurrentInputs<T>& in, ptrdiff_t gates) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, inputs = in.rows ? 0 : in.inputs, k = inputs + H;
    for (ptrdiff_t j = 0; j < H; j += NR) {
        for (ptrdiff_t gate = 0; gate < gates; ++gate, panels += NR * k) {
            const ptrdiff_t columns = std::min(NR, H - j), first = gate * H + j;
            if (inputs) pack_rows<T, NR>(panels, {in.w + first, 1, gates * H}, columns, 0, inputs, k);
            pack_rows<T, NR>(panels + inputs * NR, {in.u + first, 1, gates * H}, columns, 0, H, k);
        }
    }
}

// w (inputs × gates·units) for one-hot inputs, by blocks of NR units: (blocks × inputs × gates × NR).
template <class T>
void pack_rows_of_w(T* to, const RecurrentInputs<T>& in, ptrdiff_t gates) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units;
    for (ptrdiff_t j = 0; j < H; j += NR)
        for (ptrdiff_t row = 0; row < in.inputs; ++row)
            for (ptrdiff_t gate = 0; gate < gates; ++gate, to += NR)
                std::copy_n(in.w + (row * gates + gate) * H + j, std::min(NR, H - j), to);
}

// The transpose of u or w (n × gates·units) as panels of NR of its n columns, the sum over a gate's units continued
// with zeros to whole strips; room for one vector behind the last.
template <class T>
void pack_backward(T* panels, const T* u, ptrdiff_t n, ptrdiff_t gates, ptrdiff_t units) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t padded = blocks_of(units, NR) * NR, ld = gates * units;
    for (ptrdiff_t j = 0; j < n; j += NR)
        for (ptrdiff_t gate = 0; gate < gates; ++gate, panels += padded * NR) {
            pack_panel<T, NR>(panels, {u + j * ld + gate * units, ld, 1}, std::min(NR, n - j), units);
            std::fill(panels + units * NR, panels + padded * NR, T{0});
        }
}

}  // namespace mmlcore
