// Two functions for every loss of kernels/losses.h: <name>_loss(loss, p, t, c, scale) and
// <name>_loss_grad(dp, p, t, g, c, scale). p and t are seen as rows of `loss`'s number.

#include "kernels/losses.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/linear_loss.h"

namespace mmlcore::bindings {
namespace {

// p and t as (n, k) for n losses.
ptrdiff_t terms_of(const char* function, const py::array& p, const py::array& t, ptrdiff_t n) {
    if (p.size() != t.size())
        throw_value(function, "t", "of " + std::to_string(p.size()) + " elements (as p)", shape_text(t));
    if (n == 0 ? p.size() != 0 : p.size() % n != 0)
        throw_value(function, "p", "a multiple of " + std::to_string(n) + " elements", shape_text(p));
    return n ? p.size() / n : 0;
}

void forward(size_t loss, const char* function, py::array& out, const py::array& p, const py::array& t, double c,
             double scale) {
    dispatch(function, "loss", out, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> to(function, "loss", out);
        const ptrdiff_t n = to.size(), k = terms_of(function, p, t, n);
        const Input<T> predicted(function, "p", p), target(function, "t", t);
        submit(loss_ns<T>(n, k),
               [=, run = loss_kernels<T>()[loss].forward, to = to.data(), p = predicted.data(), t = target.data()] {
                   run(to, p, t, static_cast<T>(c), static_cast<T>(scale), n, k);
               });
    });
}

void backward(size_t loss, const char* function, py::array& dp, const py::array& p, const py::array& t,
              const py::array& g, double c, double scale) {
    dispatch(function, "dp", dp, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> to(function, "dp", dp);
        const ptrdiff_t n = g.size(), k = terms_of(function, p, t, n);
        if (p.size() != to.size())
            throw_value(function, "p", "of " + std::to_string(to.size()) + " elements (as dp)", shape_text(p));
        const Input<T> predicted(function, "p", p), target(function, "t", t), gradient(function, "g", g);
        submit(loss_ns<T>(n, k),
               [=, run = loss_kernels<T>()[loss].backward, to = to.data(), p = predicted.data(), t = target.data(),
                g = gradient.data()] { run(to, p, t, g, static_cast<T>(c), static_cast<T>(scale), n, k); });
    });
}

void linear_logistic(py::array& out, py::array& gradient, const py::array& x, const py::array& y, const py::array& w) {
    const char* function = "linear_logistic_loss";
    dispatch(function, "loss", out, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(function, "x", x, 2);
        const ptrdiff_t n = x.shape(0), d = x.shape(1);
        const Output<T> to(function, "loss", out, {}), slope(function, "gradient", gradient, {d});
        const Input<T> rows(function, "x", x), signs(function, "y", y, {n}), weights(function, "w", w, {d});
        require_apart(function, "gradient", gradient, {x, y, w});
        submit(logistic_loss_ns(n, d), [=, to = to.data(), slope = slope.data(), x = rows.data(), y = signs.data(),
                                        w = weights.data()] { logistic_loss(to, slope, x, y, w, n, d); });
    });
}

}  // namespace

void bind_losses(py::module_& m) {
    const auto& kernels = loss_kernels<float>();
    py::tuple names(kernels.size());
    for (size_t loss = 0; loss < kernels.size(); ++loss) {
        const std::string name = kernels[loss].name, call = name + "_loss", grad = name + "_loss_grad";
        names[loss] = name;
        m.def(
            call.c_str(),
            [loss, call](py::array out, const py::array& p, const py::array& t, double c, double scale) {
                forward(loss, call.c_str(), out, p, t, c, scale);
            },
            array("loss"), array("p"), array("t"), py::arg("c"), py::arg("scale"),
            ("loss_i = scale times the sum of " + name + " over row i").c_str());
        m.def(
            grad.c_str(),
            [loss, grad](py::array dp, const py::array& p, const py::array& t, const py::array& g, double c,
                         double scale) { backward(loss, grad.c_str(), dp, p, t, g, c, scale); },
            array("dp"), array("p"), array("t"), array("g"), py::arg("c"), py::arg("scale"),
            ("dp_ij = g_i scale times the derivative of " + name + " with respect to p_ij").c_str());
    }
    m.def(
        "linear_logistic_loss",
        [](py::array out, py::array gradient, const py::array& x, const py::array& y, const py::array& w) {
            linear_logistic(out, gradient, x, y, w);
        },
        array("loss"), array("gradient"), array("x"), array("y"), array("w"),
        "loss = the mean of log(1 + exp(-y_i x_i.w)), and its gradient by w, in one pass over x");
    m.attr("POINTWISE_LOSSES") = names;
}

}  // namespace mmlcore::bindings
