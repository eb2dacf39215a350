// Pooling: the largest, or the mean, of each window of a channel, and the way back.
//
//   x (n × in × channels)   y (n × out × channels)   both in the same layout; window o covers in-points
//   o · stride - before + (0 … kernel - 1), of which only those inside x count
#pragma once

#include <cstdint>

#include "kernels/images.h"

namespace mmlcore {

struct PoolShape {
    ptrdiff_t n, channels;
    Extent in, out, kernel, stride, before;
    Layout layout;
};

// y = the largest; number = which element of the window that is (the first of equals; NaN is larger than all), always
// channels last. A window that lies outside x altogether gives 0 and the number 0. number may be null. Index is
// std::uint8_t for windows of up to 255 elements, else std::int32_t. `rectified`: of max(x, 0); a window without a
// positive element then gives 0 and the number behind its last element, which the gradient passes over.
template <class T, class Index>
void max_pool(T* y, Index* number, const T* x, bool rectified, const PoolShape& shape);

// Differentiates y(o) = x(o's number): dx(i) = Σ of the dy(o) with that i.
template <class T, class Index>
void max_pool_gradient(T* dx, const T* dy, const Index* number, const PoolShape& shape);

// The transpose of max_pool_gradient: y(o) = x(o's number), for any x.
template <class T, class Index>
void max_pool_select(T* y, const T* x, const Index* number, const PoolShape& shape);

// y = the mean of those inside x, or their sum.
template <class T>
void average_pool(T* y, const T* x, bool mean, const PoolShape& shape);

// Differentiates y(o) = Σ x(i) / count(o): dx(i) = Σ dy(o) / count(o). count is 1 where y is the sum.
template <class T>
void average_pool_gradient(T* dx, const T* dy, bool mean, const PoolShape& shape);

// The expected time on one thread.
template <class T>
double pool_cost_ns(const PoolShape& s) {
    const double reads =
        static_cast<double>(s.n * s.channels) * static_cast<double>(volume(s.in) + volume(s.out) * volume(s.kernel));
    return reads * (s.layout == Layout::channels_last ? sizeof(T) / 16.0 : 1.0);
}

}  // namespace mmlcore
