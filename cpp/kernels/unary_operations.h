// The element-wise operations y = f(x) and their derivatives.
//
// To add one: write a struct with its name, forward(x) and grad(x, y), and put it in UnaryOps. The parallel
// loops, the table and the Python bindings come from the list. `ns` estimates forward's time for one float32,
// in nanoseconds.
//
//   V is Vec<float> or Vec<double>.  forward(x) = f(x).  grad(x, y) = f'(x), where y = f(x) may be used
//   instead of x. f(NaN) is NaN. Where f has a kink (absolute, sign and relu at 0) the derivative is 0.
#pragma once

#include "kernels/activation_functions.h"
#include "kernels/erf.h"
#include "kernels/math.h"
#include "kernels/normal_tails.h"
#include "kernels/simd.h"
#include "kernels/trigonometric.h"

namespace mmlcore {

template <class V>
struct Exp {
    static constexpr const char* name = "exp";
    static constexpr double ns = 0.3;
    static V forward(V x) { return vexp(x); }
    static V grad(V, V y) { return y; }
};

template <class V>
struct Expm1 {
    static constexpr const char* name = "expm1";
    static constexpr double ns = 0.6;
    static V forward(V x) { return vexpm1(x); }
    // y + 1 would cancel for x far below 0.
    static V grad(V x, V) { return vexp(x); }
};

template <class V>
struct Log {
    static constexpr const char* name = "log";
    static constexpr double ns = 0.5;
    static V forward(V x) { return vlog(x); }
    static V grad(V x, V) { return 1 / x; }
};

template <class V>
struct Log1p {
    static constexpr const char* name = "log1p";
    static constexpr double ns = 0.7;
    static V forward(V x) { return vlog1p(x); }
    static V grad(V x, V) { return 1 / (x + 1); }
};

template <class V>
struct Sqrt {
    static constexpr const char* name = "sqrt";
    static constexpr double ns = 0.3;
    static V forward(V x) { return vsqrt(x); }
    static V grad(V, V y) { return lane_t<V>(0.5) / y; }
};

template <class V>
struct Square {
    static constexpr const char* name = "square";
    static constexpr double ns = 0.2;
    static V forward(V x) { return x * x; }
    static V grad(V x, V) { return x + x; }
};

template <class V>
struct Reciprocal {
    static constexpr const char* name = "reciprocal";
    static constexpr double ns = 0.3;
    static V forward(V x) { return 1 / x; }
    static V grad(V, V y) { return -(y * y); }
};

template <class V>
struct Negative {
    static constexpr const char* name = "negative";
    static constexpr double ns = 0.2;
    static V forward(V x) { return -x; }
    static V grad(V, V) { return broadcast<V>(-1); }
};

template <class V>
struct Sign {
    static constexpr const char* name = "sign";
    static constexpr double ns = 0.2;
    static V forward(V x) { return x > 0 ? broadcast<V>(1) : (x < 0 ? broadcast<V>(-1) : x); }
    static V grad(V x, V) { return x == x ? V{} : x; }
};

template <class V>
struct Absolute {
    static constexpr const char* name = "absolute";
    static constexpr double ns = 0.2;
    static V forward(V x) { return vabs(x); }
    static V grad(V x, V) { return Sign<V>::forward(x); }
};

template <class V>
struct Sin {
    static constexpr const char* name = "sin";
    static constexpr double ns = 0.8;
    static V forward(V x) { return vsin(x); }
    static V grad(V x, V) { return vcos(x); }
};

template <class V>
struct Cos {
    static constexpr const char* name = "cos";
    static constexpr double ns = 0.8;
    static V forward(V x) { return vcos(x); }
    static V grad(V x, V) { return -vsin(x); }
};

template <class V>
struct Tanh {
    static constexpr const char* name = "tanh";
    static constexpr double ns = 0.5;
    static V forward(V x) { return vtanh(x); }
    static V grad(V, V y) { return 1 - y * y; }
};

template <class V>
struct Sigmoid {
    static constexpr const char* name = "sigmoid";
    static constexpr double ns = 0.5;
    static V forward(V x) { return vsigmoid(x); }
    static V grad(V, V y) { return y * (1 - y); }
};

template <class V>
struct Relu {
    static constexpr const char* name = "relu";
    static constexpr double ns = 0.2;
    static V forward(V x) { return vmax(V{}, x); }
    static V grad(V x, V) { return x > 0 ? broadcast<V>(1) : (x == x ? V{} : x); }
};

template <class V>
struct Softplus {
    static constexpr const char* name = "softplus";
    static constexpr double ns = 1;
    static V forward(V x) { return vsoftplus(x); }
    static V grad(V x, V) { return vsigmoid(x); }
};

template <class V>
struct Elu {
    static constexpr const char* name = "elu";
    static constexpr double ns = 0.7;
    static V forward(V x) { return activated(x, Activation::elu); }
    static V grad(V x, V) { return x > 0 ? broadcast<V>(1) : vexp(x); }
};

// λ x for x > 0, otherwise λ α (eˣ - 1). Klambauer et al. (2017), (2) with the constants of (14).
template <class V>
struct Selu {
    static constexpr const char* name = "selu";
    static constexpr double ns = 0.7;
    static constexpr auto lambda = lane_t<V>(1.0507009873554805), alpha = lane_t<V>(1.6732632423543772);
    static V forward(V x) { return lambda * (x > 0 ? x : alpha * vexpm1(x)); }
    static V grad(V x, V) { return x > 0 ? broadcast<V>(lambda) : (lambda * alpha) * vexp(x); }
};

template <class V>
struct Gelu {
    static constexpr const char* name = "gelu";
    static constexpr double ns = 1.5;
    static V forward(V x) { return activated(x, Activation::gelu); }
    static V grad(V x, V) { return slope(x, Activation::gelu); }
};

template <class V>
struct Silu {
    static constexpr const char* name = "silu";
    static constexpr double ns = 0.6;
    static V forward(V x) { return activated(x, Activation::silu); }
    static V grad(V x, V) { return slope(x, Activation::silu); }
};

template <class V>
struct NormalCdf {
    static constexpr const char* name = "normal_cdf";
    static constexpr double ns = 1.5;
    static V forward(V x) { return vnormal_cdf(x); }
    static V grad(V x, V) { return vnormal_pdf(x); }
};

template <class V>
struct NormalLogcdf {
    static constexpr const char* name = "normal_logcdf";
    static constexpr double ns = 2.5;
    static V forward(V x) { return vnormal_logcdf(x); }
    static V grad(V x, V) { return vnormal_hazard(x); }
};

template <class V>
struct NormalPpf {
    static constexpr const char* name = "normal_ppf";
    static constexpr double ns = 2;
    static V forward(V x) { return vnormal_ppf(x); }
    static V grad(V, V y) { return lane_t<V>(2.5066282746310005024) * vexp(lane_t<V>(0.5) * y * y); }
};

template <class V>
struct Erf {
    static constexpr const char* name = "erf";
    static constexpr double ns = 2.5;
    static V forward(V x) { return verf(x); }
    static V grad(V x, V) { return verf_slope(x); }
};

template <class V>
struct Erfc {
    static constexpr const char* name = "erfc";
    static constexpr double ns = 2;
    static V forward(V x) { return verfc(x); }
    static V grad(V x, V) { return -verf_slope(x); }
};

template <class V>
struct Erfinv {
    static constexpr const char* name = "erfinv";
    static constexpr double ns = 2.5;
    static V forward(V x) { return verfinv(x); }
    static V grad(V, V y) { return lane_t<V>(0.88622692545275801365) * vexp(y * y); }
};

template <template <class> class... Ops>
struct OpList {};

using UnaryOps =
    OpList<Exp, Expm1, Log, Log1p, Sqrt, Square, Reciprocal, Negative, Absolute, Sign, Sin, Cos, Tanh, Sigmoid, Relu,
           Softplus, Elu, Gelu, Silu, NormalCdf, Selu, NormalLogcdf, NormalPpf, Erf, Erfc, Erfinv>;

}  // namespace mmlcore
