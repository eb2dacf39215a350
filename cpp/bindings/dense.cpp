#include "kernels/dense.h"

#include "bindings/activations.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

void bind_dense_forward(py::array y, const py::array& x, const py::array& w, const py::object& bias, int activation,
                        const py::object& z) {
    dispatch("dense_forward", "y", y, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> X("dense_forward", "x", x), W("dense_forward", "w", w);
        const ptrdiff_t n = X.rows(), in = X.cols(), out = W.cols();
        if (W.rows() != in)
            throw_value("dense_forward", "w", "of " + std::to_string(in) + " rows (the columns of x)",
                        std::to_string(W.rows()) + " rows");
        const Output<T> Y("dense_forward", "y", y, {n, out});
        const OptionalInput<T> bias_values("dense_forward", "bias", bias, {out});
        T* to_z = optional_output<T>("dense_forward", "z", z, {n, out});
        const Activation act = activation_of("dense_forward", activation);
        require_apart("dense_forward", "y", y, {x, w, bias, z});
        require_apart("dense_forward", "z", z, {x, w, bias});
        submit(gemm_cost_ns(n, out, in), [=, to = Y.data(), xs = X.view(), ws = W.view(), b = bias_values.data()] {
            dense_forward<T>(to, to_z, xs, ws, b, act, n, in, out);
        });
    });
}

void bind_dense_backward(const py::object& dx, py::array dw, const py::object& db, const py::array& dy,
                         const py::array& x, const py::array& w, const py::array& saved, int activation) {
    constexpr const char* name = "dense_backward";
    dispatch(name, "dw", dw, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> X(name, "x", x), W(name, "w", w);
        const ptrdiff_t n = X.rows(), in = X.cols(), out = W.cols();
        if (W.rows() != in)
            throw_value(name, "w", "of " + std::to_string(in) + " rows (the columns of x)",
                        std::to_string(W.rows()) + " rows");
        const Input<T> dY(name, "dy", dy, {n, out}), Saved(name, "saved", saved, {n, out});
        T* to_x = optional_output<T>(name, "dx", dx, {n, in});
        const Output<T> to_w(name, "dw", dw, {in, out});
        T* to_b = optional_output<T>(name, "db", db, {out});
        const Activation act = activation_of(name, activation);
        require_apart(name, "dw", dw, {dx, db, dy, x, w, saved});
        require_apart(name, "dx", dx, {db, dy, x, w, saved});
        require_apart(name, "db", db, {dy, x, w, saved});
        submit(2 * gemm_cost_ns(n, out, in),
               [=, dw_ = to_w.data(), dy_ = dY.data(), xs = X.view(), ws = W.view(), saved_ = Saved.data()] {
                   dense_backward<T>(to_x, dw_, to_b, dy_, xs, ws, saved_, act, n, in, out);
               });
    });
}

}  // namespace

void bind_dense(py::module_& m) {
    constexpr const char* names[kActivations] = {"linear",   "relu", "sigmoid", "tanh",
                                                 "softplus", "elu",  "gelu",    "silu"};
    py::dict activations;
    py::set needs_z;
    for (int code = 0; code < kActivations; ++code) {
        activations[names[code]] = code;
        if (slope_needs_z(static_cast<Activation>(code))) needs_z.add(names[code]);
    }
    m.attr("ACTIVATIONS") = activations;
    m.attr("SLOPE_NEEDS_Z") = py::frozenset(needs_z);

    m.def("dense_forward", &bind_dense_forward, py::arg("y"), py::arg("x"), py::arg("w"), py::arg("bias"),
          py::arg("activation"), py::arg("z") = py::none(), "z = x @ w + bias, y = activation(z); z may be None.");
    m.def("dense_backward", &bind_dense_backward, py::arg("dx"), py::arg("dw"), py::arg("db"), py::arg("dy"),
          py::arg("x"), py::arg("w"), py::arg("saved"), py::arg("activation"),
          "The three gradients of y = activation(z), z = x @ w + bias, given dy and y (z for SLOPE_NEEDS_Z); dx and db "
          "may be None.");
}

}  // namespace mmlcore::bindings
