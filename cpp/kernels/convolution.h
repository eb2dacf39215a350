// Convolution as networks mean it (a correlation) and its two gradients: the three convolutions of Notes (9.7).
//
//   x (n × in × channels)   w (kernel × channels/groups × filters)   bias (filters)   y (n × out × filters)
//
//   z(o, f) = bias(f) + Σ_(tap, c) x(o · stride + tap · dilation - before, c) w(tap, c, f),   0 outside x
//
// x and y in either layout, w always as above. Channels and filters fall into `groups` that do not see each other.
// Extents of one or two dimensions are padded with ones in front. Bits do not depend on the number of threads.
//
// The sum is the matrix product P(points × taps·channels) W of Notes 9.7, whose P, the columns of im2col, exists
// nowhere: a tile of the product reads its elements from the image through two tables of offsets, of points and of
// taps.
#pragma once

#include "kernels/gemm.h"
#include "kernels/images.h"

namespace mmlcore {

struct ConvShape {
    ptrdiff_t n, channels, filters, groups;
    Extent in, out, kernel, stride, dilation, before;
    Layout layout;

    ptrdiff_t depth() const { return channels / groups; }
    ptrdiff_t width() const { return filters / groups; }
    ptrdiff_t rows() const { return volume(kernel) * depth(); }  // of w as a matrix
};

// y = activation(z); bias may be null.
template <class T>
void conv_forward(T* y, const T* x, const T* w, const T* bias, Activation activation, const ConvShape& shape);

// Differentiates y = activation(z): with dz = dy ⊙ activation'(z),
//   dx(i, c) = Σ_(o, tap, f) dz(o, f) w(tap, c, f)  over the o and taps with i = o · stride + tap · dilation - before.
// y may be null for the linear activation. It must be one whose slope is written in y.
template <class T>
void conv_input_gradient(T* dx, const T* dy, const T* w, const T* y, Activation activation, const ConvShape& shape);

// And  dw(tap, c, f) = Σ_o x(o · stride + tap · dilation - before, c) dz(o, f),   db(f) = Σ_o dz(o, f).   db may be
// null.
template <class T>
void conv_filter_gradient(T* dw, T* db, const T* x, const T* dy, const T* y, Activation activation,
                          const ConvShape& shape);

// The expected time of one of them on one thread.
inline double conv_cost_ns(const ConvShape& s) {
    return gemm_cost_ns(s.n * volume(s.out), s.filters, s.rows());
}

}  // namespace mmlcore
