#include "kernels/convolution.h"

#include <algorithm>

#include "kernels/convolution_parts.h"
#include "kernels/depthwise.h"
#include "kernels/threads.h"

namespace mmlcore {

using namespace convolution;

namespace {

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

// Where the results go: output point m lies at first + m · spacing of `to`.
template <class T>
struct Target {
    Images<T> to;
    Extent first, spacing;
    const T* bias;
    Activation activation;
};

// C(points × filters) = activation(P W + bias): the sum in pieces whose panel of filters stays in the first-level cache
// while all points pass it.
template <class T>
void products(T* C, const T* base, const Offsets& offsets, ptrdiff_t points, const PackedFilters<T>& filters,
              ptrdiff_t groups, const Target<T>& target) {
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
                tiles_below(C + channel, target.to.channels, base + g * filters.depth, offsets.points.data(), points,
                            offsets.taps.data() + begin, kc, PackedRight<T>{panel}, columns, finish);
            }
        }
}

// Portion by portion: compute(result(points × channels), source, offsets, points).
template <class T, class From, class Compute>
void sweep(const Target<T>& target, const Images<const T>& images, const From& from, const Axes& axes, ptrdiff_t depth,
           double cost_ns, Compute&& compute) {
    constexpr ptrdiff_t kMostPoints = 1024;
    const PortionGrid grid(axes, images.n, images.channels, kSourceBytes / sizeof(T), kMostPoints,
                           cost_ns > 60e3 ? kPortionsWanted : 1);
    if (grid.count() == 0) return;
    const Source<T, From> source(images, from, axes, grid, depth);
    const Images<T>& to = target.to;
    // A portion's points are neighbours in `to`, because only the first axis that is not single points is cut.
    bool in_place = to.layout == Layout::channels_last && target.spacing == Extent{1, 1, 1};
    for (int a = 0; a < 3; ++a) in_place = in_place && axes[a].count == to.size[a];

    parallel_for(grid.count(), cost_ns, [&](ptrdiff_t task) {
        const Portion portion = grid[task];
        const Workspace<T> room(source.room());
        const Workspace<T> aside(in_place ? 0 : portion.points() * to.channels);
        const T* base = source.portion(portion, room.data());
        T* result = in_place ? to.data + to.at(portion.image, portion.begin) : aside.data();
        compute(result, base, source.offsets(), portion.points());
        if (in_place) return;
        Extent first;
        for (int a = 0; a < 3; ++a) first[a] = target.first[a] + portion.begin[a] * target.spacing[a];
        write_block(to, aside.data(), portion.image, portion.images, first, target.spacing, portion.size);
    });
}

// The sweep of w, or of its transpose.
template <class T, class From>
void correlate(const Target<T>& target, const Images<const T>& images, const From& from, const Axes& axes, const T* w,
               bool transposed, const ConvShape& s, double cost_ns) {
    if (is_depthwise(s)) {
        std::vector<ptrdiff_t> rows;
        for (const ptrdiff_t a : axes[0].numbers)
            for (const ptrdiff_t b : axes[1].numbers)
                for (const ptrdiff_t c : axes[2].numbers) rows.push_back((a * s.kernel[1] + b) * s.kernel[2] + c);
        sweep(target, images, from, axes, 1, cost_ns, [&](T* C, const T* base, const Offsets& offsets, ptrdiff_t n) {
            depthwise_products(C, base, offsets, n, w, rows, s.channels, target.bias, target.activation);
        });
        return;
    }
    const PackedFilters<T> filters(w, s, axes, transposed);
    sweep(target, images, from, axes, filters.depth, cost_ns,
          [&](T* C, const T* base, const Offsets& offsets, ptrdiff_t n) {
              products(C, base, offsets, n, filters, s.groups, target);
          });
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
    const Target<T> target{outputs(y, s), {}, {1, 1, 1}, bias, activation};
    correlate(target, inputs(x, s), Values<T>{x}, axes, w, false, s, conv_cost_ns(s));
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
                with_gradient(dy, y, activation, [&](const auto& from) {
                    correlate(target, outputs(dy, s), from, axes, w, true, s, cost);
                });
            }
}

#define MMLCORE_INSTANTIATE(T)                                                                     \
    template void conv_forward<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&); \
    template void conv_input_gradient<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
