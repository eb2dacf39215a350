// For every operation of kernels/pairwise.h op_grad(dz, z, x, y, which), and log(e^x + e^y). They return new arrays and
// answer NotImplemented to all but the common case: arrays of one shape and dtype, and numbers.

#include "kernels/pairwise.h"

#include <optional>

#include "bindings/answers.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// The dtype and shape that the arrays among the arguments share; of numbers alone, float64 and ().
class Common {
  public:
    // False for what is neither a float32 or float64 array like those before nor a number.
    bool admits(py::handle x) {
        if (PyFloat_Check(x.ptr()) || PyLong_CheckExact(x.ptr())) return true;
        if (!is_plain_array(x)) return false;
        const auto a = py::reinterpret_borrow<py::array>(x);
        const Dtype its = dtype_of(a);
        if (its == Dtype::other) return false;
        if (first_) return its == dtype && same_shape(a, *first_);
        dtype = its;
        first_ = a;
        return true;
    }

    py::array result() const { return first_ ? new_like(*first_, dtype) : new_array(Dtype::float64, nullptr, 0); }

    Dtype dtype = Dtype::float64;

  private:
    std::optional<py::array> first_;
};

// An argument as the loops take it; no value for an array of other strides. `number` is where a number is put.
template <class T>
std::optional<Stepped<T>> stepped(py::handle x, T& number) {
    if (!is_plain_array(x)) {
        const double value = PyFloat_AsDouble(x.ptr());
        if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
        number = static_cast<T>(value);
        return Stepped<T>{&number, 0};
    }
    const auto a = py::reinterpret_borrow<py::array>(x);
    if (is_contiguous(a)) return Stepped<T>{static_cast<const T*>(a.data()), 1};
    bool constant = a.size() > 0 && reinterpret_cast<std::size_t>(a.data()) % sizeof(T) == 0;
    for (ptrdiff_t axis = 0; constant && axis < a.ndim(); ++axis) constant = a.strides(axis) == 0 || a.shape(axis) == 1;
    if (!constant) return std::nullopt;
    return Stepped<T>{static_cast<const T*>(a.data()), 0};
}

template <class T>
py::object backward(size_t op, const Common& common, py::handle dz, py::handle z, py::handle x, py::handle y,
                    int which) {
    T numbers[4];
    const auto dz_in = stepped<T>(dz, numbers[0]), z_in = stepped<T>(z, numbers[1]);
    const auto x_in = stepped<T>(x, numbers[2]), y_in = stepped<T>(y, numbers[3]);
    if (!dz_in || !z_in || !x_in || !y_in) return not_implemented();
    const PairKernel<T>& kernel = pair_kernels<T>()[op];
    py::array dx, dy;
    if (which != 1) dx = common.result();
    if (which != 0) dy = common.result();
    auto* to_x = which != 1 ? static_cast<T*>(dx.mutable_data()) : nullptr;
    auto* to_y = which != 0 ? static_cast<T*>(dy.mutable_data()) : nullptr;
    const ptrdiff_t n = which == 1 ? dy.size() : dx.size();
    // No recording is made here, so the numbers need not outlive the call.
    run_now((which == 2 ? 2 : 1) * n * kernel.ns, [&] { kernel.backward(to_x, to_y, *dz_in, *x_in, *y_in, *z_in, n); });
    if (which == 2) return py::make_tuple(finished(dx), finished(dy));
    return finished(which == 0 ? dx : dy);
}

py::object gradients(size_t op, py::handle dz, py::handle z, py::handle x, py::handle y, int which) {
    Common common;
    if (recording_now() || which < 0 || which > 2 || !common.admits(dz) || !common.admits(z) || !common.admits(x) ||
        !common.admits(y))
        return not_implemented();
    return common.dtype == Dtype::float32 ? backward<float>(op, common, dz, z, x, y, which)
                                          : backward<double>(op, common, dz, z, x, y, which);
}

template <class T>
py::object sum_of_exponentials(const Common& common, py::handle x, py::handle y) {
    T numbers[2];
    const auto x_in = stepped<T>(x, numbers[0]), y_in = stepped<T>(y, numbers[1]);
    if (!x_in || !y_in) return not_implemented();
    py::array z = common.result();
    const ptrdiff_t n = z.size();
    run_now(n * 2.0, [&, to = static_cast<T*>(z.mutable_data())] { logaddexp<T>(to, *x_in, *y_in, n); });
    return finished(z);
}

py::object log_add_exp(py::handle x, py::handle y) {
    Common common;
    if (recording_now() || !common.admits(x) || !common.admits(y)) return not_implemented();
    return common.dtype == Dtype::float32 ? sum_of_exponentials<float>(common, x, y)
                                          : sum_of_exponentials<double>(common, x, y);
}

void softplus_with_slope(py::array& y, py::array& slope, const py::array& x) {
    const char* function = "softplus_and_slope";
    dispatch(function, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> out(function, "y", y), sigmoid(function, "slope", slope);
        const Input<T> in(function, "x", x);
        const ptrdiff_t n = out.size();
        if (sigmoid.size() != n) throw_value(function, "slope", "as large as y", shape_text(slope));
        if (in.size() != n) throw_value(function, "x", "as large as y", shape_text(x));
        require_apart(function, "slope", slope, {x, y});
        submit(n * 2.0, [out = out.data(), sigmoid = sigmoid.data(), in = in.data(), n] {
            softplus_and_slope<T>(out, sigmoid, in, n);
        });
    });
}

}  // namespace

void bind_pairwise(py::module_& m) {
    const auto& kernels = pair_kernels<float>();
    for (size_t op = 0; op < kernels.size(); ++op)
        m.def((std::string(kernels[op].name) + "_grad").c_str(),
              [op](py::handle dz, py::handle z, py::handle x, py::handle y, int which) {
                  return gradients(op, dz, z, x, y, which);
              },
              py::arg("dz"), py::arg("z"), py::arg("x"), py::arg("y"), py::arg("which"),
              ("The gradients of z = " + std::string(kernels[op].name) +
               "(x, y): by x (which = 0), by y (1) or both (2); NotImplemented for all but arrays of one shape and "
               "dtype, and numbers.")
                  .c_str());
    m.def("logaddexp", &log_add_exp, py::arg("x"), py::arg("y"),
          "log(e^x + e^y); NotImplemented for all but arrays of one shape and dtype, and numbers.");
    m.def("softplus_and_slope", &softplus_with_slope, py::arg("y").noconvert(), py::arg("slope").noconvert(),
          py::arg("x").noconvert(), "y = log(1 + e^x), slope = σ(x).");
}

}  // namespace mmlcore::bindings
