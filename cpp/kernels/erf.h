// The error function, its complement and its inverse, vectorised.
//
//   erfc(x) = e^(-x²) (1 + 2x)⁻¹ P(t)           for x ≥ 0, with t and P of kernels/normal.h; erfc(-x) = 2 - erfc(x)
//   erf(x) = x + x P(x²) / Q(x²)                for |x| < 0.84375, as in fdlibm (Sun Microsystems, 1993; s_erf.c)
//   erf(x) = ±(1 - erfc(|x|))                   further out
//   erf⁻¹(y) = Φ⁻¹((1 + y) / 2) / √2            by the quotients of kernels/normal_tails.h, in y / 2 and (1 - |y|) / 2
//
// e^(-x²) is e^(-h²) e^(-(x - h)(x + h)), where h is x without the lower half of its bits, so that h² is exact.
// Error in units of the last place: erf 3, erfc 16, erf⁻¹ 10 for double and 16 for float.
#pragma once

#include "kernels/normal_tails.h"

namespace mmlcore {

namespace detail {

// e^(-x²) to the last bits for 0 ≤ x ≤ 30.
template <class V>
inline V exp_of_minus_square(V x) {
    constexpr int lower = sizeof(lane_t<V>) == 4 ? 12 : 27;
    const V high = from_bits<V>((bits(x) >> lower) << lower);
    const V rest = (high - x) * (x + high);  // above -0.1
    return vexp(-high * high) *
           polynomial<V>(rest, 1, 1, 0.5f, lane_t<V>(1) / 6, lane_t<V>(1) / 24, lane_t<V>(1) / 120);
}

// erfc(a) for a ≥ 0.
template <class V>
inline V upper_erfc(V a) {
    const V x = vmin(broadcast<V>(30), a);
    return exp_of_minus_square(x) * scaled_erfc((x - 3) / (x + 3)) / (x + x + 1);
}

}  // namespace detail

template <class V>
inline V verfc(V x) {
    const V tail = detail::upper_erfc(vabs(x));
    return x == x ? (x < 0 ? 2 - tail : tail) : x;
}

template <class V>
inline V verf(V x) {
    const V square = vmin(broadcast<V>(1), x * x);
    const V above =
        polynomial<V>(square, 1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
                      -5.77027029648944159157e-03, -2.37630166566501626084e-05);
    const V below = polynomial<V>(square, 1, 3.97917223959155352819e-01, 6.50222499887672944485e-02,
                                  5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06);
    const V far = vcopysign(1 - detail::upper_erfc(vabs(x)), x);
    return x == x ? (vabs(x) < lane_t<V>(0.84375) ? x + x * (above / below) : far) : x;
}

// ∓∞ at ∓1, NaN beyond.
template <class V>
inline V verfinv(V y) {
    using T = lane_t<V>;
    const V a = vabs(y), smaller = T(0.5) - T(0.5) * a;
    const V inside = detail::central_normal_ppf(T(0.5) * y);
    const V outside = vcopysign(detail::tail_normal_ppf(smaller), y);
    const V limit = a == 1 ? vcopysign(broadcast<V>(std::numeric_limits<T>::infinity()), y)
                           : broadcast<V>(std::numeric_limits<T>::quiet_NaN());
    return T(0.70710678118654752440) * (a <= T(0.85) ? inside : (smaller > 0 ? outside : limit));
}

// 2/√π e^(-x²), the derivative of erf.
template <class V>
inline V verf_slope(V x) {
    const V e = detail::exp_of_minus_square(vmin(broadcast<V>(30), vabs(x)));
    return lane_t<V>(1.12837916709551257390) * (x == x ? e : x);
}

}  // namespace mmlcore
