// Slopes of element-wise functions of two numbers, z = f(x, y)  =>  dx = dz ∂f/∂x, dy = dz ∂f/∂y.
//
// To add one: write a struct with its name, by_x(x, y, z) and by_y(x, y, z), and put it in PairOps; the loops, the
// table and the Python bindings come from the list. `ns` estimates the time of one float32, in nanoseconds.
#pragma once

#include <cmath>

#include "kernels/math.h"
#include "kernels/simd.h"

namespace mmlcore {

// x - y, and 0 where both are the same infinity.
template <class V>
inline V gap(V x, V y) {
    return x == y ? V{} : x - y;
}

// Where both are equal each gets half; neither anything of a NaN.
template <class V>
struct Maximum {
    static constexpr const char* name = "maximum";
    static constexpr double ns = 0.3;
    static V by_x(V x, V y, V) { return x > y ? broadcast<V>(1) : (x == y ? broadcast<V>(0.5) : V{}); }
    static V by_y(V x, V y, V z) { return by_x(y, x, z); }
};

template <class V>
struct Minimum {
    static constexpr const char* name = "minimum";
    static constexpr double ns = 0.3;
    static V by_x(V x, V y, V z) { return Maximum<V>::by_x(y, x, z); }
    static V by_y(V x, V y, V z) { return Maximum<V>::by_x(x, y, z); }
};

// A NaN loses.
template <class V>
struct FMax {
    static constexpr const char* name = "fmax";
    static constexpr double ns = 0.4;
    static V by_x(V x, V y, V z) { return x == x ? (y == y ? Maximum<V>::by_x(x, y, z) : broadcast<V>(1)) : V{}; }
    static V by_y(V x, V y, V z) { return by_x(y, x, z); }
};

template <class V>
struct FMin {
    static constexpr const char* name = "fmin";
    static constexpr double ns = 0.4;
    static V by_x(V x, V y, V z) { return FMax<V>::by_x(-x, -y, z); }
    static V by_y(V x, V y, V z) { return FMax<V>::by_x(-y, -x, z); }
};

// z = √(x² + y²): x/z and y/z, 0 at the origin.
template <class V>
struct Hypot {
    static constexpr const char* name = "hypot";
    static constexpr double ns = 0.5;
    static V by_x(V x, V, V z) { return x / (z == 0 ? broadcast<V>(1) : z); }
    static V by_y(V, V y, V z) { return y / (z == 0 ? broadcast<V>(1) : z); }
};

// z = arctan(x / y) in the right quadrant.
template <class V>
struct Arctan2 {
    static constexpr const char* name = "arctan2";
    static constexpr double ns = 0.5;
    static V by_x(V x, V y, V) { return y / (x * x + y * y); }
    static V by_y(V x, V y, V) { return -x / (x * x + y * y); }
};

// z = log(e^x + e^y): σ(x - y) and σ(y - x).
template <class V>
struct LogAddExp {
    static constexpr const char* name = "logaddexp";
    static constexpr double ns = 1;
    static V by_x(V x, V y, V) { return vsigmoid(gap(x, y)); }
    static V by_y(V x, V y, V) { return vsigmoid(gap(y, x)); }
};

// z = log2(2^x + 2^y), the same to another base.
template <class V>
struct LogAddExp2 {
    static constexpr const char* name = "logaddexp2";
    static constexpr double ns = 1;
    static V by_x(V x, V y, V) { return vsigmoid(gap(x, y) * lane_t<V>(0.693147180559945309417)); }
    static V by_y(V x, V y, V z) { return by_x(y, x, z); }
};

// z = x^y: y x^(y-1), where 0 · 0^(-1) is 0; z log x, where 0^y log 0 is 0 for y > 0.
template <class V>
struct Power {
    using T = lane_t<V>;
    static constexpr const char* name = "power";
    static constexpr double ns = 5;
    static V by_x(V x, V y, V) {
        V slope;
        for (int i = 0; i < lanes<V>; ++i) slope[i] = y[i] == 0 ? 0 : y[i] * raised(x[i], y[i] - 1);
        return slope;
    }
    static V by_y(V x, V y, V z) {
        const V base = x == 0 ? (y > 0 ? broadcast<V>(1) : x) : x;
        return z * vlog(base);
    }

  private:
    static T raised(T x, T y) { return y == 1 ? x : y == 2 ? x * x : std::pow(x, y); }
};

template <template <class> class... Ops>
struct PairList {};

using PairOps = PairList<Maximum, Minimum, FMax, FMin, Hypot, Arctan2, LogAddExp, LogAddExp2, Power>;

}  // namespace mmlcore
