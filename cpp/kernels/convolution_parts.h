// What the kernels of convolution share: tiles of the product of patches and something else, and the ways in which the
// kernel's window sweeps.
#pragma once

#include <algorithm>

#include "kernels/convolution.h"
#include "kernels/gemm_tile.h"
#include "kernels/sweep.h"

namespace mmlcore::convolution {

inline ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// What a portion may take: the copy of its source stays in the second-level cache beside a panel of filters.
constexpr ptrdiff_t kSourceBytes = 128 << 10;
constexpr ptrdiff_t kAsideBytes = 1 << 20;  // of results that are written to their places later, or gradients in panels
constexpr ptrdiff_t kPortionsWanted = 16;   // to share out; a constant, so that bits do not depend on threads

// How many points of so many channels that allows, `most` at most.
template <class T>
ptrdiff_t points_within(ptrdiff_t bytes, ptrdiff_t channels, ptrdiff_t most) {
    const ptrdiff_t fit = bytes / static_cast<ptrdiff_t>(sizeof(T)) / std::max<ptrdiff_t>(channels, 1);
    return std::clamp<ptrdiff_t>(fit, 16, most);
}

// Part t of `parts` nearly equal ones of n.
inline ptrdiff_t cut(ptrdiff_t n, ptrdiff_t t, ptrdiff_t parts) {
    return n * t / parts;
}

// C(lines × columns) (+)= Σ_p left(line, p) right(p, ·), in tiles of nearly equal height.
template <class T, class Right>
void tiles_below(T* C, ptrdiff_t ldc, const T* base, const std::int32_t* lines, ptrdiff_t count,
                 const std::int32_t* steps, ptrdiff_t k, Right right, ptrdiff_t columns, const Store<T>& finish) {
    const ptrdiff_t tiles = ceil_div(count, Tile<T>::MR);
    for (ptrdiff_t t = 0; t < tiles; ++t) {
        const ptrdiff_t begin = cut(count, t, tiles), rows = cut(count, t + 1, tiles) - begin;
        TableLeft<T> left;
        for (ptrdiff_t i = 0; i < Tile<T>::MR; ++i) left.line[i] = base + lines[begin + std::min(i, rows - 1)];
        left.step = steps;
        left.at = *steps;
        tile_for<T, TableLeft<T>, Right>(rows, columns)(C + begin * ldc, ldc, left, right, k, columns, finish);
    }
}

// The sum of a vector of each of `parts` sums that lie `step` apart, in order.
template <class T, class Count>
Vec<T> total(const T* first, ptrdiff_t parts, ptrdiff_t step, Count here) {
    Vec<T> sum = load_lanes<Vec<T>>(first, here);
    for (ptrdiff_t c = 1; c < parts; ++c) sum += load_lanes<Vec<T>>(first + c * step, here);
    return sum;
}

template <class T>
void add_up(T* sum, const T* first, ptrdiff_t count, ptrdiff_t parts, ptrdiff_t step) {
    for_each_vector<Vec<T>>(
        0, count, [&](ptrdiff_t i, auto here) { store_lanes(sum + i, total(first + i, parts, step, here), here); });
}

// f(from) with the values of a gradient before the activation: dy itself, or dy through the slope.
template <class T, class F>
void with_gradient(const T* dy, const T* y, Activation activation, F&& f) {
    if (activation == Activation::linear)
        f(Values<T>{dy});
    else if (activation == Activation::relu)
        f(ThroughRelu<T>{dy, y});
    else
        f(ThroughActivation<T>{dy, y, activation});
}

// The window's way over x.
inline Axes forward_axes(const ConvShape& s) {
    Axes axes;
    for (int a = 0; a < 3; ++a) {
        Axis& axis = axes[a];
        axis = {s.out[a], s.stride[a], -s.before[a], {}, {}, (s.kernel[a] - 1) * s.dilation[a]};
        for (ptrdiff_t i = 0; i < s.kernel[a]; ++i) {
            axis.taps.push_back(i * s.dilation[a]);
            axis.numbers.push_back(i);
        }
    }
    return axes;
}

template <class T>
Images<T> inputs(T* x, const ConvShape& s) {
    return {x, s.n, s.channels, s.in, s.layout};
}

template <class T>
Images<T> outputs(T* y, const ConvShape& s) {
    return {y, s.n, s.filters, s.out, s.layout};
}

// One filter for each channel: no product at all.
inline bool is_depthwise(const ConvShape& s) {
    return s.groups > 1 && s.groups == s.channels && s.groups == s.filters;
}

// A product of x and w as they are.
inline bool is_pointwise(const ConvShape& s) {
    const Extent one{1, 1, 1}, zero{};
    return s.kernel == one && s.stride == one && s.before == zero && s.in == s.out && s.groups == 1 &&
           s.layout == Layout::channels_last;
}

}  // namespace mmlcore::convolution
