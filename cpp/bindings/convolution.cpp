#include "kernels/convolution.h"

#include <algorithm>
#include <optional>

#include "bindings/activations.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/images.h"
#include "bindings/submit.h"
#include "kernels/pooled_convolution.h"

namespace mmlcore::bindings {
namespace {

constexpr ptrdiff_t kMostStep = ptrdiff_t{1} << 20;
constexpr ptrdiff_t kMostOfWindow = ptrdiff_t{1} << 30;  // numbers, gaps included

// What x (or dx), w, the number of filters and the extents of y say about the convolution, checked against each other.
ConvShape shape_of(const char* f, const py::array& x, ptrdiff_t filters, const Extent& out, const py::array& w,
                   const Window& window) {
    require_ndim(f, "x", x, 5);
    require_ndim(f, "w", w, 5);
    ConvShape s{};
    s.layout = window.layout;
    s.n = x.shape(0);
    s.channels = channels_of(x, s.layout);
    s.filters = filters;
    s.in = extent_of(x, s.layout);
    s.out = out;
    s.groups = window.groups;
    if (s.groups < 1 || s.channels % s.groups != 0 || s.filters % s.groups != 0)
        throw_value(f, "groups", "a divisor of the channels of x and of y", std::to_string(s.groups));
    for (int a = 0; a < 3; ++a) {
        s.kernel[a] = w.shape(a);
        s.stride[a] = require_between(f, "stride", window.stride[a], 1, kMostStep);
        s.dilation[a] = require_between(f, "dilation", window.dilation[a], 1, kMostStep);
        s.before[a] = require_between(f, "before", window.before[a], 0, kMostStep);
        require_between(f, "w's extent", s.kernel[a], 1, kMostExtent);
        require_between(f, "x's extent", s.in[a], 0, kMostExtent);
        require_between(f, "y's extent", s.out[a], 0, kMostExtent);
        ptrdiff_t reach, steps, size;
        if (__builtin_mul_overflow(s.kernel[a] - 1, s.dilation[a], &reach) ||
            __builtin_mul_overflow(s.out[a], s.stride[a], &steps) || __builtin_add_overflow(reach, steps, &size) ||
            size > (ptrdiff_t{1} << 48))
            throw_value(f, "dilation", "such that the kernel's reach can be counted", std::to_string(s.dilation[a]));
    }
    const ptrdiff_t window_size =
        product_of_sizes({(s.kernel[0] - 1) * s.dilation[0] + 1, (s.kernel[1] - 1) * s.dilation[1] + 1,
                          (s.kernel[2] - 1) * s.dilation[2] + 1, std::max({s.channels, s.filters, ptrdiff_t{1}})});
    if (window_size > kMostOfWindow)
        throw_value(f, "dilation", "such that a window spans at most 2^30 numbers", std::to_string(window_size));
    require_shape(f, "w", w, {s.kernel[0], s.kernel[1], s.kernel[2], s.depth(), s.filters});
    return s;
}

ConvShape shape_of(const char* f, const py::array& x, const py::array& y, const py::array& w, const Window& window) {
    require_ndim(f, "y", y, 5);
    const ConvShape s = shape_of(f, x, channels_of(y, window.layout), extent_of(y, window.layout), w, window);
    if (y.shape(0) != s.n) throw_value(f, "y", "of as many images as x", shape_text(y));
    return s;
}

// The same from p (or dp), the largest of the windows of a y of extents `out`.
ConvShape pooled_shape_of(const char* f, const py::array& x, const py::array& p, const Extent& out, const py::array& w,
                          const Window& window) {
    require_ndim(f, "p", p, 5);
    if (window.layout != Layout::channels_last) throw_value(f, "window", "channels last", "channels first");
    const ConvShape s = shape_of(f, x, p.shape(4), out, w, window);
    if (s.in[0] != 1 || s.out[0] != 1) throw_value(f, "x", "pictures: of extent 1 along axis 1", shape_text(x));
    require_shape(f, "p", p, {s.n, 1, s.out[1] / 2, s.out[2] / 2, s.filters});
    return s;
}

// The numbers of the windows' largest elements, which have p's shape.
const std::uint8_t* numbers_of(const char* f, const py::array& numbers, const py::array& p) {
    note_use(numbers);
    require_shape(f, "numbers", numbers, {p.shape(0), p.shape(1), p.shape(2), p.shape(3), p.shape(4)});
    if (!is_contiguous(numbers)) throw_value(f, "numbers", "C-contiguous", "other strides");
    if (!numbers.dtype().is(py::dtype::of<std::uint8_t>()))
        throw_type(f, "numbers", "uint8", std::string(py::str(numbers.dtype())));
    return static_cast<const std::uint8_t*>(numbers.data());
}

// Activations whose slope is written in y.
Activation simple_activation(const char* f, int code) {
    const Activation activation = activation_of(f, code);
    if (slope_needs_z(activation))
        throw_value(f, "activation", "one whose slope is written in y", std::to_string(code));
    return activation;
}

// y, which is needed for the slope of the activation, if there is one.
template <class T>
const T* saved(const char* f, const py::object& y, const py::array& dy, Activation activation) {
    if (y.is_none() && activation != Activation::linear) throw_type(f, "y", "an array", "none, with an activation");
    if (y.is_none()) return nullptr;
    const py::array array = require_array(f, "y", y);
    if (activation == Activation::linear) return nullptr;
    require_ndim(f, "y", array, 5);
    return whole<T>(f, "y", array, {dy.shape(0), dy.shape(1), dy.shape(2), dy.shape(3), dy.shape(4)});
}

void forward(py::array y, const py::array& x, const py::array& w, const py::object& bias, const Window& window,
             int activation) {
    constexpr const char* f = "conv_forward";
    dispatch(f, "y", y, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = shape_of(f, x, y, w, window);
        const Output<T> Y(f, "y", y);
        const T *xs = whole<T>(f, "x", x), *ws = whole<T>(f, "w", w);
        const T* b = bias.is_none() ? nullptr : whole<T>(f, "bias", require_array(f, "bias", bias), {s.filters});
        const Activation act = simple_activation(f, activation);
        require_apart(f, "y", y, {x, w, bias});
        submit(conv_cost_ns(s), [=, to = Y.data()] { conv_forward<T>(to, xs, ws, b, act, s); });
    });
}

void input_gradient(py::array dx, const py::array& dy, const py::array& w, const py::object& y, const Window& window,
                    int activation) {
    constexpr const char* f = "conv_input_gradient";
    dispatch(f, "dx", dx, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = shape_of(f, dx, dy, w, window);
        const Output<T> dX(f, "dx", dx);
        const T *dys = whole<T>(f, "dy", dy), *ws = whole<T>(f, "w", w);
        const Activation act = simple_activation(f, activation);
        const T* ys = saved<T>(f, y, dy, act);
        require_apart(f, "dx", dx, {dy, w, y});
        submit(conv_cost_ns(s), [=, to = dX.data()] { conv_input_gradient<T>(to, dys, ws, ys, act, s); });
    });
}

void filter_gradient(py::array dw, const py::object& db, const py::array& x, const py::array& dy, const py::object& y,
                     const Window& window, int activation) {
    constexpr const char* f = "conv_filter_gradient";
    dispatch(f, "dw", dw, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = shape_of(f, x, dy, dw, window);
        const Output<T> dW(f, "dw", dw);
        T* to_b = optional_output<T>(f, "db", db, {s.filters});
        const T *xs = whole<T>(f, "x", x), *dys = whole<T>(f, "dy", dy);
        const Activation act = simple_activation(f, activation);
        const T* ys = saved<T>(f, y, dy, act);
        require_apart(f, "dw", dw, {db, x, dy, y});
        require_apart(f, "db", db, {x, dy, y});
        submit(conv_cost_ns(s), [=, to = dW.data()] { conv_filter_gradient<T>(to, to_b, xs, dys, ys, act, s); });
    });
}

void pooled_forward(py::array p, const std::optional<py::array>& numbers, const py::array& x, const py::array& w,
                    const py::object& bias, const Extent& out, const Window& window) {
    constexpr const char* f = "pooled_conv_forward";
    dispatch(f, "p", p, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = pooled_shape_of(f, x, p, out, w, window);
        const Output<T> P(f, "p", p);
        const T *xs = whole<T>(f, "x", x), *ws = whole<T>(f, "w", w);
        const T* b = bias.is_none() ? nullptr : whole<T>(f, "bias", require_array(f, "bias", bias), {s.filters});
        std::uint8_t* which = nullptr;
        if (numbers) {
            require_writeable(f, "numbers", *numbers);
            require_apart(f, "numbers", *numbers, {p, x, w, bias});
            which = const_cast<std::uint8_t*>(numbers_of(f, *numbers, p));
        }
        require_apart(f, "p", p, {x, w, bias});
        submit(conv_cost_ns(s), [=, to = P.data()] { pooled_conv_forward<T>(to, which, xs, ws, b, s); });
    });
}

void pooled_input_gradient(py::array dx, const py::array& dp, const py::array& numbers, const py::array& w,
                           const Extent& out, const Window& window) {
    constexpr const char* f = "pooled_conv_input_gradient";
    dispatch(f, "dx", dx, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = pooled_shape_of(f, dx, dp, out, w, window);
        const Output<T> dX(f, "dx", dx);
        const T *dps = whole<T>(f, "dp", dp), *ws = whole<T>(f, "w", w);
        const std::uint8_t* which = numbers_of(f, numbers, dp);
        require_apart(f, "dx", dx, {dp, w, numbers});
        submit(conv_cost_ns(s), [=, to = dX.data()] { pooled_conv_input_gradient<T>(to, dps, which, ws, s); });
    });
}

void pooled_filter_gradient(py::array dw, const py::object& db, const py::array& x, const py::array& dp,
                            const py::array& numbers, const Extent& out, const Window& window) {
    constexpr const char* f = "pooled_conv_filter_gradient";
    dispatch(f, "dw", dw, [&](auto type) {
        using T = decltype(type);
        const ConvShape s = pooled_shape_of(f, x, dp, out, dw, window);
        const Output<T> dW(f, "dw", dw);
        T* to_b = optional_output<T>(f, "db", db, {s.filters});
        const T *xs = whole<T>(f, "x", x), *dps = whole<T>(f, "dp", dp);
        const std::uint8_t* which = numbers_of(f, numbers, dp);
        require_apart(f, "dw", dw, {db, x, dp, numbers});
        require_apart(f, "db", db, {x, dp, numbers});
        submit(conv_cost_ns(s), [=, to = dW.data()] { pooled_conv_filter_gradient<T>(to, to_b, xs, dps, which, s); });
    });
}

}  // namespace

void bind_convolution(py::module_& m) {
    py::class_<Window>(m, "Window", plain_type(), "How a window moves over images: three numbers each, axis by axis.")
        .def(py::init([](const Extent& stride, const Extent& dilation, const Extent& before, ptrdiff_t groups,
                         bool channels_first) {
                 const Layout layout = channels_first ? Layout::channels_first : Layout::channels_last;
                 return Window{stride, dilation, before, groups, layout};
             }),
             py::arg("stride"), py::arg("dilation"), py::arg("before"), py::arg("groups") = 1,
             py::arg("channels_first") = false);
    m.def("conv_forward", &forward, py::arg("y"), py::arg("x"), py::arg("w"), py::arg("bias"), py::arg("window"),
          py::arg("activation") = 0,
          "y = activation(the correlation of x with w, + bias): images of five dimensions, channels last unless the "
          "window says otherwise; w (kernel's three extents, channels / groups, filters); bias may be None.");
    m.def("conv_input_gradient", &input_gradient, py::arg("dx"), py::arg("dy"), py::arg("w"), py::arg("y"),
          py::arg("window"), py::arg("activation") = 0,
          "The gradient of conv_forward with respect to x; y may be None for the linear activation.");
    m.def("conv_filter_gradient", &filter_gradient, py::arg("dw"), py::arg("db"), py::arg("x"), py::arg("dy"),
          py::arg("y"), py::arg("window"), py::arg("activation") = 0,
          "The gradients of conv_forward with respect to w and bias; db may be None.");
    m.def("pooled_conv_forward", &pooled_forward, py::arg("p"), py::arg("numbers"), py::arg("x"), py::arg("w"),
          py::arg("bias"), py::arg("out"), py::arg("window"),
          "p = the largest of max(0, the correlation of x with w, + bias) in 2×2 windows; channels last, pictures "
          "(n, 1, rows, columns, channels). out: the correlation's extents. numbers (uint8, or None): which element "
          "of its window was the largest, 4 where none is positive.");
    m.def("pooled_conv_input_gradient", &pooled_input_gradient, py::arg("dx"), py::arg("dp"), py::arg("numbers"),
          py::arg("w"), py::arg("out"), py::arg("window"), "The gradient of pooled_conv_forward with respect to x.");
    m.def("pooled_conv_filter_gradient", &pooled_filter_gradient, py::arg("dw"), py::arg("db"), py::arg("x"),
          py::arg("dp"), py::arg("numbers"), py::arg("out"), py::arg("window"),
          "The gradients of pooled_conv_forward with respect to w and bias; db may be None.");
}

}  // namespace mmlcore::bindings
