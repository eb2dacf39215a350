#include "kernels/mahalanobis.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

void bind_squared_mahalanobis(py::array q, const py::array& x, const py::array& mean, const py::array& factor) {
    const char* name = "squared_mahalanobis";
    dispatch(name, "q", q, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(name, "x", x, 2);
        const ptrdiff_t n = x.shape(0), d = x.shape(1);
        const Output<T> Q(name, "q", q, {n});
        const Input<T> X(name, "x", x), mu(name, "mean", mean, {d}), L(name, "factor", factor, {d, d});
        submit(squared_mahalanobis_ns(n, d), [=, q = Q.data(), x = X.data(), mu = mu.data(), L = L.data()] {
            squared_mahalanobis(q, x, mu, L, n, d);
        });
    });
}

}  // namespace

void bind_mahalanobis(py::module_& m) {
    m.def("squared_mahalanobis", &bind_squared_mahalanobis, py::arg("q").noconvert(), py::arg("x").noconvert(),
          py::arg("mean").noconvert(), py::arg("factor").noconvert(),
          "q_i = |factor^-1 (x_i - mean)|^2 for the lower triangle `factor`");
}

}  // namespace mmlcore::bindings
