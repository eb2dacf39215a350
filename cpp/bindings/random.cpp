#include "kernels/random.h"

#include <cmath>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// y from x of the same size, with the generator's key and the number of the draw.
template <class Run>
void draw_into(const char* function, py::array& y, const py::array& x, py::array& draw, Run&& run) {
    dispatch(function, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> out(function, "y", y);
        if (x.size() != out.size())
            throw_value(function, "x", "of " + std::to_string(out.size()) + " elements (as y)", shape_text(x));
        const Input<T> in(function, "x", x);
        const std::int64_t* number = counter(function, "draw", draw);
        submit(random_ns(out.size()), [=, y = out.data(), x = in.data(), n = out.size()] { run(y, x, number, n); });
    });
}

void bind_dropout(py::array y, const py::array& x, double rate, std::uint64_t key, py::array draw) {
    if (!(rate >= 0 && rate < 1)) throw_value("dropout", "rate", "in [0, 1)", std::to_string(rate));
    draw_into("dropout", y, x, draw, [=](auto* y, const auto* x, const std::int64_t* number, ptrdiff_t n) {
        dropout(y, x, rate, key, number, n);
    });
}

void bind_add_noise(py::array y, const py::array& x, double stddev, std::uint64_t key, py::array draw) {
    draw_into("add_noise", y, x, draw, [=](auto* y, const auto* x, const std::int64_t* number, ptrdiff_t n) {
        add_noise(y, x, stddev, key, number, n);
    });
}

// y filled with draws of a distribution with two parameters.
template <class Run>
void fill_with(const char* function, py::array& y, py::array& draw, Run&& run) {
    dispatch(function, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> out(function, "y", y);
        const std::int64_t* number = counter(function, "draw", draw);
        submit(5.0 * static_cast<double>(out.size()), [=, y = out.data(), n = out.size()] { run(y, number, n); });
    });
}

void bind_random_normal(py::array y, double loc, double scale, std::uint64_t key, py::array draw) {
    fill_with("random_normal", y, draw,
              [=](auto* y, const std::int64_t* number, ptrdiff_t n) { random_normal(y, loc, scale, key, number, n); });
}

void bind_random_uniform(py::array y, double low, double high, std::uint64_t key, py::array draw) {
    if (!std::isfinite(high - low)) throw_value("random_uniform", "high - low", "finite", std::to_string(high - low));
    if (!(low < high))
        throw_value("random_uniform", "high", "above low = " + std::to_string(low), std::to_string(high));
    fill_with("random_uniform", y, draw,
              [=](auto* y, const std::int64_t* number, ptrdiff_t n) { random_uniform(y, low, high, key, number, n); });
}

py::tuple bind_philox(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3, std::uint64_t key) {
    const std::uint32_t counter[4] = {c0, c1, c2, c3};
    std::uint32_t out[4];
    philox4x32(out, counter, key);
    return py::make_tuple(out[0], out[1], out[2], out[3]);
}

}  // namespace

void bind_random(py::module_& m) {
    m.def("dropout", &bind_dropout, array("y"), array("x"), py::arg("rate"), py::arg("key"), array("draw"),
          "y = x/(1 - rate) where the draw keeps an element, else 0");
    m.def("add_noise", &bind_add_noise, array("y"), array("x"), py::arg("stddev"), py::arg("key"), array("draw"),
          "y = x + stddev z with z standard normal");
    m.def("random_normal", &bind_random_normal, array("y"), py::arg("loc"), py::arg("scale"), py::arg("key"),
          array("draw"), "y = loc + scale z, z standard normal by the inverse distribution function");
    m.def("random_uniform", &bind_random_uniform, array("y"), py::arg("low"), py::arg("high"), py::arg("key"),
          array("draw"), "y uniform on (low, high)");
    m.def("philox4x32", &bind_philox, py::arg("c0"), py::arg("c1"), py::arg("c2"), py::arg("c3"), py::arg("key"),
          "The four words of Philox4x32-10 for a counter and a key.");
}

}  // namespace mmlcore::bindings
