// Two functions for every operation of kernels/elementwise.h: op(y, x) and op_grad(dx, dy, x, y).

#include "kernels/elementwise.h"

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
    }
    m.attr("UNARY") = names;
}

}  // namespace mmlcore::bindings
