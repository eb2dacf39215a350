// The terms l(p, t) of the losses that add terms of single predictions.
//
// To add one: a struct with its name, its number of constants, value(p, t, c) and slope(p, t, c) = ∂l/∂p, in
// PointwiseLosses. Loops, table and bindings come from the list. NaN gives NaN.
#pragma once

#include "kernels/math.h"
#include "kernels/simd.h"

namespace mmlcore {

// (p - t)²
template <class V>
struct SquaredError {
    static constexpr const char* name = "squared_error";
    static V value(V p, V t, lane_t<V>) { return (p - t) * (p - t); }
    static V slope(V p, V t, lane_t<V>) { return 2 * (p - t); }
};

// |p - t|; slope 0 where they are equal
template <class V>
struct AbsoluteError {
    static constexpr const char* name = "absolute_error";
    static V value(V p, V t, lane_t<V>) { return vabs(p - t); }
    static V slope(V p, V t, lane_t<V>) {
        const V d = p - t, one = broadcast<V>(1);
        return d > 0 ? one : (d < 0 ? -one : d);
    }
};

// 100 |p - t| / max(|t|, c)
template <class V>
struct PercentageError {
    static constexpr const char* name = "percentage_error";
    static V value(V p, V t, lane_t<V> c) { return 100 * vabs(p - t) / vmax(vabs(t), broadcast<V>(c)); }
    static V slope(V p, V t, lane_t<V> c) {
        return 100 * AbsoluteError<V>::slope(p, t, c) / vmax(vabs(t), broadcast<V>(c));
    }
};

// d²/2 for |d| ≤ c, otherwise c |d| - c²/2; d = p - t
template <class V>
struct HuberError {
    static constexpr const char* name = "huber_error";
    static V value(V p, V t, lane_t<V> c) {
        const V d = vabs(p - t);
        return d > c ? c * d - c * c / 2 : d * d / 2;
    }
    static V slope(V p, V t, lane_t<V> c) {
        const V d = p - t;
        return d > c ? broadcast<V>(c) : (d < -c ? broadcast<V>(-c) : d);
    }
};

// max(0, 1 - t p); slope 0 at the kink
template <class V>
struct Hinge {
    static constexpr const char* name = "hinge";
    static V value(V p, V t, lane_t<V>) { return vmax(V{}, 1 - t * p); }
    static V slope(V p, V t, lane_t<V>) {
        const V margin = 1 - t * p;
        return margin > 0 ? -t : (margin == margin ? V{} : margin);
    }
};

// max(0, 1 - t p)²
template <class V>
struct SquaredHinge {
    static constexpr const char* name = "squared_hinge";
    static V value(V p, V t, lane_t<V>) {
        const V margin = vmax(V{}, 1 - t * p);
        return margin * margin;
    }
    static V slope(V p, V t, lane_t<V>) { return -2 * t * vmax(V{}, 1 - t * p); }
};

// -t log p - (1 - t) log(1 - p) with p kept in [c, 1 - c], where the slope is 0
template <class V>
struct BinaryCrossEntropy {
    static constexpr const char* name = "binary_cross_entropy";
    static V inside(V p, lane_t<V> c) { return vmin(broadcast<V>(1 - c), vmax(broadcast<V>(c), p)); }
    static V value(V p, V t, lane_t<V> c) {
        const V q = inside(p, c);
        return -(t * vlog(q) + (1 - t) * vlog1p(-q));
    }
    static V slope(V p, V t, lane_t<V> c) {
        const V q = inside(p, c), s = (q - t) / (q * (1 - q));
        return p < c ? V{} : (p > 1 - c ? V{} : s);
    }
};

// log(1 + e^z) - t z, which is the same in terms of p = sigmoid(z)
template <class V>
struct BinaryCrossEntropyOfLogits {
    static constexpr const char* name = "binary_cross_entropy_of_logits";
    static V value(V z, V t, lane_t<V>) { return vsoftplus(z) - t * z; }
    static V slope(V z, V t, lane_t<V>) { return vsigmoid(z) - t; }
};

// t log(t/p) with p and t kept in [c, 1], where the slope is 0
template <class V>
struct KullbackLeibler {
    static constexpr const char* name = "kullback_leibler";
    static V inside(V p, lane_t<V> c) { return vmin(broadcast<V>(1), vmax(broadcast<V>(c), p)); }
    static V value(V p, V t, lane_t<V> c) {
        const V s = inside(t, c);
        return s * vlog(s / inside(p, c));
    }
    static V slope(V p, V t, lane_t<V> c) {
        const V s = -inside(t, c) / inside(p, c);
        return p < c ? V{} : (p > 1 ? V{} : s);
    }
};

template <template <class> class... Losses>
struct LossList {};

using PointwiseLosses = LossList<SquaredError, AbsoluteError, PercentageError, HuberError, Hinge, SquaredHinge,
                                 BinaryCrossEntropy, BinaryCrossEntropyOfLogits, KullbackLeibler>;

}  // namespace mmlcore
