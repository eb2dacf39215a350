// Blocks of images in the cache. The kernels work on channels-last data, where a point's channels are neighbours;
// channels-first images are turned when a block of them is copied into the cache and when it is written back.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/activation_functions.h"
#include "kernels/gemm_pack.h"
#include "kernels/images.h"
#include "kernels/lanes.h"
#include "kernels/simd.h"

namespace mmlcore {

// ---- what a block is copied from --------------------------------------------------------------------------------

// The numbers themselves.
template <class T>
struct Values {
    const T* x;

    template <class Count>
    Vec<T> vector(ptrdiff_t at, Count here) const {
        return load_lanes<Vec<T>>(x + at, here);
    }
    void copy(T* to, ptrdiff_t at, ptrdiff_t count) const { std::memcpy(to, x + at, count * sizeof(T)); }
};

// dz = dy ⊙ activation'(z), the slope found from what the forward pass saved.
template <class T>
struct ThroughActivation {
    const T *dy, *saved;
    Activation activation;

    template <class Count>
    Vec<T> vector(ptrdiff_t at, Count here) const {
        return load_lanes<Vec<T>>(dy + at, here) * slope(load_lanes<Vec<T>>(saved + at, here), activation);
    }
    void copy(T* to, ptrdiff_t at, ptrdiff_t count) const {
        for_each_vector<Vec<T>>(0, count,
                                [&](ptrdiff_t i, auto here) { store_lanes(to + i, vector(at + i, here), here); });
    }
};

// The same for the rectifier, whose slope is worth a loop of its own.
template <class T>
struct ThroughRelu {
    const T *dy, *saved;

    template <class Count>
    Vec<T> vector(ptrdiff_t at, Count here) const {
        return load_lanes<Vec<T>>(dy + at, here) * slope(load_lanes<Vec<T>>(saved + at, here), Activation::relu);
    }
    void copy(T* to, ptrdiff_t at, ptrdiff_t count) const {
        for_each_vector<Vec<T>>(0, count,
                                [&](ptrdiff_t i, auto here) { store_lanes(to + i, vector(at + i, here), here); });
    }
};

// Whether a source also knows single vectors: one that does not is channels last.
template <class From, class = void>
constexpr bool can_turn = false;
template <class From>
constexpr bool can_turn<From, std::void_t<decltype(std::declval<From>().vector(0, AllLanes{}))>> = true;

namespace detail {

// to[i * row + r] = from(at + r * from_row + i) for r < rows, i < columns: a matrix, turned.
template <class T, class From>
void turn(T* to, ptrdiff_t row, const From& from, ptrdiff_t at, ptrdiff_t from_row, ptrdiff_t rows, ptrdiff_t columns) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    for (ptrdiff_t r = 0; r < rows; r += W)
        for (ptrdiff_t i = 0; i < columns; i += W) {
            const ptrdiff_t height = std::min(W, rows - r), width = std::min(W, columns - i);
            const ptrdiff_t corner = at + r * from_row + i;
            V block[W] = {};
#pragma GCC unroll 16
            for (int q = 0; q < W; ++q) {
                if (q >= height) break;
                block[q] = width == W ? from.vector(corner + q * from_row, AllLanes{})
                                      : from.vector(corner + q * from_row, width);
            }
            transpose(block);
#pragma GCC unroll 16
            for (int q = 0; q < W; ++q) {
                if (q >= width) break;
                T* line = to + (i + q) * row + r;
                height == W ? store(line, block[q]) : store_first(line, block[q], height);
            }
        }
}

}  // namespace detail

// The points [origin, origin + size) of images [first, first + count), channels last; 0 where there are none.
template <class T, class From>
void copy_block(T* to, const Images<const T>& shape, const From& from, ptrdiff_t first, ptrdiff_t count,
                const Extent& origin, const Extent& size) {
    const ptrdiff_t c = shape.channels, row = size[2] * c;
    const ptrdiff_t begin = std::clamp<ptrdiff_t>(-origin[2], 0, size[2]);
    const ptrdiff_t end = std::clamp<ptrdiff_t>(shape.size[2] - origin[2], begin, size[2]);
    for (ptrdiff_t n = first; n < first + count; ++n)
        for (ptrdiff_t i = origin[0]; i < origin[0] + size[0]; ++i)
            for (ptrdiff_t j = origin[1]; j < origin[1] + size[1]; ++j, to += row) {
                const bool inside = i >= 0 && i < shape.size[0] && j >= 0 && j < shape.size[1] && begin < end && c > 0;
                if (!inside) {
                    std::fill(to, to + row, T{0});
                    continue;
                }
                const ptrdiff_t at = shape.at(n, {i, j, origin[2] + begin});
                std::fill(to, to + begin * c, T{0});
                if (shape.layout == Layout::channels_last || c == 1)
                    from.copy(to + begin * c, at, (end - begin) * c);
                else if constexpr (can_turn<From>)
                    detail::turn(to + begin * c, c, from, at, shape.channel(), c, end - begin);
                std::fill(to + end * c, to + row, T{0});
            }
}

// Writes block[points][channels], channels last, to the points first + m · spacing of the images.
template <class T>
void write_block(const Images<T>& y, const T* block, ptrdiff_t first_image, ptrdiff_t count, const Extent& first,
                 const Extent& spacing, const Extent& size) {
    const ptrdiff_t c = y.channels, point = spacing[2] * y.axis(2);
    for (ptrdiff_t n = first_image; n < first_image + count; ++n)
        for (ptrdiff_t i = 0; i < size[0]; ++i)
            for (ptrdiff_t j = 0; j < size[1]; ++j, block += size[2] * c) {
                T* to = y.data + y.at(n, {first[0] + i * spacing[0], first[1] + j * spacing[1], first[2]});
                if (y.layout == Layout::channels_last || c == 1) {
                    for (ptrdiff_t k = 0; k < size[2]; ++k) std::memcpy(to + k * point, block + k * c, c * sizeof(T));
                } else if (spacing[2] == 1) {
                    detail::turn(to, y.channel(), Values<T>{block}, 0, c, size[2], c);
                } else {
                    for (ptrdiff_t k = 0; k < size[2]; ++k)
                        for (ptrdiff_t q = 0; q < c; ++q) to[q * y.channel() + k * point] = block[k * c + q];
                }
            }
}

}  // namespace mmlcore
