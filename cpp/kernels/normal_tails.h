// The standard normal distribution, vectorised: log Φ, which keeps its relative accuracy where Φ underflows, and Φ⁻¹.
//
//   log Φ(-a) = -a²/2 + log(½ (1 + 2x)⁻¹ P(t))   with x, t and P of kernels/normal.h
//
// Φ⁻¹(p) is a quotient of polynomials of degree 7, in (p - ½)² where |p - ½| ≤ 0.425 and further out in
// √(-log min(p, 1 - p)): M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
// Statistics 37 (1988). Error in units of the last place: 10 for double, 16 for float, of the result or what half a
// unit of p does to it.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/normal.h"

namespace mmlcore {

namespace detail {

// ½ e^(x²) erfc(x) for x = a / √2, a ≥ 0.
template <class V>
inline V half_scaled_erfc(V a) {
    using T = lane_t<V>;
    const V x = a * T(0.70710678118654752440);
    const V near = vmin(broadcast<V>(T(1e30)), x);  // at infinity t would be NaN
    return T(0.5) * scaled_erfc((near - 3) / (near + 3)) / (x + x + 1);
}

template <class V>
inline V central_normal_ppf(V q) {
    using T = lane_t<V>;
    const V r = T(0.180625) - q * q;
    const V above = polynomial<V>(r, 3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3);
    const V below = polynomial<V>(r, 1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                                  2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                                  5.2264952788528545610e3);
    return q * above / below;
}

// Whether a comparison of vectors of T holds anywhere.
template <class V>
inline bool any_lane(V condition) {
#if defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i)condition, (__m512i)condition) != 0;
#elif defined(__AVX__)
    return !_mm256_testz_si256((__m256i)condition, (__m256i)condition);
#else
    bool any = false;
    for (int i = 0; i < lanes<V>; ++i) any |= condition[i] != 0;
    return any;
#endif
}

// The same where √(-log p) is above 5.
template <class V>
inline V far_normal_ppf(V root) {
    using T = lane_t<V>;
    const V r = root - T(5);
    const V above = polynomial<V>(r, 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7);
    const V below = polynomial<V>(r, 1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                  7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                  2.04426310338993978564e-15);
    return above / below;
}

// |Φ⁻¹| of the smaller of p and 1 - p, below 0.075.
template <class V>
inline V tail_normal_ppf(V smaller) {
    using T = lane_t<V>;
    const V root = vsqrt(-vlog(smaller));
    const V r = root - T(1.6);
    const V above = polynomial<V>(r, 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4);
    const V below = polynomial<V>(r, 1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                  1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                  1.05075007164441684324e-9);
    const auto far = !(root <= 5);  // below e⁻²⁵
    if (!any_lane(far)) return above / below;
    return far ? far_normal_ppf(root) : above / below;
}

}  // namespace detail

template <class V>
inline V vnormal_logcdf(V z) {
    using T = lane_t<V>;
    const V a = vabs(z);
    const V half_erfc = detail::half_scaled_erfc(a), half_square = T(0.5) * a * a;
    // log Φ(-a), and log Φ(a) = log(1 - Φ(-a))
    const V left = vlog(half_erfc) - half_square, right = vlog1p(-(vexp(-half_square) * half_erfc));
    return z < 0 ? left : right;
}

// φ(z) / Φ(z), the derivative of log Φ: about -z far left.
template <class V>
inline V vnormal_hazard(V z) {
    using T = lane_t<V>;
    const V a = vabs(z);
    const V half_erfc = detail::half_scaled_erfc(a), e = vexp(T(-0.5) * a * a);
    const V factor = broadcast<V>(T(0.39894228040143267794));
    return z < 0 ? factor / half_erfc : factor * e / (1 - e * half_erfc);
}

// Φ⁻¹: -inf at 0, inf at 1, NaN outside [0, 1].
template <class V>
inline V vnormal_ppf(V p) {
    using T = lane_t<V>;
    const V q = p - T(0.5);
    const V inside = detail::central_normal_ppf(q);
    const auto outer = !(vabs(q) <= T(0.425));
    if (!detail::any_lane(outer)) return inside;
    const V smaller = q < 0 ? p : 1 - p;
    const V ordinary = vcopysign(detail::tail_normal_ppf(smaller), q);
    const V limit = smaller == 0 ? vcopysign(broadcast<V>(std::numeric_limits<T>::infinity()), q)
                                 : broadcast<V>(std::numeric_limits<T>::quiet_NaN());
    return outer ? (smaller > 0 ? ordinary : limit) : inside;
}

// x_i = Φ⁻¹(x_i), 0 < x_i < 1, for N ≤ 64 numbers. One in seven lies in a tail: these are collected, so that the tails'
// formula is computed for full vectors, and not for nearly every second one.
template <class V, int N>
inline void normal_ppf_of(double* x) {
    constexpr int W = lanes<V>;
    static_assert(N <= 64 && N % W == 0 && sizeof(lane_t<V>) == 8);
    using Bits = Vec<std::uint64_t>;
    Bits bit{}, outer{};
    for (int lane = 0; lane < W; ++lane) bit[lane] = std::uint64_t{1} << lane;
    double tails[N];
    std::memcpy(tails, x, sizeof tails);
    for (int i = 0; i < N; i += W, bit <<= W) {
        const V q = load<V>(x + i) - 0.5;
        outer |= (Bits)(vabs(q) > 0.425) & bit;
        store(x + i, detail::central_normal_ppf(q));
    }
    std::uint64_t mask = 0;
    for (int lane = 0; lane < W; ++lane) mask |= outer[lane];
    int count = 0, where[N];
    for (; mask != 0; mask &= mask - 1, ++count) {
        where[count] = __builtin_ctzll(mask);
        tails[count] = tails[where[count]];  // count ≤ where: what is written has been read
    }
    for (int i = 0; i < count; i += W) {
        const V p = load<V>(tails + i), q = p - 0.5;
        store(tails + i, vcopysign(detail::tail_normal_ppf(q < 0 ? p : 1 - p), q));
    }
    for (int i = 0; i < count; ++i) x[where[i]] = tails[i];
}

}  // namespace mmlcore
