#include "kernels/convolution.h"

#include <algorithm>
#include <vector>

#include "kernels/convolution_parts.h"
#include "kernels/depthwise.h"
#include "kernels/pool_numbers.h"
#include "kernels/pooled_convolution.h"
#include "kernels/threads.h"
#include "kernels/winograd.h"

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

// Where the results go: output point m lies at first + m · spacing of `to`. With phases, a result has the channels of
// all points from there up to the next, ordered (phases, channels).
template <class T>
struct Target {
    Images<T> to;
    Extent first, spacing;
    const T* bias;
    Activation activation;
    Extent phases{1, 1, 1};

    ptrdiff_t channels() const { return volume(phases) * to.channels; }

    void write(const T* block, const Portion& p) const {
        Extent start;
        for (int a = 0; a < 3; ++a) start[a] = first[a] + p.begin[a] * spacing[a];
        if (phases == Extent{1, 1, 1})
            write_block(to, block, p.image, p.images, start, spacing, p.size);
        else
            write_phases(block, p, start);
    }

  private:
    void write_phases(const T* block, const Portion& p, const Extent& start) const {
        const ptrdiff_t run = phases[2] * to.channels, channel = to.channel(), step = to.axis(2);
        for (ptrdiff_t n = p.image; n < p.image + p.images; ++n)
            for (ptrdiff_t i = 0; i < p.size[0]; ++i)
                for (ptrdiff_t j = 0; j < p.size[1]; ++j)
                    for (ptrdiff_t k = 0; k < p.size[2]; ++k)
                        for (ptrdiff_t r = 0; r < phases[0] * phases[1]; ++r, block += run) {
                            const Extent at{start[0] + i * spacing[0] + r / phases[1],
                                            start[1] + j * spacing[1] + r % phases[1], start[2] + k * spacing[2]};
                            if (at[0] < 0 || at[0] >= to.size[0] || at[1] < 0 || at[1] >= to.size[1]) continue;
                            const ptrdiff_t low = std::clamp<ptrdiff_t>(-at[2], 0, phases[2]);
                            const ptrdiff_t high = std::clamp<ptrdiff_t>(to.size[2] - at[2], low, phases[2]);
                            T* line = to.data + to.at(n, at);
                            for (ptrdiff_t q = low; q < high; ++q)
                                for (ptrdiff_t c = 0; c < to.channels; ++c)
                                    line[q * step + c * channel] = block[q * to.channels + c];
                        }
    }
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
                tiles_below(C + channel, target.channels(), base + g * filters.depth, offsets.points.data(), points,
                            offsets.taps.data() + begin, kc, PackedRight<T>{panel}, columns, finish);
            }
        }
}

// Portion by portion: compute(result(points × channels), source, offsets, points).
template <class T, class From, class Compute>
void sweep(const Target<T>& target, const Images<const T>& images, const From& from, const Axes& axes, ptrdiff_t depth,
           double cost_ns, Compute&& compute) {
    const ptrdiff_t most_points = points_within<T>(kAsideBytes, target.channels(), 1024);
    const PortionGrid grid(axes, images.n, images.channels, kSourceBytes / sizeof(T), most_points,
                           cost_ns > 60e3 ? kPortionsWanted : 1);
    if (grid.count() == 0) return;
    const Source<T, From> source(images, from, axes, grid, depth);
    const Images<T>& to = target.to;
    // A portion's points are neighbours in `to`, because only the first axis that is not single points is cut.
    const Extent ones{1, 1, 1};
    bool in_place = to.layout == Layout::channels_last && target.spacing == ones && target.phases == ones;
    for (int a = 0; a < 3; ++a) in_place = in_place && axes[a].count == to.size[a];

    parallel_for(grid.count(), cost_ns, [&](ptrdiff_t task) {
        const Portion portion = grid[task];
        const Workspace<T> room(source.room());
        const Workspace<T> aside(in_place ? 0 : portion.points() * target.channels());
        const T* base = source.portion(portion, room.data());
        T* result = in_place ? to.data + to.at(portion.image, portion.begin) : aside.data();
        compute(result, base, source.offsets(), portion.points());
        if (!in_place) target.write(aside.data(), portion);
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

// With few channels and a stride a sweep for each remainder would leave most of a tile empty. All remainders together
// are the channels of a coarser image, whose kernel has zeros where a remainder has no tap:
// dx(m · stride + r - before, c) = Σ_(e, f) dz(m - e, f) w(tap with tap · dilation = r + e · stride, c, f).
template <class T, class From>
void gradient_of_phases(const Target<T>& target, const From& from, const T* w, const ConvShape& s) {
    ConvShape coarse = s;
    coarse.channels = target.channels();
    Axes axes;
    for (int a = 0; a < 3; ++a) {
        const ptrdiff_t farthest = (s.kernel[a] - 1) * s.dilation[a] / s.stride[a];
        coarse.kernel[a] = farthest + 1;
        axes[a] = {(s.in[a] - 1 + s.before[a]) / s.stride[a] + 1, 1, -farthest, {}, {}, farthest};
        for (ptrdiff_t e = farthest; e >= 0; --e) {
            axes[a].taps.push_back(farthest - e);
            axes[a].numbers.push_back(e);
        }
    }
    const Workspace<T> filters(volume(coarse.kernel) * coarse.channels * s.filters);
    T* to = filters.data();
    auto tap_of = [&](int a, ptrdiff_t e, ptrdiff_t r) {
        const ptrdiff_t reach = r + e * s.stride[a];
        return reach % s.dilation[a] == 0 && reach / s.dilation[a] < s.kernel[a] ? reach / s.dilation[a] : -1;
    };
    const Extent& k = coarse.kernel;
    const ptrdiff_t size = s.channels * s.filters;
    for (ptrdiff_t e = 0; e < volume(k); ++e)
        for (ptrdiff_t r = 0; r < volume(s.stride); ++r, to += size) {
            const ptrdiff_t a = tap_of(0, e / (k[1] * k[2]), r / (s.stride[1] * s.stride[2]));
            const ptrdiff_t b = tap_of(1, e / k[2] % k[1], r / s.stride[2] % s.stride[1]);
            const ptrdiff_t c = tap_of(2, e % k[2], r % s.stride[2]);
            if (a < 0 || b < 0 || c < 0)
                std::fill(to, to + size, T{0});
            else
                std::memcpy(to, w + ((a * s.kernel[1] + b) * s.kernel[2] + c) * size, size * sizeof(T));
        }
    correlate(target, outputs<const T>(nullptr, s), from, axes, filters.data(), true, coarse, conv_cost_ns(s));
}

// Whether the remainders are few enough to be channels, and the padding is that of a window.
template <class T>
bool joins_phases(const ConvShape& s) {
    constexpr ptrdiff_t kMostFilters = ptrdiff_t{1} << 22;
    ptrdiff_t filters = s.filters;
    for (int a = 0; a < 3; ++a) {
        const ptrdiff_t reach = (s.kernel[a] - 1) * s.dilation[a];
        if (s.before[a] > reach) return false;
        filters = product_of_sizes({filters, reach / s.stride[a] + 1, s.stride[a]});
    }
    return s.groups == 1 && volume(s.stride) > 1 && s.channels < Tile<T>::NR &&
           product_of_sizes({filters, s.channels}) <= kMostFilters;
}

// The remainders of an axis that some tap leaves, and the first input point of each.
struct Remainder {
    Axis axis;
    ptrdiff_t first;
};

std::vector<Remainder> remainders(const ConvShape& s, int a) {
    std::vector<Remainder> met;
    for (ptrdiff_t r = 0; r < std::min(s.stride[a], s.in[a] + s.before[a]); ++r) {
        Remainder next{};
        next.axis = backward_axis(s, a, r, &next.first);
        if (!next.axis.taps.empty()) met.push_back(next);
    }
    return met;
}

// dx from the values of dz.
template <class T, class From>
void input_gradient(T* dx, const From& from, const T* w, const ConvShape& s) {
    Target<T> target{inputs(dx, s), {}, s.stride, nullptr, Activation::linear};
    const Images<const T> dz = outputs<const T>(nullptr, s);
    if (s.filters == 0 || volume(s.out) == 0) {
        std::fill(dx, dx + s.n * target.to.image(), T{0});
        return;
    }
    if (joins_phases<T>(s)) {
        target.phases = s.stride;
        for (int a = 0; a < 3; ++a) target.first[a] = -s.before[a];
        gradient_of_phases(target, from, w, s);
        return;
    }
    if (suits_winograd<T>(s, s.filters, s.channels)) {
        const WinogradFilters<T> filters(w, s.channels, s.filters, true);
        winograd<T>(target.to, nullptr, Activation::linear, dz, from, {0, 2 - s.before[1], 2 - s.before[2]}, filters,
                    conv_cost_ns(s) / 2);
        return;
    }
    bool everywhere = true;  // whether every input point is met
    for (int a = 0; a < 3; ++a) everywhere = everywhere && (s.dilation[a] == 1 && s.kernel[a] >= s.stride[a]);
    if (!everywhere) std::fill(dx, dx + s.n * target.to.image(), T{0});

    const double cost = conv_cost_ns(s) / static_cast<double>(volume(s.stride));
    const std::vector<Remainder> second = remainders(s, 1), third = remainders(s, 2);
    for (const Remainder& a : remainders(s, 0))
        for (const Remainder& b : second)
            for (const Remainder& c : third) {
                const Axes axes{a.axis, b.axis, c.axis};
                target.first = {a.first, b.first, c.first};
                correlate(target, dz, from, axes, w, true, s, cost);
            }
}

}  // namespace

template <class T>
void conv_forward(T* y, const T* x, const T* w, const T* bias, Activation activation, const ConvShape& s) {
    if (s.filters == 0) return;
    if (is_pointwise(s)) {
        const ptrdiff_t points = s.n * volume(s.out);
        gemm<T>(y, s.filters, MatrixView<T>{x, s.channels, 1}, MatrixView<T>{w, s.filters, 1}, points, s.filters,
                s.channels, 1, 0, {bias, activation});
        return;
    }
    if (suits_winograd<T>(s, s.channels, s.filters)) {
        const WinogradFilters<T> filters(w, s.channels, s.filters, false);
        winograd(outputs(y, s), bias, activation, inputs(x, s), Values<T>{x}, s.before, filters, conv_cost_ns(s) / 2);
        return;
    }
    const Axes axes = forward_axes(s);
    const Target<T> target{outputs(y, s), {}, {1, 1, 1}, bias, activation};
    correlate(target, inputs(x, s), Values<T>{x}, axes, w, false, s, conv_cost_ns(s));
}

template <class T>
void conv_input_gradient(T* dx, const T* dy, const T* w, const T* y, Activation activation, const ConvShape& s) {
    with_gradient(dy, y, activation, [&](const auto& from) { input_gradient(dx, from, w, s); });
}

template <class T>
void pooled_conv_input_gradient(T* dx, const T* dp, const std::uint8_t* number, const T* w, const ConvShape& s) {
    if (s.out[1] < 2 || s.out[2] < 2)  // no windows, whatever the other extent
        std::fill(dx, dx + s.n * volume(s.in) * s.channels, T{0});
    else
        input_gradient(dx, Unpooled<T>{dp, number, s.filters, s.out}, w, s);
}

#define MMLCORE_INSTANTIATE(T)                                                                            \
    template void conv_forward<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&);        \
    template void conv_input_gradient<T>(T*, const T*, const T*, const T*, Activation, const ConvShape&); \
    template void pooled_conv_input_gradient<T>(T*, const T*, const std::uint8_t*, const T*, const ConvShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
