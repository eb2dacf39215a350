// One filter for each channel: a channel's sum sees nothing of its neighbours, so that vectors of channels are all
// there is to it.
#pragma once

#include "kernels/convolution_parts.h"

namespace mmlcore::convolution {

// C(points × channels) = activation(Σ_tap source(point + tap, ·) w(tap, ·) + bias); rows[t] is tap t's row of w.
template <class T>
void depthwise_products(T* C, const T* base, const Offsets& offsets, ptrdiff_t points, const T* w,
                        const std::vector<ptrdiff_t>& rows, ptrdiff_t channels, const T* bias, Activation activation) {
    using V = Vec<T>;
    for_each_vector<V>(0, channels, [&](ptrdiff_t c, auto here) {
        const V start = bias ? load_lanes<V>(bias + c, here) : V{};
        for (ptrdiff_t p = 0; p < points; ++p) {
            const T* point = base + offsets.points[p] + c;
            V sum{};
            for (std::size_t t = 0; t < rows.size(); ++t)
                sum += load_lanes<V>(point + offsets.taps[t], here) * load_lanes<V>(w + rows[t] * channels + c, here);
            store_lanes(C + p * channels + c, activated(sum + start, activation), here);
        }
    });
}

// dw(tap, ·) (+)= Σ_points source(point + tap, ·) dz(point, ·).
template <class T>
void depthwise_filter_gradient(T* dw, bool add, const T* base, const Offsets& offsets, const T* dz, ptrdiff_t points,
                               ptrdiff_t tap_begin, ptrdiff_t tap_end, ptrdiff_t channels) {
    using V = Vec<T>;
    for_each_vector<V>(0, channels, [&](ptrdiff_t c, auto here) {
        for (ptrdiff_t t = tap_begin; t < tap_end; ++t) {
            T* to = dw + t * channels + c;
            V sum = add ? load_lanes<V>(to, here) : V{};
            for (ptrdiff_t p = 0; p < points; ++p)
                sum += load_lanes<V>(base + offsets.points[p] + offsets.taps[t] + c, here) *
                       load_lanes<V>(dz + p * channels + c, here);
            store_lanes(to, sum, here);
        }
    });
}

}  // namespace mmlcore::convolution
