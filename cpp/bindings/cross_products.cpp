#include "kernels/cross_products.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

void bind_products(py::array s, const py::array& x, const py::array& y, const py::object& weights,
                   const py::array& shift) {
    const char* name = "cross_products";
    dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Matrix<T> X(name, "x", x), Y(name, "y", y);
        const ptrdiff_t n = X.rows(), d = X.cols(), k = Y.cols(), p = d + k + 1;
        if (Y.rows() != n) throw_value(name, "y", "of " + std::to_string(n) + " rows", shape_text(y));
        const Output<double> S(name, "s", s, {p, p});
        require_apart(name, "s", s, {x, y, weights, shift});
        const OptionalInput<T> W(name, "weights", weights, {n});
        const Input<T> Shift(name, "shift", shift, {d + k});
        submit(cross_products_ns(n, p), [=, s = S.data(), x = X.view(), y = Y.view(), w = W.data(),
                                         shift = Shift.data()] { cross_products<T>(s, x, y, w, shift, n, d, k); });
    });
}

}  // namespace

void bind_cross_products(py::module_& m) {
    m.def("cross_products", &bind_products, py::arg("s").noconvert(), py::arg("x").noconvert(),
          py::arg("y").noconvert(), py::arg("weights").none(true), py::arg("shift").noconvert(),
          "s = the sum over rows of weight * outer(z, z), z = [x - shift, y - shift, 1]; weights may be None.");
}

}  // namespace mmlcore::bindings
