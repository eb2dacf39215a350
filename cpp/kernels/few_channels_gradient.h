// The gradient with respect to the filters where channels are few (few_channels.h).
//
//   dw(tap, c, f) = Σ_windows Σ_elements x(element + tap, c) dz(element, f)
//
// Chunk by chunk of blocks a sum of its own, added up in order: bits do not depend on the threads, nor on whether dz is
// there or made from the windows' maxima.
#pragma once

#include "kernels/few_channels.h"

namespace mmlcore::convolution {

// Where that is faster than a product of patches: the register tile of that has no use for so few weights. Sequences
// have no windows.
inline bool has_few_weights(const ConvShape& s) {
    constexpr ptrdiff_t kMostFilters = 16, kMostWeights = 600;
    return has_few_channels(s) && s.filters <= kMostFilters && s.rows() * s.filters <= kMostWeights && s.out[1] > 1 &&
           s.out[2] > 1;
}

template <class T, class From>
class FewChannelsGradient {
  public:
    FewChannelsGradient(const ConvShape& s, const From& from)
        : s_(s), from_(from), blocks_(s, ceil_div(s.out[1], 2), ceil_div(s.out[2], 2)) {}

    void run(T* dw, T* db, const T* x) const {
        const ptrdiff_t weights = s_.rows() * s_.filters, size = weights + s_.filters, count = blocks_.count();
        const ptrdiff_t chunks = std::min(count, kPortionsWanted);
        const Workspace<T> partial(chunks * size);
        parallel_for(chunks, conv_cost_ns(s_), [&](ptrdiff_t chunk) {
            const Workspace<T> room(blocks_.room());
            T* sum = partial.data() + chunk * size;
            std::fill(sum, sum + size, T{0});
            for (ptrdiff_t task = cut(count, chunk, chunks); task < cut(count, chunk + 1, chunks); ++task) {
                const Block b = blocks_[task];
                blocks_.copy(room.data(), x, b);
                for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
                    add_biases(sum + weights + f, b, f, here);
                    for (ptrdiff_t first = 0; first < s_.rows(); first += kTaps)
                        add_taps(sum + f, room.data(), b, first, f, here);
                });
            }
        });
        add_up(dw, partial.data(), weights, chunks, size);
        if (db) add_up(db, partial.data() + weights, s_.filters, chunks, size);
    }

  private:
    using Block = typename WindowBlocks<T>::Block;
    static constexpr bool kPooled = std::is_same_v<From, Unpooled<T>>;
    static constexpr int kTaps = 9;  // as many sums as registers allow beside four values of dz

    // The windows of a block, and their dz for a vector of filters from f on.
    struct Elements {
        From from;
        ptrdiff_t filters, height, width;  // of the outputs from the block's first on
        ptrdiff_t origin, line;            // where the first window lies, and from there to the next row

        Elements(const From& from, const ConvShape& s, const Block& b, ptrdiff_t f)
            : from(from), filters(s.filters), height(s.out[1] - 2 * b.first), width(s.out[2]) {
            if constexpr (kPooled) {
                origin = from.place(b.image, b.first, 0) + f;
                line = width / 2 * filters;
            } else {
                origin = (b.image * s.out[1] + 2 * b.first) * width * filters + f;
                line = 2 * width * filters;
            }
        }

        bool has_right(ptrdiff_t j) const { return 2 * j + 1 < width; }
        bool has_below(ptrdiff_t i) const { return 2 * i + 1 < height; }
        // Maxima know nothing of windows that are not whole.
        bool counts(ptrdiff_t i, ptrdiff_t j) const { return !kPooled || (has_right(j) && has_below(i)); }

        // 0 beyond the outputs.
        template <class Count>
        void read(Vec<T> (&dz)[4], ptrdiff_t i, ptrdiff_t j, Count here) const {
            if constexpr (kPooled) {
                from.window(dz, origin + i * line + j * filters, here);
            } else {
                const ptrdiff_t at = origin + i * line + 2 * j * filters, below = at + width * filters;
                const bool right = has_right(j), down = has_below(i);
                dz[0] = from.vector(at, here);
                dz[1] = right ? from.vector(at + filters, here) : Vec<T>{};
                dz[2] = down ? from.vector(below, here) : Vec<T>{};
                dz[3] = right && down ? from.vector(below + filters, here) : Vec<T>{};
            }
        }
    };

    template <class Count>
    void add_biases(T* db, const Block& b, ptrdiff_t f, Count here) const {
        const Elements elements(from_, s_, b, f);
        Vec<T> sum = load_lanes<Vec<T>>(db, here), dz[4];
        for (ptrdiff_t i = 0; i < b.rows; ++i)
            for (ptrdiff_t j = 0; j < blocks_.columns(); ++j) {
                if (!elements.counts(i, j)) continue;
                elements.read(dz, i, j, here);
                sum += (dz[0] + dz[1]) + (dz[2] + dz[3]);
            }
        store_lanes(db, sum, here);
    }

    // Up to kTaps rows of dw from `first` on, and a vector of filters. (The loops stand here and are no function with a
    // body: sums that a body refers to would live in memory.)
    template <class Count>
    void add_taps(T* dw, const T* room, const Block& b, ptrdiff_t first, ptrdiff_t f, Count here) const {
        using V = Vec<T>;
        const Elements elements(from_, s_, b, f);
        const ptrdiff_t taps = std::min<ptrdiff_t>(kTaps, s_.rows() - first), columns = blocks_.columns();
        const ptrdiff_t right = blocks_.right(), below = blocks_.below();
        ptrdiff_t at[kTaps];
        V sum[kTaps];
#pragma GCC unroll 9
        for (int t = 0; t < kTaps; ++t) {  // what is behind the last one is summed in vain
            const ptrdiff_t row = first + std::min<ptrdiff_t>(t, taps - 1);
            at[t] = row / blocks_.run() * blocks_.row() + row % blocks_.run();
            sum[t] = V{};
        }
        for (ptrdiff_t i = 0; i < b.rows; ++i)
            for (ptrdiff_t j = 0; j < columns; ++j) {
                if (!elements.counts(i, j)) continue;
                V dz[4];
                elements.read(dz, i, j, here);
                const bool has_right = elements.has_right(j), has_below = elements.has_below(i);
                const T* corner = room + 2 * (i * below + j * right);
                if (!has_right || !has_below) {  // what lies under a 0 beyond the outputs may be no number
#pragma GCC unroll 9
                    for (int t = 0; t < kTaps; ++t) {
                        const T* x = corner + at[t];
                        sum[t] += broadcast<V>(x[0]) * dz[0];
                        if (has_right) sum[t] += broadcast<V>(x[right]) * dz[1];
                        if (has_below) sum[t] += broadcast<V>(x[below]) * dz[2];
                    }
                    continue;
                }
#pragma GCC unroll 9
                for (int t = 0; t < kTaps; ++t) {
                    const T *upper = corner + at[t], *lower = upper + below;
                    sum[t] += broadcast<V>(upper[0]) * dz[0];
                    sum[t] += broadcast<V>(upper[right]) * dz[1];
                    sum[t] += broadcast<V>(lower[0]) * dz[2];
                    sum[t] += broadcast<V>(lower[right]) * dz[3];
                }
            }
#pragma GCC unroll 9
        for (int t = 0; t < kTaps; ++t) {
            if (t >= taps) break;
            T* to = dw + (first + t) * s_.filters;
            store_lanes(to, load_lanes<V>(to, here) + sum[t], here);
        }
    }

    const ConvShape s_;
    const From from_;
    const WindowBlocks<T> blocks_;
};

}  // namespace mmlcore::convolution
