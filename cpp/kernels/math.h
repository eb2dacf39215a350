// Elementary functions over the vector type V = Vec<float> or Vec<double>, one vector in, one vector out, no
// branches.
//
// Largest error over the whole range (denormal results included), in units in the last place:
//   vsqrt 0.5   vlog, vlog1p 1   vexp 1.1   vsoftplus 2   vexpm1, vsigmoid, vtanh 2.5
// NaN gives NaN, ±inf the limit (or NaN where there is none), overflow inf, log 0 = -inf, log of a negative
// NaN; expm1, log1p and tanh keep their relative accuracy near 0, sigmoid and softplus theirs towards -inf.
//
// Method: argument reduction as in fdlibm (Sun Microsystems, 1993; e_exp.c, e_log.c, s_log1p.c), then a
// polynomial that minimises the largest relative error (Remez exchange). The error bound of each stands
// beside its coefficients.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/simd.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace mmlcore {

// ---- bits and signs ----

template <class V>
using BitsOf = Vec<std::make_unsigned_t<int_as<lane_t<V>>>>;

template <class V>
inline BitsOf<V> bits(V v) {
    return (BitsOf<V>)v;
}

template <class V>
inline V from_bits(BitsOf<V> b) {
    return (V)b;
}

template <class V>
inline BitsOf<V> sign_bit(V v) {
    return bits(v) & bits(broadcast<V>(-0.0f));
}

template <class V>
inline V vabs(V x) {
    return from_bits<V>(bits(x) & ~bits(broadcast<V>(-0.0f)));
}

// |magnitude| with the sign of `sign`.
template <class V>
inline V vcopysign(V magnitude, V sign) {
    return from_bits<V>(bits(vabs(magnitude)) | sign_bit(sign));
}

template <class V>
inline V vsqrt(V x) {
    for (int i = 0; i < lanes<V>; ++i) x[i] = std::sqrt(x[i]);
    return x;
}

// c0 + c1 x + c2 x² + …
template <class V>
inline V polynomial(V, lane_t<V> c) {
    return broadcast<V>(c);
}

template <class V, class... C>
inline V polynomial(V x, lane_t<V> c0, C... rest) {
    return x * polynomial(x, rest...) + c0;
}

// ---- constants ----

namespace detail {

template <class T>
struct Maths;

template <>
struct Maths<float> {
    static constexpr int mantissa_bits = 23;
    static constexpr float round_magic = 0x1.8p23f;         // x + magic - magic rounds x to an integer
    static constexpr float exp_low = -104, exp_high = 89;   // beyond: 0 and inf
    static constexpr float expm1_low = -18, tanh_one = 10;  // beyond: -1 and ±1 to the last bit
    static constexpr float log2e = 1.44269504f;
    static constexpr float ln2_hi = 0.693359375f, ln2_lo = -2.12194440e-4f;  // n * ln2_hi is exact
    static constexpr float denormal_scale = 0x1p25f, denormal_shift = 25;

    // (e^r - 1 - r) / r² for |r| <= ln(2)/2; error of e^r - 1: 2^-26
    template <class V>
    static V exp_tail(V r) {
        return polynomial(r, 0.5f, 0.166665435f, 0.0416663997f, 0.008366636f, 0.00139409699f);
    }
    // (2 atanh(s)/s - 2) / z for z = s², |s| <= 3 - 2√2; error of the logarithm: 2^-36
    template <class V>
    static V log_tail(V z) {
        return polynomial(z, 0.666666627f, 0.400003374f, 0.285372406f, 0.235835418f);
    }
    // The same for |s| <= 1/3; error of the logarithm: 2^-27
    template <class V>
    static V wide_log_tail(V z) {
        return polynomial(z, 0.666664124f, 0.400217295f, 0.279985875f, 0.280274957f);
    }
};

template <>
struct Maths<double> {
    static constexpr int mantissa_bits = 52;
    static constexpr double round_magic = 0x1.8p52;
    static constexpr double exp_low = -746, exp_high = 710;
    static constexpr double expm1_low = -38, tanh_one = 20;
    static constexpr double log2e = 1.4426950408889634;
    static constexpr double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
    static constexpr double denormal_scale = 0x1p54, denormal_shift = 54;

    // Error of e^r - 1: 2^-55
    template <class V>
    static V exp_tail(V r) {
        return polynomial(r, 0.5, 0.1666666666666668, 0.041666666666618911, 0.0083333333333187719,
                          0.0013888888921156756, 0.000198412698950785, 2.4801515288874336e-05, 2.7557234211762031e-06,
                          2.7622737686832258e-07, 2.5112721892757597e-08);
    }
    // Error of the logarithm: 2^-58
    template <class V>
    static V log_tail(V z) {
        return polynomial(z, 0.66666666666667351, 0.39999999999411301, 0.28571428743223282, 0.22222198479575075,
                          0.18183569570871447, 0.15313907214109121, 0.14797470922213321);
    }
    // Error of the logarithm: 2^-59
    template <class V>
    static V wide_log_tail(V z) {
        return polynomial(z, 0.66666666666666308, 0.40000000000157659, 0.28571428547787853, 0.2222222397446609,
                          0.18181743739880576, 0.15386564196024588, 0.13300913678193016, 0.12106587094957058,
                          0.083378060916362948, 0.17023012548131061);
    }
};

template <class V>
using MathsOf = Maths<lane_t<V>>;

// 2^n for integer n in the range of the normal numbers, given n + magic: n lies in its low bits.
template <class V>
inline V power_of_two(V shifted) {
    constexpr lane_t<BitsOf<V>> bias = std::numeric_limits<lane_t<V>>::max_exponent - 1;
    return from_bits<V>((bits(shifted) + bias) << MathsOf<V>::mantissa_bits);
}

// p · 2^n with one rounding, down to denormal and up to infinite results.
template <class V>
inline V scale_by_power_of_two(V p, V n) {
#if defined(__AVX512F__)
    if constexpr (lanes<V> == 16)
        return (V)_mm512_maskz_scalef_ps(0xffff, (__m512)p, (__m512)n);
    else
        return (V)_mm512_maskz_scalef_pd(0xff, (__m512d)p, (__m512d)n);
#else
    constexpr lane_t<V> magic = MathsOf<V>::round_magic;
    const V shifted_half = n * lane_t<V>(0.5) + magic;
    const V half = shifted_half - magic;
    return p * power_of_two(shifted_half) * power_of_two((n - half) + magic);
#endif
}

// p 2^n for n <= 0 down to where the smallest denormal is: one power, of a larger exponent, and a constant.
template <class V>
inline V scale_down(V p, V n) {
#if defined(__AVX512F__)
    return scale_by_power_of_two(p, n);
#else
    using T = lane_t<V>;
    constexpr T shift = sizeof(T) == 4 ? 64 : 512;
    constexpr T back = sizeof(T) == 4 ? T(0x1p-64) : T(0x1p-512);
    return p * power_of_two(n + (MathsOf<V>::round_magic + shift)) * back;
#endif
}

// x = n ln 2 + r with |r| <= ln(2)/2.
template <class V>
struct ExpArgument {
    V n, r;
};

template <class V>
inline ExpArgument<V> reduce_exp(V x) {
    using M = MathsOf<V>;
    const V n = (x * M::log2e + M::round_magic) - M::round_magic;
    return {n, (x - n * M::ln2_hi) - n * M::ln2_lo};
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1) for x in [expm1_low, exp_high]; for n = 0 it is e^r - 1 itself. Written
// over 2^(n-1), because 2^n may be infinite where the result is not.
template <class V>
inline V expm1_in_range(V x) {
    using T = lane_t<V>;
    using M = MathsOf<V>;
    const auto [n, r] = reduce_exp(x);
    const V p = r + r * r * M::exp_tail(r);
    const V half_power = power_of_two(n + (M::round_magic - 1));
    return (half_power * p + (half_power - T(0.5))) * T(2);
}

// x = 2^k (1 + f) with 1 + f in [√½, √2), for normal positive x.
template <class V>
struct LogArgument {
    V k, f;
};

template <class V>
inline LogArgument<V> reduce_log(V x) {
    using T = lane_t<V>;
    using M = MathsOf<V>;
    const BitsOf<V> one = bits(broadcast<V>(T(1)));
    const BitsOf<V> root_half = bits(broadcast<V>(T(0.70710678118654752)));
    const BitsOf<V> shifted = bits(x) + (one - root_half);
    const BitsOf<V> biased = shifted >> M::mantissa_bits;
    const BitsOf<V> mantissa = (shifted & ((lane_t<BitsOf<V>>(1) << M::mantissa_bits) - 1)) + root_half;
    constexpr T bias = std::numeric_limits<T>::max_exponent - 1;
    const V k = from_bits<V>(biased | bits(broadcast<V>(M::round_magic))) - (M::round_magic + bias);
    return {k, from_bits<V>(mantissa) - 1};
}

// k ln 2 + log(1 + f) + correction, where the correction is at most a few units in the last place of the
// rest.
template <class V>
inline V log_reduced(V k, V f, V correction) {
    using M = MathsOf<V>;
    const V s = f / (f + 2);
    const V z = s * s;
    const V half_square = f * f * lane_t<V>(0.5);
    const V rest = s * (half_square + z * M::log_tail(z)) + (k * M::ln2_lo + correction);
    return k * M::ln2_hi - ((half_square - rest) - f);
}

// The logarithm of u, given that of positive finite u: -inf at 0, NaN below and for NaN, inf at inf.
template <class V>
inline V with_limits_of_log(V logarithm, V u) {
#if defined(__AVX512F__)
    // Four bits for each class of u: 0 keeps the logarithm, 1 takes u, 3 NaN, 4 -inf.
    constexpr int classes = 0x03130411;  // from the left: positive, negative, inf, -inf, one, zero, NaN, NaN
    if constexpr (lanes<V> == 16)
        return (V)_mm512_fixupimm_ps((__m512)logarithm, (__m512)u, _mm512_set1_epi32(classes), 0);
    else
        return (V)_mm512_fixupimm_pd((__m512d)logarithm, (__m512d)u, _mm512_set1_epi64(classes), 0);
#else
    const V inf = broadcast<V>(std::numeric_limits<lane_t<V>>::infinity());
    const V nan = broadcast<V>(std::numeric_limits<lane_t<V>>::quiet_NaN());
    const V finite = u > 0 ? logarithm : (u == 0 ? -inf : nan);
    return u == inf ? u : finite;
#endif
}

}  // namespace detail

// ---- exponentials ----

template <class V>
inline V vexp(V x) {
    using M = detail::MathsOf<V>;
    x = vmax(broadcast<V>(M::exp_low), vmin(broadcast<V>(M::exp_high), x));
    const auto [n, r] = detail::reduce_exp(x);
    const V p = (r + r * r * M::exp_tail(r)) + 1;
    return detail::scale_by_power_of_two(p, n);
}

// e^x for x <= 0, the same bits as vexp.
template <class V>
inline V vexp_falling(V x) {
    using M = detail::MathsOf<V>;
    const auto [n, r] = detail::reduce_exp(vmax(broadcast<V>(M::exp_low), x));
    return detail::scale_down((r + r * r * M::exp_tail(r)) + 1, n);
}

template <class V>
inline V vexpm1(V x) {
    using M = detail::MathsOf<V>;
    const V result = detail::expm1_in_range(vmax(broadcast<V>(M::expm1_low), vmin(broadcast<V>(M::exp_high), x)));
    return vabs(x) < std::numeric_limits<lane_t<V>>::epsilon() / 4 ? x : result;
}

// 1 / (1 + e^-x), as e^x / (1 + e^x) where x < 0: e^-|x| never overflows.
template <class V>
inline V vsigmoid(V x) {
    const V e = vexp_falling(-vabs(x));
    return (x < 0 ? e : broadcast<V>(1)) / (e + 1);
}

// With e = exp(2|x|) - 1: tanh |x| = e / (e + 2).
template <class V>
inline V vtanh(V x) {
    const V magnitude = vmin(broadcast<V>(detail::MathsOf<V>::tanh_one), vabs(x));
    const V e = detail::expm1_in_range(magnitude + magnitude);
    return vcopysign(e / (e + 2), x);
}

// ---- logarithms ----

template <class V>
inline V vlog(V x) {
    using M = detail::MathsOf<V>;
    const auto denormal = x < std::numeric_limits<lane_t<V>>::min();
    const auto [k, f] = detail::reduce_log(denormal ? x * M::denormal_scale : x);
    const V exponent = denormal ? k - M::denormal_shift : k;
    return detail::with_limits_of_log(detail::log_reduced(exponent, f, V{}), x);
}

// u = 1 + x rounded; what was rounded away, c, comes back as log(u + c) = log u + c/u.
template <class V>
inline V vlog1p(V x) {
    const V u = x + 1;
    const V c = x > 1 ? 1 - (u - x) : x - (u - 1);
    const auto [k, reduced] = detail::reduce_log(u);
    const auto near_one = k == 0;
    const V f = near_one ? x : reduced;
    const V correction = near_one ? V{} : c / u;
    const V result = detail::with_limits_of_log(detail::log_reduced(k, f, correction), u);
    return vabs(x) < std::numeric_limits<lane_t<V>>::epsilon() / 4 ? x : result;
}

namespace detail {

// log(1 + u) = 2 atanh(s) for u in [0, 1], with s = u/(2 + u) <= 1/3, and 2s = u - su.
template <class V>
inline V log_of_one_plus(V u) {
    const V s = u / (u + 2);
    const V z = s * s;
    return u - s * (u - z * MathsOf<V>::wide_log_tail(z));
}

}  // namespace detail

// log(1 + e^x) = max(x, 0) + log(1 + u) with u = e^-|x|.
template <class V>
inline V vsoftplus(V x) {
    const V u = vexp_falling(-vabs(x));
    return vmax(V{}, x) + detail::log_of_one_plus(u);
}

// The same, and its slope σ(x) = 1/(1 + u) for x >= 0, u/(1 + u) below.
template <class V>
inline V vsoftplus(V x, V& slope) {
    const V u = vexp_falling(-vabs(x));
    slope = (x < 0 ? u : broadcast<V>(1)) / (u + 1);
    return vmax(V{}, x) + detail::log_of_one_plus(u);
}

}  // namespace mmlcore
