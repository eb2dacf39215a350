// Pictures with so few channels that a matrix product of patches would leave its tile half empty: first layers. Their
// convolutions are summed straight from the picture, 2×2 outputs at a time.
//
// Forward a window's 4 outputs for two vectors of filters are summed in registers, and only the largest leaves them
// (pooled_convolution.h). On the way back a window adds to nine taps at once.
#pragma once

#include <algorithm>

#include "kernels/convolution_parts.h"
#include "kernels/pool_numbers.h"
#include "kernels/threads.h"

namespace mmlcore::convolution {

inline bool has_few_channels(const ConvShape& s) {
    constexpr ptrdiff_t kMostRows = 128;  // of w: two vectors of them fit into the first-level cache beside the picture
    constexpr ptrdiff_t kMostRoom = ptrdiff_t{1} << 17;  // numbers that one row of windows sees
    const ptrdiff_t rows = product_of_sizes({s.kernel[1], s.kernel[2], s.channels});
    const ptrdiff_t seen = product_of_sizes({s.out[2] + 1, s.stride[2], s.channels, s.kernel[1] + s.stride[1]});
    return s.groups == 1 && s.kernel[0] == 1 && s.in[0] == 1 && s.out[0] == 1 && s.before[0] == 0 && s.stride[0] == 1 &&
           s.dilation[1] == 1 && s.dilation[2] == 1 && s.layout == Layout::channels_last && !is_pointwise(s) &&
           rows <= kMostRows && seen <= kMostRoom;
}

// Windows of 2×2 outputs in blocks: some rows of a picture's windows, whose inputs are copied into a room.
template <class T>
class WindowBlocks {
  public:
    // rows, columns: of a picture's windows, at least one each.
    WindowBlocks(const ConvShape& s, ptrdiff_t rows, ptrdiff_t columns)
        : s_(s),
          rows_(rows),
          columns_(columns),
          run_(s.kernel[2] * s.channels),
          row_(((2 * columns - 1) * s.stride[2] + s.kernel[2]) * s.channels) {
        constexpr ptrdiff_t kValues = kSourceBytes / sizeof(T);
        const ptrdiff_t fit = (kValues / std::max<ptrdiff_t>(row_, 1) - s.kernel[1]) / (2 * s.stride[1]);
        together_ = std::clamp<ptrdiff_t>(std::min(fit, rows * s.n / kPortionsWanted), 1, rows);
        blocks_ = ceil_div(rows, together_);
    }

    struct Block {
        ptrdiff_t image, first, rows;
    };

    ptrdiff_t count() const { return s_.n * blocks_; }
    Block operator[](ptrdiff_t i) const {
        const ptrdiff_t first = i % blocks_ * together_;
        return {i / blocks_, first, std::min(together_, rows_ - first)};
    }

    // The room of a block: how large it is, and what its windows see.
    ptrdiff_t room() const { return ((2 * together_ - 1) * s_.stride[1] + s_.kernel[1]) * row_; }
    void copy(T* room, const T* x, const Block& b) const {
        const Extent origin{0, 2 * b.first * s_.stride[1] - s_.before[1], -s_.before[2]};
        const Extent size{1, (2 * b.rows - 1) * s_.stride[1] + s_.kernel[1],
                          (2 * columns_ - 1) * s_.stride[2] + s_.kernel[2]};
        copy_block(room, inputs(x, s_), Values<T>{x}, b.image, 1, origin, size);
    }
    ptrdiff_t columns() const { return columns_; }  // of windows
    ptrdiff_t row() const { return row_; }
    ptrdiff_t run() const { return run_; }  // numbers of a kernel's row, which are neighbours in the room
    ptrdiff_t below() const { return s_.stride[1] * row_; }  // from an output's point to that of the next row, column
    ptrdiff_t right() const { return s_.stride[2] * s_.channels; }

  private:
    const ConvShape s_;
    const ptrdiff_t rows_, columns_, run_, row_;
    ptrdiff_t together_, blocks_;
};

// Convolution, rectifier and maximum: see pooled_convolution.h.
template <class T>
class FewChannels {
  public:
    explicit FewChannels(const ConvShape& s) : s_(s), columns_(s.out[2] / 2), blocks_(s, s.out[1] / 2, columns_) {}

    void run(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias) const {
        const Workspace<T> panels(s_.rows() * ceil_div(s_.filters, NR) * NR);
        pack_rows<T, NR>(panels.data(), {w, 1, s_.filters}, s_.filters, 0, s_.rows(), s_.rows());
        parallel_for(blocks_.count(), conv_cost_ns(s_), [&](ptrdiff_t task) {
            const Workspace<T> room(blocks_.room());
            const Block b = blocks_[task];
            blocks_.copy(room.data(), x, b);
            for (ptrdiff_t f = 0; f < s_.filters; f += NR) {
                const T *panel = panels.data() + f * s_.rows(), *start = bias ? bias + f : nullptr;
                const ptrdiff_t at = (b.image * (s_.out[1] / 2) + b.first) * columns_ * s_.filters + f;
                std::uint8_t* numbers = number ? number + at : nullptr;
                if (s_.filters - f > lanes<Vec<T>>)
                    sweep<2>(p + at, numbers, room.data(), b, panel, start, s_.filters - f);
                else
                    sweep<1>(p + at, numbers, room.data(), b, panel, start, s_.filters - f);
            }
        });
    }

  private:
    using Block = typename WindowBlocks<T>::Block;
    static constexpr int NR = Tile<T>::NR;

    template <int Vectors>
    void sweep(T* p, std::uint8_t* number, const T* room, const Block& b, const T* panel, const T* bias,
               ptrdiff_t left) const {
        if (s_.kernel[1] == 3 && blocks_.run() == 3)
            sweep_of<Vectors, 3, 3>(p, number, room, b, panel, bias, left);
        else
            sweep_of<Vectors, 0, 0>(p, number, room, b, panel, bias, left);
    }

    // Rows, Run: of the kernel, where they are known; else 0.
    template <int Vectors, int Rows, int Run>
    void sweep_of(T* p, std::uint8_t* number, const T* room, const Block& b, const T* panel, const T* bias,
                  ptrdiff_t left) const {
        constexpr int W = lanes<Vec<T>>;
        const ptrdiff_t kernel_rows = Rows ? Rows : s_.kernel[1], run = Run ? Run : blocks_.run();
        const ptrdiff_t f = s_.filters, columns = columns_;
        const ptrdiff_t row = blocks_.row(), below = blocks_.below(), right = blocks_.right();
        Vec<T> start[Vectors] = {};
        for (int v = 0; v < Vectors; ++v)
            if (bias) start[v] = load_first<Vec<T>>(bias + v * W, std::min<ptrdiff_t>(W, left - v * W));
        auto window = [=, &start](const T* corner, ptrdiff_t at) {
            // z(v, element) = Σ_(tap, c) x w for the window's elements and the panel's vectors
            Vec<T> z[Vectors][4] = {};
            const T* weights = panel;
#pragma GCC unroll 3
            for (ptrdiff_t a = 0; a < kernel_rows; ++a, corner += row)
#pragma GCC unroll 3
                for (ptrdiff_t t = 0; t < run; ++t, weights += NR) {
                    const T *upper = corner + t, *lower = upper + below;
                    const Vec<T> points[4] = {broadcast<Vec<T>>(upper[0]), broadcast<Vec<T>>(upper[right]),
                                              broadcast<Vec<T>>(lower[0]), broadcast<Vec<T>>(lower[right])};
#pragma GCC unroll 2
                    for (int v = 0; v < Vectors; ++v) {
                        Vec<T> factor = load<Vec<T>>(weights + v * W);
                        keep_in_register(factor);
#pragma GCC unroll 4
                        for (int e = 0; e < 4; ++e) z[v][e] += points[e] * factor;
                    }
                }
            T* to = p + at;
            std::uint8_t* which = number ? number + at : nullptr;
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v, to += W) {
                for (Vec<T>& sum : z[v]) sum += start[v];
                if (left - v * W >= W)
                    store_largest(to, which, z[v], AllLanes{});
                else
                    store_largest(to, which, z[v], left - v * W);
                if (which) which += W;
            }
        };
        for (ptrdiff_t i = 0; i < b.rows; ++i)
            for (ptrdiff_t j = 0; j < columns; ++j) window(room + 2 * (i * below + j * right), (i * columns + j) * f);
    }

    const ConvShape s_;
    const ptrdiff_t columns_;
    const WindowBlocks<T> blocks_;
};

}  // namespace mmlcore::convolution
