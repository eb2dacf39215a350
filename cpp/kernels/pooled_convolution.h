// Convolution, rectifier and the largest of 2×2 windows in one pass, and its two gradients: what lies between them is
// four times as large as the result and never leaves the cache.
//
//   p(o, f) = max over window o of max(0, z(i, f))   z(i, f) = bias(f) + Σ_(tap, c) x(i · stride + tap - before, c)
//   w(tap, c, f)
//
// z, of extents s.out, is a convolution of pictures as convolution.h has them, channels last; p (n × s.out / 2 ×
// filters) has no window for an odd last row or column. number(o, f), as max_pool writes it for `rectified`: 0 to 3,
// or 4 where nothing is positive; of a window with NaN any below 4.
#pragma once

#include <cstdint>

#include "kernels/convolution.h"

namespace mmlcore {

// number may be null, bias too. p is max_pool's of conv_forward's result, bit for bit (to rounding for 1×1 kernels in
// steps of one: the product of all points at once may take another order).
template <class T>
void pooled_conv_forward(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias, const ConvShape& s);

// Through the windows: dz(i, f) = dp(o, f) where i is the element of window o that number(o, f) says, else 0.
template <class T>
void pooled_conv_input_gradient(T* dx, const T* dp, const std::uint8_t* number, const T* w, const ConvShape& s);

// db may be null.
template <class T>
void pooled_conv_filter_gradient(T* dw, T* db, const T* x, const T* dp, const std::uint8_t* number, const ConvShape& s);

}  // namespace mmlcore
