#include "kernels/convolution.h"

#include <algorithm>

#include "kernels/gemm_tile.h"
#include "kernels/reduce.h"
#include "kernels/sweep.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// Element (i, p) of the matrix of patches, or of its transpose: line i starts at line[i], and step p lies *step further
// in each.
template <class T>
struct TableLeft {
    std::array<const T*, Tile<T>::MR> line;
    const std::int32_t* step;
    ptrdiff_t at;

    T element(int i) const { return line[i][at]; }
    void next() { at = *++step; }
};

// Part t of `parts` nearly equal ones of n.
ptrdiff_t cut(ptrdiff_t n, ptrdiff_t t, ptrdiff_t parts) {
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

// ---- filters ----------------------------------------------------------------------------------------------------

// W, or for each tap its transpose, in panels for PackedRight: group by group, panel by panel, (tap, depth) within.
template <class T>
class PackedFilters {
  public:
    // lines: output channels of a group, depth: those that the sum runs over.
    PackedFilters(const T* w, const ConvShape& s, const Axes& axes, bool transposed)
        : lines(transposed ? s.depth() : s.width()),
          depth(transposed ? s.width() : s.depth()),
          k(static_cast<ptrdiff_t>(axes[0].taps.size() * axes[1].taps.size() * axes[2].taps.size()) * depth),
          group_(ceil_div(lines, NR) * NR * k),
          memory_(group_ * s.groups + lanes<Vec<T>>) {
        for (ptrdiff_t g = 0; g < s.groups; ++g)
            for (ptrdiff_t j = 0; j < lines; j += NR) {
                T* to = memory_.data() + g * group_ + j * k;
                for (const ptrdiff_t a : axes[0].numbers)
                    for (const ptrdiff_t b : axes[1].numbers)
                        for (const ptrdiff_t c : axes[2].numbers) {
                            const ptrdiff_t tap = (a * s.kernel[1] + b) * s.kernel[2] + c;
                            const T* from = w + tap * s.depth() * s.filters + g * s.width();
                            const MatrixView<T> view = transposed ? MatrixView<T>{from + j * s.filters, s.filters, 1}
                                                                  : MatrixView<T>{from + j, 1, s.filters};
                            pack_panel<T, NR>(to, view, std::min(NR, lines - j), depth);
                            to += NR * depth;
                        }
            }
    }
    const T* panel(ptrdiff_t g, ptrdiff_t j) const { return memory_.data() + g * group_ + j * k; }

    static constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t lines, depth, k;

  private:
    const ptrdiff_t group_;
    const Workspace<T> memory_;
};

// ---- a sweep of filters over images -----------------------------------------------------------------------------

// What a block may take: the copy of its source stays in the second-level cache beside a panel of filters.
constexpr ptrdiff_t kSourceBytes = 128 << 10;
constexpr ptrdiff_t kMostPoints = 1024;
constexpr ptrdiff_t kBlocksWanted = 16;  // tasks to share out; a constant, so that bits do not depend on threads

// Output points lie at first + m · spacing of `to`.
template <class T>
struct Target {
    Images<T> to;
    Extent first, spacing;
    const T* bias;
    Activation activation;
};

template <class T>
class Correlation {
  public:
    template <class From>
    static void run(const Target<T>& target, const Images<const T>& images, const From& from, const Axes& axes,
                    const PackedFilters<T>& filters, ptrdiff_t groups, double cost_ns) {
        const PortionGrid grid(axes, images.n, images.channels, kSourceBytes / sizeof(T), kMostPoints,
                               cost_ns > 60e3 ? kBlocksWanted : 1);
        if (grid.count() == 0) return;
        const Source<T, From> source(images, from, axes, grid, filters.depth);
        const Images<T>& to = target.to;
        // A block's points are neighbours in `to`, because only the first axis that is not single points is cut.
        bool in_place = to.layout == Layout::channels_last && target.spacing == Extent{1, 1, 1};
        for (int a = 0; a < 3; ++a) in_place = in_place && axes[a].count == to.size[a];

        parallel_for(grid.count(), cost_ns, [&](ptrdiff_t task) {
            const Portion block = grid[task];
            const Workspace<T> room(source.room());
            const Workspace<T> aside(in_place ? 0 : block.points() * to.channels);
            const T* base = source.block(block, room.data());
            T* result = in_place ? to.data + to.at(block.image, block.begin) : aside.data();
            products(result, to.channels, base, source.offsets(), block.points(), filters, groups, target);
            if (in_place) return;
            Extent first;
            for (int a = 0; a < 3; ++a) first[a] = target.first[a] + block.begin[a] * target.spacing[a];
            write_block(to, aside.data(), block.image, block.images, first, target.spacing, block.size);
        });
    }

  private:
    // The sum in pieces whose panel of filters stays in the first-level cache while all points pass it.
    static void products(T* C, ptrdiff_t ldc, const T* base, const Offsets& offsets, ptrdiff_t points,
                         const PackedFilters<T>& filters, ptrdiff_t groups, const Target<T>& target) {
        constexpr ptrdiff_t NR = Tile<T>::NR;
        const ptrdiff_t k = filters.k, pieces = std::max<ptrdiff_t>(1, ceil_div(k, Tile<T>::KC));
        for (ptrdiff_t g = 0; g < groups; ++g)
            for (ptrdiff_t piece = 0; piece < pieces; ++piece) {
                const ptrdiff_t begin = cut(k, piece, pieces), kc = cut(k, piece + 1, pieces) - begin;
                const bool last = piece == pieces - 1;
                for (ptrdiff_t j = 0; j < filters.lines; j += NR) {
                    const T* panel = filters.panel(g, j) + begin * NR;
                    const ptrdiff_t channel = g * filters.lines + j, columns = std::min(NR, filters.lines - j);
                    Store<T> finish{1, T(piece > 0), Activation::linear, nullptr, nullptr, nullptr, panel};
                    if (last) {
                        finish.activation = target.activation;
                        finish.bias = target.bias ? target.bias + channel : nullptr;
                    }
                    tiles_below(C + channel, ldc, base + g * filters.depth, offsets.points.data(), points,
                                offsets.taps.data() + begin, kc, PackedRight<T>{panel}, columns, finish);
                }
            }
    }
};

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

Axes forward_axes(const ConvShape& s) {
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

// The input points u = i + before that leave the remainder r modulo the stride: u = r + m · stride is met by output
// point o with tap t if r + m · stride = o · stride + t · dilation. So t · dilation leaves r too, and o = m - e(t) with
// e(t) = (t · dilation - r) / stride: a correlation of step 1 with the taps in reverse.
Axis backward_axis(const ConvShape& s, int a, ptrdiff_t r, ptrdiff_t* first) {
    const ptrdiff_t stride = s.stride[a];
    const ptrdiff_t begin = std::max<ptrdiff_t>(0, ceil_div(s.before[a] - r, stride));
    const ptrdiff_t last = s.in[a] - 1 + s.before[a] - r;
    Axis axis{last < 0 ? 0 : std::max<ptrdiff_t>(0, last / stride - begin + 1), 1, begin, {}, {}, 0};
    *first = r + begin * stride - s.before[a];
    ptrdiff_t farthest = 0;
    for (ptrdiff_t t = s.kernel[a] - 1; t >= 0; --t) {
        const ptrdiff_t e = (t * s.dilation[a] - r) / stride;
        if (t * s.dilation[a] % stride != r) continue;
        if (axis.taps.empty()) farthest = e;
        axis.taps.push_back(farthest - e);
        axis.numbers.push_back(t);
    }
    axis.origin = begin - farthest;
    axis.reach = axis.taps.empty() ? 0 : axis.taps.back();
    return axis;
}

bool is_pointwise(const ConvShape& s) {
    const Extent one{1, 1, 1}, zero{};
    return s.kernel == one && s.stride == one && s.before == zero && s.in == s.out && s.groups == 1 &&
           s.layout == Layout::channels_last;
}

template <class T>
Images<T> inputs(T* x, const ConvShape& s) {
    return {x, s.n, s.channels, s.in, s.layout};
}

template <class T>
Images<T> outputs(T* y, const ConvShape& s) {
    return {y, s.n, s.filters, s.out, s.layout};
}

}  // namespace

template <class T>
void conv_forward(T* y, const T* x, const T* w, const T* bias, Activation activation, const ConvShape& s) {
    if (is_pointwise(s)) {
        const ptrdiff_t points = s.n * volume(s.out);
        gemm<T>(y, s.filters, MatrixView<T>{x, s.channels, 1}, MatrixView<T>{w, s.filters, 1}, points, s.filters,
                s.channels, 1, 0, {bias, activation});
        return;
    }
    const Axes axes = forward_axes(s);
    const PackedFilters<T> filters(w, s, axes, false);
    const Target<T> target{outputs(y, s), {}, {1, 1, 1}, bias, activation};
    Correlation<T>::run(target, inputs(x, s), Values<T>{x}, axes, filters, s.groups, conv_cost_ns(s));
}

template <class T>
void conv_input_gradient(T* dx, const T* dy, const T* w, const T* y, Activation activation, const ConvShape& s) {
    Target<T> target{inputs(dx, s), {}, s.stride, nullptr, Activation::linear};
    bool everywhere = true;  // whether every input point is met
    for (int a = 0; a < 3; ++a) everywhere = everywhere && (s.dilation[a] == 1 && s.kernel[a] >= s.stride[a]);
    if (!everywhere) std::fill(dx, dx + s.n * target.to.image(), T{0});

    const double cost = conv_cost_ns(s) / static_cast<double>(volume(s.stride));
    Axes axes;
    for (ptrdiff_t a = 0; a < s.stride[0]; ++a)
        for (ptrdiff_t b = 0; b < s.stride[1]; ++b)
            for (ptrdiff_t c = 0; c < s.stride[2]; ++c) {
                axes = {backward_axis(s, 0, a, &target.first[0]), backward_axis(s, 1, b, &target.first[1]),
                        backward_axis(s, 2, c, &target.first[2])};
                if (axes[0].taps.empty() || axes[1].taps.empty() || axes[2].taps.empty()) continue;
                const PackedFilters<T> filters(w, s, axes, true);
                with_gradient(dy, y, activation, [&](const auto& from) {
                    Correlation<T>::run(target, outputs(dy, s), from, axes, filters, s.groups, cost);
                });
            }
}

// ---- the gradient with respect to the filters -------------------------------------------------------------------

namespace {

// dW(rows × filters) = Σ_points P(point, row) dz(point, ·). The points are cut into chunks with a sum of their own,
// added up in order at the end; where dW is too large for that, its rows are shared out as well.
template <class T, class From>
class FilterGradient {
  public:
    FilterGradient(const ConvShape& s, const T* x, const From& from)
        : s_(s),
          from_(from),
          axes_(forward_axes(s)),
          grid_(axes_, s.n, s.channels, kSourceBytes / sizeof(T), kMostPoints, kBlocksWanted),
          source_(inputs(x, s), Values<T>{x}, axes_, grid_, s.depth()) {
        const ptrdiff_t room = kPartialBytes / static_cast<ptrdiff_t>(sizeof(T));
        chunks_ =
            std::clamp<ptrdiff_t>(std::min(grid_.count(), room / std::max<ptrdiff_t>(size(), 1)), 1, kBlocksWanted);
        row_blocks_ =
            std::clamp<ptrdiff_t>(kBlocksWanted / 2 / chunks_, 1, ceil_div(std::max<ptrdiff_t>(s.rows(), 1), 48));
    }

    void run(T* dw, T* db) const {
        const ptrdiff_t weights = s_.rows() * s_.filters;
        if (grid_.count() == 0) {
            std::fill(dw, dw + weights, T{0});
            if (db) std::fill(db, db + s_.filters, T{0});
            return;
        }
        const Workspace<T> partial(chunks_ * size());
        parallel_for(chunks_ * row_blocks_, conv_cost_ns(s_), [&](ptrdiff_t task) {
            const ptrdiff_t chunk = task / row_blocks_, rows = task % row_blocks_;
            T* own = partial.data() + chunk * size();
            sum_chunk(chunks_ == 1 ? dw : own, db && rows == 0 ? own + weights : nullptr, chunk,
                      cut(s_.rows(), rows, row_blocks_), cut(s_.rows(), rows + 1, row_blocks_));
        });
        if (chunks_ > 1) add_up(dw, partial.data(), weights);
        if (db) add_up(db, partial.data() + weights, s_.filters);
    }

  private:
    static constexpr ptrdiff_t NR = Tile<T>::NR;
    static constexpr ptrdiff_t kMostPoints = 256;  // of a block: its panel of dz stays in the first-level cache
    static constexpr ptrdiff_t kPartialBytes = 2 << 20;

    ptrdiff_t size() const { return (s_.rows() + 1) * s_.filters; }

    void add_up(T* sum, const T* parts, ptrdiff_t count) const {
        for_each_vector<Vec<T>>(0, count, [&](ptrdiff_t i, auto here) {
            Vec<T> total = load_lanes<Vec<T>>(parts + i, here);
            for (ptrdiff_t c = 1; c < chunks_; ++c) total += load_lanes<Vec<T>>(parts + c * size() + i, here);
            store_lanes(sum + i, total, here);
        });
    }

    void sum_chunk(T* dw, T* db, ptrdiff_t chunk, ptrdiff_t row_begin, ptrdiff_t row_end) const {
        const ptrdiff_t begin = cut(grid_.count(), chunk, chunks_), end = cut(grid_.count(), chunk + 1, chunks_);
        const ptrdiff_t points = grid_.full().points(), panels = ceil_div(s_.width(), NR);
        const Workspace<T> room(source_.room()), dz(points * s_.filters);
        const Workspace<T> packed(s_.groups * panels * NR * points);
        if (db) std::fill(db, db + s_.filters, T{0});
        for (ptrdiff_t i = begin; i < end; ++i) {
            const Portion block = grid_[i];
            const T* base = source_.block(block, room.data());
            copy_block(dz.data(), outputs<const T>(nullptr, s_), from_, block.image, block.images, block.begin,
                       block.size);
            if (db) add_rows(db, dz.data(), block.points());
            for (ptrdiff_t g = 0; g < s_.groups; ++g) {
                const T* right =
                    pack(packed.data() + g * panels * NR * points, dz.data() + g * s_.width(), block.points());
                for (ptrdiff_t j = 0; j < s_.width(); j += NR)
                    tiles_below(dw + row_begin * s_.filters + g * s_.width() + j, s_.filters, base + g * s_.depth(),
                                source_.offsets().taps.data() + row_begin, row_end - row_begin,
                                source_.offsets().points.data(), block.points(),
                                PackedRight<T>{right + j * block.points()}, std::min(NR, s_.width() - j),
                                Store<T>{1, T(i > begin), Activation::linear, nullptr, nullptr, nullptr, right});
            }
        }
    }

    // dz(points × width) of a group in panels, as which it may be there already.
    const T* pack(T* panels, const T* dz, ptrdiff_t points) const {
        if (s_.filters == NR && s_.groups == 1) return dz;
        pack_rows<T, NR>(panels, {dz, 1, s_.filters}, s_.width(), 0, points, points);
        return panels;
    }

    void add_rows(T* db, const T* dz, ptrdiff_t points) const {
        for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t j, auto here) {
            Vec<T> total = load_lanes<Vec<T>>(db + j, here);
            for (ptrdiff_t p = 0; p < points; ++p) total += load_lanes<Vec<T>>(dz + p * s_.filters + j, here);
            store_lanes(db + j, total, here);
        });
    }

    const ConvShape s_;
    const From from_;
    const Axes axes_;
    const PortionGrid grid_;
    const Source<T, Values<T>> source_;
    ptrdiff_t chunks_, row_blocks_;
};

}  // namespace

template <class T>
void conv_filter_gradient(T* dw, T* db, const T* x, const T* dy, const T* y, Activation activation,
                          const ConvShape& s) {
    with_gradient(dy, y, activation,
                  [&](const auto& from) { FilterGradient<T, std::decay_t<decltype(from)>>(s, x, from).run(dw, db); });
}

#define MMLCORE_INSTANTIATE(T)                                                                            \
    template void conv_forward<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&);        \
    template void conv_input_gradient<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&); \
    template void conv_filter_gradient<T>(T*, T*, const T*, const T*, const T*, Activation, const ConvShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
