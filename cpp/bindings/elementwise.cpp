// For every operation of kernels/elementwise.h op(y, x) and op_grad(dx, dy, x, y), which write into the caller's
// arrays, and op_of(x) and op_back(dy, kept), which return new ones: what is differentiated is often small.

#include "kernels/elementwise.h"

#include "bindings/answers.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

void require_same_size(const char* function, const char* argument, ptrdiff_t size, const py::array& a) {
    if (a.size() != size)
        throw_value(function, argument, "of " + std::to_string(size) + " elements (as the first array)", shape_text(a));
}

void forward(size_t op, py::array& y, const py::array& x) {
    const char* function = unary_kernels<float>()[op].name;
    dispatch(function, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const UnaryKernel<T>& kernel = unary_kernels<T>()[op];
        const Output<T> out(function, "y", y);
        require_same_size(function, "x", out.size(), x);
        const Input<T> in(function, "x", x);

        const ptrdiff_t n = out.size();
        submit(n * kernel.ns, [f = kernel.forward, out = out.data(), in = in.data(), n] { f(out, in, n); });
    });
}

void backward(size_t op, const char* function, py::array& dx, const py::array& dy, const py::array& x,
              const py::array& y) {
    dispatch(function, "dx", dx, [&](auto zero) {
        using T = decltype(zero);
        const UnaryKernel<T>& kernel = unary_kernels<T>()[op];
        const Output<T> out(function, "dx", dx);
        require_same_size(function, "dy", out.size(), dy);
        require_same_size(function, "x", out.size(), x);
        require_same_size(function, "y", out.size(), y);
        const Input<T> dy_in(function, "dy", dy), x_in(function, "x", x), y_in(function, "y", y);

        const ptrdiff_t n = out.size();
        submit(n * kernel.ns, [f = kernel.backward, out = out.data(), dy = dy_in.data(), x = x_in.data(),
                               y = y_in.data(), n] { f(out, dy, x, y, n); });
    });
}

// ---- new arrays ----

template <class T>
py::object forward_new(const UnaryKernel<T>& kernel, const py::array& x, Dtype dtype) {
    const py::array in = contiguous(x);
    py::array y = new_like(x, dtype);
    const ptrdiff_t n = y.size();
    run_now(n * kernel.ns, [f = kernel.forward, to = static_cast<T*>(y.mutable_data()),
                            from = static_cast<const T*>(in.data()), n] { f(to, from, n); });
    return finished(y);
}

py::object forward_of(size_t op, py::handle x) {
    if (recording_now()) return not_implemented();
    if (PyFloat_Check(x.ptr())) {  // numpy.float64 included
        const double in = PyFloat_AS_DOUBLE(x.ptr());
        double out;
        unary_kernels<double>()[op].forward(&out, &in, 1);
        return number(out);
    }
    if (!is_plain_array(x)) return not_implemented();
    const auto a = py::reinterpret_borrow<py::array>(x);
    const Dtype dtype = dtype_of(a);
    if (dtype == Dtype::other) return not_implemented();
    return dtype == Dtype::float32 ? forward_new(unary_kernels<float>()[op], a, dtype)
                                   : forward_new(unary_kernels<double>()[op], a, dtype);
}

template <class T>
py::object backward_new(const UnaryKernel<T>& kernel, const py::array& dy, const py::array& kept, Dtype dtype) {
    const py::array dy_in = contiguous(dy), kept_in = contiguous(kept);
    py::array dx = new_like(dy, dtype);
    const ptrdiff_t n = dx.size();
    const auto *g = static_cast<const T*>(dy_in.data()), *at = static_cast<const T*>(kept_in.data());
    run_now(n * kernel.ns, [=, f = kernel.backward, to = static_cast<T*>(dx.mutable_data())] { f(to, g, at, at, n); });
    return finished(dx);
}

// `kept` is x or y, whichever the derivative is made from.
py::object backward_of(size_t op, py::handle dy, py::handle kept) {
    if (recording_now()) return not_implemented();
    if (PyFloat_Check(dy.ptr()) && PyFloat_Check(kept.ptr())) {
        const double g = PyFloat_AS_DOUBLE(dy.ptr()), at = PyFloat_AS_DOUBLE(kept.ptr());
        double out;
        unary_kernels<double>()[op].backward(&out, &g, &at, &at, 1);
        return number(out);
    }
    if (!is_plain_array(dy) || !is_plain_array(kept)) return not_implemented();
    const auto g = py::reinterpret_borrow<py::array>(dy), at = py::reinterpret_borrow<py::array>(kept);
    const Dtype dtype = dtype_of(g);
    if (dtype == Dtype::other || dtype_of(at) != dtype || !same_shape(g, at)) return not_implemented();
    return dtype == Dtype::float32 ? backward_new(unary_kernels<float>()[op], g, at, dtype)
                                   : backward_new(unary_kernels<double>()[op], g, at, dtype);
}

void bind_new(py::module_& m, size_t op, const std::string& name) {
    const std::string rest = "; NotImplemented for all but float32 and float64 arrays, and floats.";
    m.def((name + "_of").c_str(), [op](py::handle x) { return forward_of(op, x); }, py::arg("x"),
          (name + "(x)" + rest).c_str());
    m.def((name + "_back").c_str(), [op](py::handle dy, py::handle kept) { return backward_of(op, dy, kept); },
          py::arg("dy"), py::arg("kept"),
          ("dy " + name + "'(x), kept being that of x and y = " + name + "(x) which the derivative is made from" + rest)
              .c_str());
}

}  // namespace

void bind_elementwise(py::module_& m) {
    const auto& kernels = unary_kernels<float>();
    py::tuple names(kernels.size());
    for (size_t op = 0; op < kernels.size(); ++op) {
        const std::string name = kernels[op].name;
        names[op] = name;
        m.def(
            name.c_str(), [op](py::array y, const py::array& x) { forward(op, y, x); }, py::arg("y").noconvert(),
            py::arg("x").noconvert(), ("y = " + name + "(x)").c_str());
        m.def((name + "_grad").c_str(),
              [op, function = name + "_grad"](py::array dx, const py::array& dy, const py::array& x,
                                              const py::array& y) { backward(op, function.c_str(), dx, dy, x, y); },
              py::arg("dx").noconvert(), py::arg("dy").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(),
              ("dx = dy " + name + "'(x), where y = " + name + "(x)").c_str());
        bind_new(m, op, name);
    }
    m.attr("UNARY") = names;
}

}  // namespace mmlcore::bindings
