#include "kernels/normalization.h"

#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

using Optional = std::optional<py::array>;

struct Shape {
    ptrdiff_t n, c;
    Shape(const char* function, const py::array& x) {
        require_ndim(function, "x", x, 2);
        n = x.shape(0);
        c = x.shape(1);
    }
};

template <class T>
const T* read(const char* function, const char* argument, const Optional& a, ptrdiff_t size) {
    return a ? Input<T>(function, argument, *a, {size}).data() : nullptr;
}

// A copy would be gone when the kernel runs: vectors must be contiguous as they are.
void require_whole(const char* function, const char* argument, const Optional& a) {
    if (a && !is_contiguous(*a)) throw_value(function, argument, "C-contiguous", "other strides");
}

void bind_batch_norm(py::array y, py::array mean, py::array rstd, Optional moving_mean, Optional moving_variance,
                     const py::array& x, const Optional& gamma, const Optional& beta, double epsilon, double momentum) {
    constexpr const char* f = "batch_norm";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Shape s(f, x);
        if (s.n == 0) throw_value(f, "x", "at least one row", shape_text(x));
        const Output<T> Y(f, "y", y, {s.n, s.c}), M(f, "mean", mean, {s.c}), R(f, "rstd", rstd, {s.c});
        const Input<T> X(f, "x", x);
        require_whole(f, "gamma", gamma);
        require_whole(f, "beta", beta);
        if (moving_mean.has_value() != moving_variance.has_value())
            throw_value(f, "moving_variance", "given with moving_mean", "one of the two");
        submit(norm_ns<T>(s.n, s.c), [=, y = Y.data(), m = M.data(), r = R.data(), x = X.data(),
                                      mm = optional_output<T>(f, "moving_mean", moving_mean, {s.c}),
                                      mv = optional_output<T>(f, "moving_variance", moving_variance, {s.c}),
                                      g = read<T>(f, "gamma", gamma, s.c), b = read<T>(f, "beta", beta, s.c)] {
            batch_norm(y, m, r, mm, mv, x, g, b, epsilon, momentum, s.n, s.c);
        });
    });
}

void bind_layer_norm(py::array y, py::array mean, py::array rstd, const py::array& x, const Optional& gamma,
                     const Optional& beta, double epsilon) {
    constexpr const char* f = "layer_norm";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Shape s(f, x);
        if (s.n > 0 && s.c == 0) throw_value(f, "x", "at least one column", shape_text(x));
        const Output<T> Y(f, "y", y, {s.n, s.c}), M(f, "mean", mean, {s.n}), R(f, "rstd", rstd, {s.n});
        const Input<T> X(f, "x", x);
        require_whole(f, "gamma", gamma);
        require_whole(f, "beta", beta);
        submit(norm_ns<T>(s.n, s.c),
               [=, y = Y.data(), m = M.data(), r = R.data(), x = X.data(), g = read<T>(f, "gamma", gamma, s.c),
                b = read<T>(f, "beta", beta, s.c)] { layer_norm(y, m, r, x, g, b, epsilon, s.n, s.c); });
    });
}

// The two backward kernels differ in what mean and rstd belong to: columns or rows.
void backward(const char* f, bool columns, Optional& dx, Optional& dgamma, Optional& dbeta, const py::array& dy,
              const py::array& x, const py::array& mean, const py::array& rstd, const Optional& gamma) {
    dispatch(f, "dy", dy, [&](auto zero) {
        using T = decltype(zero);
        const Shape s(f, x);
        const ptrdiff_t groups = columns ? s.c : s.n;
        const Input<T> dY(f, "dy", dy, {s.n, s.c}), X(f, "x", x);
        const Input<T> M(f, "mean", mean, {groups}), R(f, "rstd", rstd, {groups});
        require_whole(f, "gamma", gamma);
        submit(norm_ns<T>(s.n, s.c),
               [=, run = columns ? &batch_norm_backward<T> : &layer_norm_backward<T>,
                dx = optional_output<T>(f, "dx", dx, {s.n, s.c}), dg = optional_output<T>(f, "dgamma", dgamma, {s.c}),
                db = optional_output<T>(f, "dbeta", dbeta, {s.c}), dy = dY.data(), x = X.data(), m = M.data(),
                r = R.data(), g = read<T>(f, "gamma", gamma, s.c)] { run(dx, dg, db, dy, x, m, r, g, s.n, s.c); });
    });
}

void bind_normalize(py::array y, const py::array& x, const py::array& mean, const py::array& variance,
                    const Optional& gamma, const Optional& beta, double epsilon) {
    constexpr const char* f = "normalize";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Shape s(f, x);
        const Output<T> Y(f, "y", y, {s.n, s.c});
        const Input<T> X(f, "x", x), M(f, "mean", mean, {s.c}), W(f, "variance", variance, {s.c});
        require_whole(f, "gamma", gamma);
        require_whole(f, "beta", beta);
        submit(norm_ns<T>(s.n, s.c),
               [=, y = Y.data(), x = X.data(), m = M.data(), v = W.data(), g = read<T>(f, "gamma", gamma, s.c),
                b = read<T>(f, "beta", beta, s.c)] { normalize(y, x, m, v, g, b, epsilon, s.n, s.c); });
    });
}

}  // namespace

void bind_normalization(py::module_& m) {
    m.def("batch_norm", &bind_batch_norm, array("y"), array("mean"), array("rstd"), array("moving_mean").none(true),
          array("moving_variance").none(true), array("x"), array("gamma").none(true), array("beta").none(true),
          py::arg("epsilon"), py::arg("momentum"), "y = gamma (x - mean) rstd + beta over the rows of x");
    m.def("normalize", &bind_normalize, array("y"), array("x"), array("mean"), array("variance"),
          array("gamma").none(true), array("beta").none(true), py::arg("epsilon"),
          "y = gamma (x - mean)/sqrt(variance + epsilon) + beta");
    m.def("layer_norm", &bind_layer_norm, array("y"), array("mean"), array("rstd"), array("x"),
          array("gamma").none(true), array("beta").none(true), py::arg("epsilon"),
          "y = gamma (x - mean) rstd + beta in each row of x");
    for (const bool columns : {true, false}) {
        const char* name = columns ? "batch_norm_grad" : "layer_norm_grad";
        m.def(
            name,
            [name, columns](Optional dx, Optional dgamma, Optional dbeta, const py::array& dy, const py::array& x,
                            const py::array& mean, const py::array& rstd, const Optional& gamma) {
                backward(name, columns, dx, dgamma, dbeta, dy, x, mean, rstd, gamma);
            },
            array("dx").none(true), array("dgamma").none(true), array("dbeta").none(true), array("dy"), array("x"),
            array("mean"), array("rstd"), array("gamma").none(true),
            "The gradients, given those of y and what the way forward wrote");
    }
}

}  // namespace mmlcore::bindings
