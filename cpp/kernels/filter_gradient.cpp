#include "kernels/convolution_parts.h"
#include "kernels/depthwise.h"
#include "kernels/few_channels_gradient.h"
#include "kernels/pool_numbers.h"
#include "kernels/threads.h"
#include "kernels/winograd_gradient.h"

namespace mmlcore {

using namespace convolution;

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
          grid_(axes_, s.n, s.channels, kSourceBytes / sizeof(T), points_within<T>(kAsideBytes, s.filters, kMostPoints),
                kPortionsWanted),
          source_(inputs(x, s), Values<T>{x}, axes_, grid_, s.depth()) {
        const ptrdiff_t room = kPartialBytes / static_cast<ptrdiff_t>(sizeof(T));
        chunks_ =
            std::clamp<ptrdiff_t>(std::min(grid_.count(), room / std::max<ptrdiff_t>(size(), 1)), 1, kPortionsWanted);
        row_blocks_ =
            std::clamp<ptrdiff_t>(kPortionsWanted / 2 / chunks_, 1, ceil_div(std::max<ptrdiff_t>(s.rows(), 1), 48));
    }

    void run(T* dw, T* db) const {
        const ptrdiff_t weights = s_.rows() * s_.filters;
        const Workspace<T> partial(chunks_ * size());
        parallel_for(chunks_ * row_blocks_, conv_cost_ns(s_), [&](ptrdiff_t task) {
            const ptrdiff_t chunk = task / row_blocks_, rows = task % row_blocks_;
            T* own = partial.data() + chunk * size();
            sum_chunk(chunks_ == 1 ? dw : own, db && rows == 0 ? own + weights : nullptr, chunk,
                      cut(s_.rows(), rows, row_blocks_), cut(s_.rows(), rows + 1, row_blocks_));
        });
        if (chunks_ > 1) add_up(dw, partial.data(), weights, chunks_, size());
        if (db) add_up(db, partial.data() + weights, s_.filters, chunks_, size());
    }

  private:
    static constexpr ptrdiff_t NR = Tile<T>::NR;
    static constexpr ptrdiff_t kMostPoints = 256;  // of a block: its panel of dz stays in the first-level cache
    static constexpr ptrdiff_t kPartialBytes = 2 << 20;

    ptrdiff_t size() const { return (s_.rows() + 1) * s_.filters; }

    void sum_chunk(T* dw, T* db, ptrdiff_t chunk, ptrdiff_t row_begin, ptrdiff_t row_end) const {
        const ptrdiff_t begin = cut(grid_.count(), chunk, chunks_), end = cut(grid_.count(), chunk + 1, chunks_);
        const ptrdiff_t points = grid_.full().points(), panels = ceil_div(s_.width(), NR);
        const Workspace<T> room(source_.room()), dz(points * s_.filters);
        const Workspace<T> packed(s_.groups * panels * NR * points);
        if (db) std::fill(db, db + s_.filters, T{0});
        for (ptrdiff_t i = begin; i < end; ++i) {
            const Portion portion = grid_[i];
            const T* base = source_.portion(portion, room.data());
            copy_block(dz.data(), outputs<const T>(nullptr, s_), from_, portion.image, portion.images, portion.begin,
                       portion.size);
            if (db) add_rows(db, dz.data(), portion.points());
            if (is_depthwise(s_)) {
                depthwise_filter_gradient(dw, i > begin, base, source_.offsets(), dz.data(), portion.points(),
                                          row_begin, row_end, s_.channels);
                continue;
            }
            for (ptrdiff_t g = 0; g < s_.groups; ++g) {
                const T* right =
                    pack(packed.data() + g * panels * NR * points, dz.data() + g * s_.width(), portion.points());
                for (ptrdiff_t j = 0; j < s_.width(); j += NR)
                    tiles_below(dw + row_begin * s_.filters + g * s_.width() + j, s_.filters, base + g * s_.depth(),
                                source_.offsets().taps.data() + row_begin, row_end - row_begin,
                                source_.offsets().points.data(), portion.points(),
                                PackedRight<T>{right + j * portion.points()}, std::min(NR, s_.width() - j),
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

template <class T, class From>
void filter_gradient(T* dw, T* db, const T* x, const From& from, const ConvShape& s) {
    if (s.n * volume(s.out) * s.filters == 0) {
        std::fill(dw, dw + s.rows() * s.filters, T{0});
        if (db) std::fill(db, db + s.filters, T{0});
    } else if (suits_winograd<T>(s, s.channels, s.filters)) {
        WinogradGradient<T, From>(s, x, from).run(dw, db);
    } else if (has_few_weights(s)) {
        FewChannelsGradient<T, From>(s, from).run(dw, db, x);
    } else {
        FilterGradient<T, From>(s, x, from).run(dw, db);
    }
}

}  // namespace

template <class T>
void conv_filter_gradient(T* dw, T* db, const T* x, const T* dy, const T* y, Activation activation,
                          const ConvShape& s) {
    with_gradient(dy, y, activation, [&](const auto& from) { filter_gradient(dw, db, x, from, s); });
}

template <class T>
void pooled_conv_filter_gradient(T* dw, T* db, const T* x, const T* dp, const std::uint8_t* number,
                                 const ConvShape& s) {
    if (s.out[1] < 2 || s.out[2] < 2) {  // no windows, whatever the other extent
        std::fill(dw, dw + s.rows() * s.filters, T{0});
        if (db) std::fill(db, db + s.filters, T{0});
        return;
    }
    filter_gradient(dw, db, x, Unpooled<T>{dp, number, s.filters, s.out}, s);
}

#define MMLCORE_INSTANTIATE(T)                                                                                 \
    template void conv_filter_gradient<T>(T*, T*, const T*, const T*, const T*, Activation, const ConvShape&); \
    template void pooled_conv_filter_gradient<T>(T*, T*, const T*, const T*, const std::uint8_t*, const ConvShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
