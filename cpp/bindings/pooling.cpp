#include "kernels/pooling.h"

#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/images.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

PoolShape shape_of(const char* f, const py::array& x, const py::array& y, const Extent& kernel, const Window& window) {
    require_ndim(f, "x", x, 5);
    require_ndim(f, "y", y, 5);
    PoolShape s{x.shape(0),
                channels_of(x, window.layout),
                extent_of(x, window.layout),
                extent_of(y, window.layout),
                kernel,
                window.stride,
                window.before,
                window.layout};
    for (int a = 0; a < 3; ++a) {
        require_between(f, "kernel", s.kernel[a], 1, 1 << 20);
        require_between(f, "stride", s.stride[a], 1, kMostExtent);
        require_between(f, "before", s.before[a], 0, kMostExtent);
        require_between(f, "x's extent", s.in[a], 0, kMostExtent);
        require_between(f, "y's extent", s.out[a], 0, kMostExtent);
        if (window.dilation[a] != 1) throw_value(f, "dilation", "1", std::to_string(window.dilation[a]));
    }
    if (product_of_sizes({s.kernel[0], s.kernel[1], s.kernel[2]}) > 1 << 20)
        throw_value(
            f, "kernel", "of at most 2^20 elements",
            std::to_string(s.kernel[0]) + " × " + std::to_string(s.kernel[1]) + " × " + std::to_string(s.kernel[2]));
    const Extent& e = s.out;
    if (s.layout == Layout::channels_last)
        require_shape(f, "y", y, {s.n, e[0], e[1], e[2], s.channels});
    else
        require_shape(f, "y", y, {s.n, s.channels, e[0], e[1], e[2]});
    return s;
}

// Calls g(pointer) for the numbers of the largest elements, which the windows' size decides the type of.
template <class Use>
void with_numbers(const char* f, const py::array& numbers, const PoolShape& s, Use&& use) {
    const bool small = volume(s.kernel) <= 255;
    note_use(numbers);
    require_shape(f, "numbers", numbers, {s.n, s.out[0], s.out[1], s.out[2], s.channels});
    if (!is_contiguous(numbers)) throw_value(f, "numbers", "C-contiguous", "other strides");
    if (small ? !numbers.dtype().is(py::dtype::of<std::uint8_t>()) : !numbers.dtype().is(py::dtype::of<std::int32_t>()))
        throw_type(f, "numbers", small ? "uint8" : "int32 (windows of more than 255 elements)",
                   std::string(py::str(numbers.dtype())));
    if (small)
        use(static_cast<const std::uint8_t*>(numbers.data()));
    else
        use(static_cast<const std::int32_t*>(numbers.data()));
}

void bind_max_pool(py::array y, const std::optional<py::array>& numbers, const py::array& x, const Extent& kernel,
                   const Window& window, bool rectified) {
    constexpr const char* f = "max_pool";
    dispatch(f, "y", y, [&](auto type) {
        using T = decltype(type);
        const PoolShape s = shape_of(f, x, y, kernel, window);
        const Output<T> Y(f, "y", y);
        const T* xs = whole<T>(f, "x", x);
        require_apart(f, "y", y, {x});
        const auto run = [&](auto* which) {
            auto* to = const_cast<std::remove_const_t<std::remove_pointer_t<decltype(which)>>*>(which);
            submit(pool_cost_ns<T>(s), [=, ys = Y.data()] { max_pool(ys, to, xs, rectified, s); });
        };
        if (!numbers) return run(static_cast<const std::uint8_t*>(nullptr));
        require_writeable(f, "numbers", *numbers);
        require_apart(f, "numbers", *numbers, {x, y});
        with_numbers(f, *numbers, s, run);
    });
}

void bind_max_pool_gradient(py::array dx, const py::array& dy, const py::array& numbers, const Extent& kernel,
                            const Window& window) {
    constexpr const char* f = "max_pool_gradient";
    dispatch(f, "dx", dx, [&](auto type) {
        using T = decltype(type);
        const PoolShape s = shape_of(f, dx, dy, kernel, window);
        const Output<T> dX(f, "dx", dx);
        const T* g = whole<T>(f, "dy", dy);
        require_apart(f, "dx", dx, {dy, numbers});
        with_numbers(f, numbers, s, [&](auto* which) {
            submit(pool_cost_ns<T>(s), [=, to = dX.data()] { max_pool_gradient(to, g, which, s); });
        });
    });
}

void bind_max_pool_select(py::array y, const py::array& x, const py::array& numbers, const Extent& kernel,
                          const Window& window) {
    constexpr const char* f = "max_pool_select";
    dispatch(f, "y", y, [&](auto type) {
        using T = decltype(type);
        const PoolShape s = shape_of(f, x, y, kernel, window);
        const Output<T> Y(f, "y", y);
        const T* xs = whole<T>(f, "x", x);
        require_apart(f, "y", y, {x, numbers});
        with_numbers(f, numbers, s, [&](auto* which) {
            submit(pool_cost_ns<T>(s), [=, to = Y.data()] { max_pool_select(to, xs, which, s); });
        });
    });
}

void bind_average_pool(py::array y, const py::array& x, const Extent& kernel, const Window& window, bool mean) {
    constexpr const char* f = "average_pool";
    dispatch(f, "y", y, [&](auto type) {
        using T = decltype(type);
        const PoolShape s = shape_of(f, x, y, kernel, window);
        const Output<T> Y(f, "y", y);
        const T* xs = whole<T>(f, "x", x);
        require_apart(f, "y", y, {x});
        submit(pool_cost_ns<T>(s), [=, to = Y.data()] { average_pool(to, xs, mean, s); });
    });
}

void bind_average_pool_gradient(py::array dx, const py::array& dy, const Extent& kernel, const Window& window,
                                bool mean) {
    constexpr const char* f = "average_pool_gradient";
    dispatch(f, "dx", dx, [&](auto type) {
        using T = decltype(type);
        const PoolShape s = shape_of(f, dx, dy, kernel, window);
        const Output<T> dX(f, "dx", dx);
        const T* g = whole<T>(f, "dy", dy);
        require_apart(f, "dx", dx, {dy});
        submit(pool_cost_ns<T>(s), [=, to = dX.data()] { average_pool_gradient(to, g, mean, s); });
    });
}

}  // namespace

void bind_pooling(py::module_& m) {
    m.def("max_pool", &bind_max_pool, py::arg("y"), py::arg("numbers"), py::arg("x"), py::arg("kernel"),
          py::arg("window"), py::arg("rectified") = false,
          "y = the largest of each window, numbers = which element that is: uint8 (int32 above 255 elements), always "
          "channels last, or None. rectified: of max(x, 0), with the number behind the last element where nothing is "
          "positive.");
    m.def("max_pool_gradient", &bind_max_pool_gradient, py::arg("dx"), py::arg("dy"), py::arg("numbers"),
          py::arg("kernel"), py::arg("window"), "Every dy to where its window's largest element was.");
    m.def("max_pool_select", &bind_max_pool_select, py::arg("y"), py::arg("x"), py::arg("numbers"), py::arg("kernel"),
          py::arg("window"), "The elements of x at the numbers: the transpose of max_pool_gradient.");
    m.def("average_pool", &bind_average_pool, py::arg("y"), py::arg("x"), py::arg("kernel"), py::arg("window"),
          py::arg("mean") = true, "y = the mean, or the sum, of what each window holds of x.");
    m.def("average_pool_gradient", &bind_average_pool_gradient, py::arg("dx"), py::arg("dy"), py::arg("kernel"),
          py::arg("window"), py::arg("mean") = true, "The gradient of average_pool.");
}

}  // namespace mmlcore::bindings
