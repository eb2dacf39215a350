// The products of a recurrent step (recurrent.h): weights packed once for all steps, and a micro-kernel for the few
// rows of a batch that one step has.
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

// sum(Rows × NR) = A(Rows × k) · panel(k × NR), in registers. gemm_tile.h's sum without what a step has no use for: its
// sums are short, so that the price of a tile counts. ahead: fetched into the second-level cache during the sum.
template <class T, int Rows>
inline void sum_of_step(Vec<T> (&sum)[Rows][Tile<T>::NV], const T* A, ptrdiff_t lda, const T* panel, ptrdiff_t k,
                        const T* ahead) {
    using V = Vec<T>;
    constexpr int NV = Tile<T>::NV, W = lanes<V>;
#if defined(MMLCORE_SUM_AVX2)
    if constexpr (Rows >= 5) return sum_rows<T, Rows>(sum, A, lda, panel, k, ahead);
#endif
    auto one = [&] {
        V row[NV];
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) row[v] = load<V>(panel + v * W);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            const V factor = broadcast<V>(A[i * lda]);
#pragma GCC unroll 2
            for (int v = 0; v < NV; ++v) sum[i][v] += factor * row[v];
        }
        ++A;
        panel += NV * W;
    };
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) sum[i][v] = V{};
    ptrdiff_t p = 0;
    for (; p + kStepsPerLineAhead <= k; p += kStepsPerLineAhead, ahead += kLine / sizeof(T)) {
        __builtin_prefetch(ahead, 0, 2);
#pragma GCC unroll 4
        for (int i = 0; i < kStepsPerLineAhead; ++i) one();
    }
    for (; p < k; ++p) one();
}

// acc(Rows × NR) (+)= A(Rows × k) · panel(k × NR)
template <class T, int Rows>
void step_tile(T* acc, ptrdiff_t stride, const T* A, ptrdiff_t lda, const T* panel, ptrdiff_t k, bool add,
               const T* ahead) {
    using V = Vec<T>;
    constexpr int NV = Tile<T>::NV, W = lanes<V>;
    V sum[Rows][NV];
    sum_of_step<T, Rows>(sum, A, lda, panel, k, ahead);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) {
            T* to = acc + i * stride + v * W;
            store(to, add ? load<V>(to) + sum[i][v] : sum[i][v]);
        }
}

template <class T>
using StepTile = void (*)(T*, ptrdiff_t, const T*, ptrdiff_t, const T*, ptrdiff_t, bool, const T*);

template <class T, int... Rows>
constexpr std::array<StepTile<T>, sizeof...(Rows)> step_tiles(std::integer_sequence<int, Rows...>) {
    return {&step_tile<T, Rows + 1>...};
}

// acc(rows × NR) (+)= A(rows × k) · panel(k × NR). The sum runs in blocks whose part of the panel stays in the
// first-level cache for all rows; tiles share the rows evenly. The first of them fetch what lies behind the panel: the
// next.
template <class T>
void panel_product(T* acc, ptrdiff_t stride, const T* A, ptrdiff_t lda, const T* panel, ptrdiff_t rows, ptrdiff_t k,
                   bool add) {
    static constexpr auto tiles_of = step_tiles<T>(std::make_integer_sequence<int, Tile<T>::MR>{});
    constexpr ptrdiff_t NR = Tile<T>::NR, kPanelBytes = 16 << 10;
    constexpr ptrdiff_t longest = kPanelBytes / (NR * sizeof(T));
    const ptrdiff_t blocks = std::max<ptrdiff_t>(1, blocks_of(k, longest));
    const ptrdiff_t tiles = blocks_of(rows, static_cast<ptrdiff_t>(Tile<T>::MR));
    for (ptrdiff_t block = 0; block < blocks; ++block) {
        const ptrdiff_t begin = k * block / blocks, length = k * (block + 1) / blocks - begin;
        const T *part = panel + begin * NR, *next = part + length * NR;
        const ptrdiff_t lines =
            length / kStepsPerLineAhead * (kLine / sizeof(T));  // that one tile fetches, in elements
        for (ptrdiff_t tile = 0; tile < tiles; ++tile) {
            const ptrdiff_t row = rows * tile / tiles, count = rows * (tile + 1) / tiles - row;
            const T* ahead = tile * lines < length * NR ? next + tile * lines : part;
            tiles_of[count - 1](acc + row * stride, stride, A + row * lda + begin, lda, part, length, add || block > 0,
                                ahead);
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

// The transpose of u or w (n × k, k = gates·units) as panels of NR of its n columns; room for one vector behind the
// last.
template <class T>
void pack_backward(T* panels, const T* u, ptrdiff_t n, ptrdiff_t k) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    for (ptrdiff_t j = 0; j < n; j += NR) pack_panel<T, NR>(panels + j * k, {u + j * k, k, 1}, std::min(NR, n - j), k);
}

}  // namespace mmlcore
