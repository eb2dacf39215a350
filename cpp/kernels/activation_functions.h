// Activation functions that kernels apply to a vector while it is in registers, and their slopes.
#pragma once

#include "kernels/activation.h"
#include "kernels/normal.h"
#include "kernels/simd.h"

namespace mmlcore {

namespace detail {
// Where z is far below, z · 0 is the limit and -∞ · 0 must not spoil it. NaN stays.
template <class V>
inline V above_underflow(V z) {
    return vmax(broadcast<V>(-1e4f), z);
}
}  // namespace detail

template <class V>
inline V activated(V z, Activation activation) {
    switch (activation) {
        case Activation::linear:
            return z;
        case Activation::relu:
            return vmax(V{}, z);  // NaN stays
        case Activation::sigmoid:
            return vsigmoid(z);
        case Activation::tanh:
            return vtanh(z);
        case Activation::softplus:
            return vsoftplus(z);
        case Activation::elu:
            return z > 0 ? z : vexpm1(z);
        case Activation::gelu:
            return detail::above_underflow(z) * vnormal_cdf(z);
        case Activation::silu:
            return detail::above_underflow(z) * vsigmoid(z);
    }
    return z;
}

// activation'(z), given z where slope_needs_z(activation), otherwise y = activation(z). 0 at the kink of relu.
template <class V>
inline V slope(V z_or_y, Activation activation) {
    const V one = broadcast<V>(1), v = z_or_y;
    switch (activation) {
        case Activation::linear:
            return one;
        case Activation::relu:
            return v > 0 ? one : (v == v ? V{} : v);
        case Activation::sigmoid:
            return v * (one - v);
        case Activation::tanh:
            return one - v * v;
        case Activation::softplus:
            return -vexpm1(-v);
        case Activation::elu:
            return v > 0 ? one : v + one;
        case Activation::gelu:
            return vnormal_cdf(v) + vmin(broadcast<V>(1e4f), detail::above_underflow(v)) * vnormal_pdf(v);
        case Activation::silu: {
            const V s = vsigmoid(v);
            return s + vmin(broadcast<V>(1e4f), detail::above_underflow(v)) * s * (one - s);
        }
    }
    return one;
}

}  // namespace mmlcore
