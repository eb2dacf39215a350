// The gradient with respect to the filters where channels are few (few_channels.h).
//
//   dw(tap, c, f) = Σ_windows Σ_elements x(element + tap, c) dz(element, f)
//
// Chunk by chunk of blocks a sum of its own, added up in order: bits do not depend on the threads, nor on whether dz is
// there or made from the windows' maxima.
#pragma once

#include "kernels/few_channels.h"

namespace mmlcore::convolution {

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
                    add_biases(sum + weights + f, room.data(), b, f, here);
                    for (ptrdiff_t first = 0; first < s_.rows(); first += kTaps)
                        add_taps(sum + f, room.data(), b, first, f, here);
                });
            }
        });
        auto add_up = [&](T* to, const T* parts, ptrdiff_t length) {
            for_each_vector<Vec<T>>(0, length, [&](ptrdiff_t i, auto here) {
                Vec<T> total = load_lanes<Vec<T>>(parts + i, here);
                for (ptrdiff_t c = 1; c < chunks; ++c) total += load_lanes<Vec<T>>(parts + c * size + i, here);
                store_lanes(to + i, total, here);
            });
        };
        add_up(dw, partial.data(), weights);
        if (db) add_up(db, partial.data() + weights, s_.filters);
    }

  private:
    using Block = typename WindowBlocks<T>::Block;
    static constexpr int kTaps = 9;  // as many sums as registers allow beside four values of dz

    // body(corner in the room, from there to the right and below, dz) for a block's windows, but for those that are not
    // whole where dz is made from maxima: these know nothing of them. What of a window lies beyond the outputs has
    // dz = 0, and its first point in place of its own, which may not be a number.
    template <class Count, class Body>
    void for_each_window(const T* room, const Block& b, ptrdiff_t f, Count here, Body&& body) const {
        const ptrdiff_t right = blocks_.right(), below = blocks_.below(), filters = s_.filters;
        const ptrdiff_t height = s_.out[1] - 2 * b.first, width = s_.out[2], line = width * filters;
        const ptrdiff_t origin = (b.image * s_.out[1] + 2 * b.first) * line + f;
        blocks_.for_each(room, b, [&](const T* corner, ptrdiff_t i, ptrdiff_t j) {
            const bool has_right = 2 * j + 1 < width, has_below = 2 * i + 1 < height;
            Vec<T> dz[4];
            if constexpr (std::is_same_v<From, Unpooled<T>>) {
                if (!has_right || !has_below) return;
                from_.window(dz, b.image, b.first + i, j, f, here);
            } else {
                const ptrdiff_t at = origin + 2 * i * line + 2 * j * filters;
                dz[0] = from_.vector(at, here);
                dz[1] = has_right ? from_.vector(at + filters, here) : Vec<T>{};
                dz[2] = has_below ? from_.vector(at + line, here) : Vec<T>{};
                dz[3] = has_right && has_below ? from_.vector(at + line + filters, here) : Vec<T>{};
            }
            body(corner, has_right ? right : 0, has_below ? below : 0, dz);
        });
    }

    template <class Count>
    void add_biases(T* db, const T* room, const Block& b, ptrdiff_t f, Count here) const {
        Vec<T> sum = load_lanes<Vec<T>>(db, here);
        for_each_window(room, b, f, here, [&](const T*, ptrdiff_t, ptrdiff_t, const Vec<T>(&dz)[4]) {
            sum += (dz[0] + dz[1]) + (dz[2] + dz[3]);
        });
        store_lanes(db, sum, here);
    }

    // Up to kTaps rows of dw from `first` on, and a vector of filters.
    template <class Count>
    void add_taps(T* dw, const T* room, const Block& b, ptrdiff_t first, ptrdiff_t f, Count here) const {
        using V = Vec<T>;
        const ptrdiff_t taps = std::min<ptrdiff_t>(kTaps, s_.rows() - first);
        ptrdiff_t at[kTaps];
        V sum[kTaps];
#pragma GCC unroll 9
        for (int t = 0; t < kTaps; ++t) {  // what is behind the last one is summed in vain
            const ptrdiff_t row = first + std::min<ptrdiff_t>(t, taps - 1);
            at[t] = row / blocks_.run() * blocks_.row() + row % blocks_.run();
            sum[t] = V{};
        }
        for_each_window(room, b, f, here, [&](const T* corner, ptrdiff_t right, ptrdiff_t below, const V(&dz)[4]) {
#pragma GCC unroll 9
            for (int t = 0; t < kTaps; ++t) {
                const T* x = corner + at[t];
                sum[t] += broadcast<V>(x[0]) * dz[0];
                sum[t] += broadcast<V>(x[right]) * dz[1];
                sum[t] += broadcast<V>(x[below]) * dz[2];
                sum[t] += broadcast<V>(x[below + right]) * dz[3];
            }
        });
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
