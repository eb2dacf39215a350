// The standard normal distribution, vectorised: Φ, the distribution function, and φ, the density.
//
//   Φ(-a) = ½ erfc(x),  x = a / √2 ≥ 0,  erfc(x) = e^(-x²) (1 + 2x)⁻¹ P(t),  t = (x - 3) / (x + 3)
//
// P is the Chebyshev expansion of (1 + 2x) e^(x²) erfc(x) on -1 ≤ t ≤ 1, of degree 11 in float and 22 in double: the
// variable and the factor of M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x
// in 0 ≤ x < ∞", Mathematics of Computation 36 (1981). Error in units of the last place: 12 + a² at -a.
#pragma once

#include "kernels/math.h"

namespace mmlcore {

namespace detail {

template <class V>
inline V scaled_erfc(V t) {
    if constexpr (sizeof(lane_t<V>) == 4)
        return polynomial<V>(t, 1.253008056f, -0.1356210694f, -0.04756215693f, 0.1296441143f, -0.1192752753f,
                             0.06831656777f, -0.02376357644f, 0.00249911687f, 0.001875079124f, -0.000726453679f,
                             -9.254516687e-5f, 7.731024224e-5f);
    else
        return polynomial<V>(
            t, 1.25300805826972955, -0.13562110612457575, -0.0475622943534203791, 0.129645158702283467,
            -0.119273663416760023, 0.0683080273563839702, -0.0237705148915300752, 0.00252939166720517231,
            0.0018886900977441495, -0.000779831279729015846, -0.000105158312978131278, 0.000125095310762545336,
            4.94412434222364842e-6, -0.0000200899978332842677, -7.18788383440404024e-7, 3.45429477027772563e-6,
            3.36697908064047241e-7, -5.96398362552263758e-7, -1.20541422864871236e-7, 8.76588141173007612e-8,
            2.78438812654922361e-8, -7.64196289258900895e-9, -3.18135414349502296e-9);
}

}  // namespace detail

template <class V>
inline V vnormal_cdf(V z) {
    using T = lane_t<V>;
    const V a = vabs(z);
    const V x = vmin(broadcast<V>(T(1e4)), a) * T(0.70710678118654752440);
    const V reciprocal = 1 / ((x + 3) * (x + x + 1));
    const V t = (x - 3) * (x + x + 1) * reciprocal;
    const V tail = T(0.5) * vexp(T(-0.5) * a * a) * detail::scaled_erfc(t) * ((x + 3) * reciprocal);
    return z < 0 ? tail : 1 - tail;  // NaN came through vexp
}

template <class V>
inline V vnormal_pdf(V z) {
    using T = lane_t<V>;
    return T(0.39894228040143267794) * vexp(T(-0.5) * z * z);
}

}  // namespace mmlcore
