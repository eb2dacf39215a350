// sin and cos over V = Vec<float> or Vec<double>: at most 2.5 units in the last place for every x.
//
// x = n π/2 + r with |r| <= π/4, π/2 in three or four parts so short that n times all but the last is exact
// (Cody and Waite), then a polynomial in r² that minimises the largest error (Remez exchange). A vector with
// a lane beyond `limit` goes through the standard library, lane by lane.
#pragma once

#include <cmath>

#include "kernels/math.h"
#include "kernels/simd.h"

namespace mmlcore {
namespace detail {

template <class T>
struct Trigonometry;

template <>
struct Trigonometry<float> {
    static constexpr float limit = 8192;
    static constexpr float two_over_pi = 0.636619747f;
    template <class V>
    static V reduce(V x, V n) {
        return (((x - n * 0x1.92p+0f) - n * 0x1.fb4p-12f) - n * 0x1.444p-24f) - n * 0x1.68c234p-39f;
    }
    // (sin(r)/r - 1)/z for z = r²; error of the sine: 2^-28
    template <class V>
    static V sin_tail(V z) {
        return polynomial(z, -0.166666552f, 0.00833216961f, -0.000195160421f);
    }
    // (cos(r) - 1 + z/2)/z²; error of the cosine: 2^-33
    template <class V>
    static V cos_tail(V z) {
        return polynomial(z, 0.0416666456f, -0.0013887356f, 2.44371095e-05f);
    }
};

template <>
struct Trigonometry<double> {
    static constexpr double limit = 0x1p20;
    static constexpr double two_over_pi = 0.63661977236758134;
    template <class V>
    static V reduce(V x, V n) {
        return ((x - n * 0x1.921fb544p+0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
    }
    // Error of the sine: 2^-58
    template <class V>
    static V sin_tail(V z) {
        return polynomial(z, -0.16666666666666632, 0.0083333333333222188, -0.00019841269829641849,
                          2.7557313631389846e-06, -2.505074822572261e-08, 1.5896200632542502e-10);
    }
    // Error of the cosine: 2^-64
    template <class V>
    static V cos_tail(V z) {
        return polynomial(z, 0.041666666666666602, -0.0013888888888873962, 2.4801587289362221e-05,
                          -2.7557314313263815e-07, 2.0875717452553671e-09, -1.135932333711484e-11);
    }
};

template <class V>
inline bool all_below(V x, lane_t<V> limit) {
    const auto below = x < limit;
    std::uint64_t words[sizeof below / 8];
    std::memcpy(words, &below, sizeof below);
    std::uint64_t all = words[0];
    for (std::uint64_t word : words) all &= word;
    return all == ~std::uint64_t{0};
}

// sin(magnitude + quarters π/2) for magnitude in [0, limit).
template <class V>
inline V sin_of_magnitude(V magnitude, int quarters) {
    using Trig = Trigonometry<lane_t<V>>;
    using Word = lane_t<BitsOf<V>>;
    const V shifted = magnitude * Trig::two_over_pi + MathsOf<V>::round_magic;  // n in the low bits
    const V r = Trig::reduce(magnitude, shifted - MathsOf<V>::round_magic);
    const BitsOf<V> quadrant = bits(shifted) + Word(quarters);

    const V z = r * r;
    const V sine = r + r * (z * Trig::sin_tail(z));
    const V cosine = 1 - z * (lane_t<V>(0.5) - z * Trig::cos_tail(z));

    const V result = (quadrant & 1) == 0 ? sine : cosine;
    const BitsOf<V> negative = (quadrant & 2) << (8 * sizeof(Word) - 2);
    return from_bits<V>(bits(result) ^ negative);
}

}  // namespace detail

template <class V>
inline V vsin(V x) {
    const V magnitude = vabs(x);
    if (!detail::all_below(magnitude, detail::Trigonometry<lane_t<V>>::limit)) {
        for (int i = 0; i < lanes<V>; ++i) x[i] = std::sin(x[i]);
        return x;
    }
    return from_bits<V>(bits(detail::sin_of_magnitude(magnitude, 0)) ^ sign_bit(x));
}

template <class V>
inline V vcos(V x) {
    const V magnitude = vabs(x);
    if (!detail::all_below(magnitude, detail::Trigonometry<lane_t<V>>::limit)) {
        for (int i = 0; i < lanes<V>; ++i) x[i] = std::cos(x[i]);
        return x;
    }
    return detail::sin_of_magnitude(magnitude, 1);
}

}  // namespace mmlcore
