// Packing: an operand is copied into panels that the micro-kernel reads from front to back.
#pragma once

#include <utility>

#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace mmlcore {

namespace detail {

// Exchanges the lanes of two vectors that lie `Step` apart: the butterfly of a transposition.
template <int Step, class V, int... I>
inline void exchange(V& x, V& y, std::integer_sequence<int, I...>) {
    constexpr int W = sizeof...(I);
    const V a = x, b = y;
    x = __builtin_shufflevector(a, b, (I / Step % 2 ? W + I - Step : I)...);
    y = __builtin_shufflevector(a, b, (I / Step % 2 ? W + I : I + Step)...);
}

// Transposes a W × W block held in W vectors, W the number of lanes.
template <int Step = 1, class V, int W>
inline void transpose(V (&v)[W]) {
    if constexpr (Step < W) {
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i)
            if (!(i & Step)) exchange<Step>(v[i], v[i + Step], std::make_integer_sequence<int, W>{});
        transpose<2 * Step>(v);
    }
}

}  // namespace detail

// The panel's elements: dst[p * R + i] = X(i, p) for i < R, p < k, where only the first `rows` exist and the rest is 0.
// X is a view; the caller leaves room for one vector behind the panel.
template <class T, int R>
void pack_panel(T* dst, MatrixView<T> X, ptrdiff_t rows, ptrdiff_t k) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    ptrdiff_t p = 0;
    if (X.col == 1 && rows == R) {
        // Rows lie contiguous: W columns at a time, transposed in registers, W rows at a time.
        for (; p + W <= k; p += W) {
            for (int first = 0; first < R; first += W) {
                V block[W];
#pragma GCC unroll 16
                for (int i = 0; i < W; ++i) block[i] = first + i < R ? load<V>(X.at(first + i, p)) : V{};
                detail::transpose(block);
                // Lanes beyond R are overwritten by the next column's, which is stored later.
#pragma GCC unroll 16
                for (int i = 0; i < W; ++i) {
                    T* column = dst + (p + i) * R + first;
                    if (first + W <= R || first == 0)
                        store(column, block[i]);
                    else
                        store_first(column, block[i], R - first);
                }
            }
        }
    } else if (X.row == 1 && rows == R) {
        for (; p < k; ++p) std::memcpy(dst + p * R, X.at(0, p), R * sizeof(T));
    }
    for (; p < k; ++p) {
        for (ptrdiff_t i = 0; i < rows; ++i) dst[p * R + i] = *X.at(i, p);
        for (ptrdiff_t i = rows; i < R; ++i) dst[p * R + i] = 0;
    }
}

// Panels of width R side by side, for an operand whose rows p lie contiguous: X(i, p) at data[i + p * X.col], i < n.
// Rows p_begin … p_end of all panels, each row of X read once from end to end. dst is the first panel, k its length.
template <class T, int R>
void pack_rows(T* dst, MatrixView<T> X, ptrdiff_t n, ptrdiff_t p_begin, ptrdiff_t p_end, ptrdiff_t k) {
    for (ptrdiff_t p = p_begin; p < p_end; ++p) {
        const T* row = X.at(0, p);
        T* to = dst + p * R;
        ptrdiff_t i = 0;
        for (; i + R <= n; i += R, to += R * k) std::memcpy(to, row + i, R * sizeof(T));
        if (i < n) {
            std::memcpy(to, row + i, (n - i) * sizeof(T));
            std::memset(to + (n - i), 0, (R - (n - i)) * sizeof(T));
        }
    }
}

}  // namespace mmlcore
