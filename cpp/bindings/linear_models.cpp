// Coordinate descent in the primal and in the dual, and the logistic loss.

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/coordinate_descent.h"
#include "kernels/logistic.h"
#include "kernels/support_vectors.h"

namespace mmlcore::bindings {
namespace {

py::tuple described(const Descent& done) {
    return py::make_tuple(done.sweeps, done.gap, done.converged);
}

py::tuple bind_of_products(py::array beta, py::array gradient, const py::array& products, double yy, const py::array& q,
                           double l1, double l2, double tol, ptrdiff_t max_iter, bool positive, std::int64_t seed) {
    const char* name = "elastic_net_of_products";
    const Input<double> Q(name, "q", q);
    const ptrdiff_t d = Q.size();
    const Input<double> G(name, "products", products, {d, d});
    const Output<double> B(name, "beta", beta, {d}), R(name, "gradient", gradient, {d});
    require_apart(name, "beta", beta, {gradient, products, q});
    require_apart(name, "gradient", gradient, {products, q});
    Descent done{};
    answer(elastic_net_ns(d * d), [&] {
        done = elastic_net_of_products(B.data(), R.data(), G.data(), yy, Q.data(), d,
                                       {l1, l2, tol, max_iter, positive, seed});
    });
    return described(done);
}

py::tuple bind_of_columns(py::array beta, py::array residual, const py::array& columns, double yy, double l1, double l2,
                          double tol, ptrdiff_t max_iter, bool positive, std::int64_t seed) {
    const char* name = "elastic_net_of_columns";
    require_ndim(name, "columns", columns, 2);
    const ptrdiff_t d = columns.shape(0), n = columns.shape(1);
    const Input<double> X(name, "columns", columns);
    const Output<double> B(name, "beta", beta, {d}), R(name, "residual", residual, {n});
    require_apart(name, "beta", beta, {residual, columns});
    require_apart(name, "residual", residual, {columns});
    Descent done{};
    answer(elastic_net_ns(d * n), [&] {
        done = elastic_net_of_columns(B.data(), R.data(), X.data(), yy, n, d, {l1, l2, tol, max_iter, positive, seed});
    });
    return described(done);
}

// epsilon < 0: classification.
py::tuple bind_support_vectors(py::array w, py::array a, const py::array& x, const py::array& y, const py::array& c,
                               double epsilon, bool squared, double tol, ptrdiff_t max_iter, std::int64_t seed) {
    const char* name = "support_vectors";
    require_ndim(name, "x", x, 2);
    const ptrdiff_t n = x.shape(0), d = x.shape(1);
    const Input<double> X(name, "x", x), Y(name, "y", y, {n}), C(name, "c", c, {n});
    const Output<double> W(name, "w", w, {d}), A(name, "a", a, {n});
    require_apart(name, "w", w, {a, x, y, c});
    require_apart(name, "a", a, {x, y, c});
    DualResult done{};
    answer(support_vectors_ns(n, d), [&] {
        const DualDescent how{tol, max_iter, seed};
        done = epsilon < 0
                   ? support_vector_classifier(W.data(), A.data(), X.data(), Y.data(), C.data(), squared, n, d, how)
                   : support_vector_regressor(W.data(), A.data(), X.data(), Y.data(), C.data(), epsilon, squared, n, d,
                                              how);
    });
    return py::make_tuple(done.sweeps, done.converged);
}

double bind_logistic_loss(py::array gradient, const py::object& curvature, const py::array& x, const py::array& t,
                          const py::object& weights, const py::array& theta) {
    const char* name = "weighted_logistic_loss";
    return dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Matrix<T> X(name, "x", x);
        const ptrdiff_t n = X.rows(), d = X.cols();
        const Output<double> G(name, "gradient", gradient, {d + 1});
        T* C = optional_output<T>(name, "curvature", curvature, {n});
        require_apart(name, "gradient", gradient, {curvature, x, t, weights, theta});
        require_apart(name, "curvature", curvature, {x, t, weights, theta});
        const Input<T> Targets(name, "t", t, {n}), Theta(name, "theta", theta, {d + 1});
        const OptionalInput<T> W(name, "weights", weights, {n});
        double loss = 0;
        answer(weighted_logistic_loss_ns(n, d), [&] {
            loss = weighted_logistic_loss<T>(G.data(), C, X.view(), Targets.data(), W.data(), Theta.data(), n, d);
        });
        return loss;
    });
}

}  // namespace

void bind_linear_models(py::module_& m) {
    m.def("elastic_net_of_products", &bind_of_products, py::arg("beta").noconvert(), py::arg("gradient").noconvert(),
          py::arg("products").noconvert(), py::arg("yy"), py::arg("q").noconvert(), py::arg("l1"), py::arg("l2"),
          py::arg("tol"), py::arg("max_iter"), py::arg("positive"), py::arg("seed"),
          "Coordinate descent on beta and gradient = q - products @ beta; (sweeps, duality gap, converged).");
    m.def("elastic_net_of_columns", &bind_of_columns, py::arg("beta").noconvert(), py::arg("residual").noconvert(),
          py::arg("columns").noconvert(), py::arg("yy"), py::arg("l1"), py::arg("l2"), py::arg("tol"),
          py::arg("max_iter"), py::arg("positive"), py::arg("seed"),
          "Coordinate descent on beta and residual = y - columns.T @ beta; (sweeps, duality gap, converged).");
    m.def("support_vectors", &bind_support_vectors, py::arg("w").noconvert(), py::arg("a").noconvert(),
          py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("c").noconvert(), py::arg("epsilon"),
          py::arg("squared"), py::arg("tol"), py::arg("max_iter"), py::arg("seed"),
          "Dual coordinate descent from w = a = 0, classification where epsilon < 0; (sweeps, converged).");
    m.def("weighted_logistic_loss", &bind_logistic_loss, py::arg("gradient").noconvert(),
          py::arg("curvature").none(true), py::arg("x").noconvert(), py::arg("t").noconvert(),
          py::arg("weights").none(true), py::arg("theta").noconvert(),
          "The weighted logistic loss of x @ theta[:-1] + theta[-1], its gradient and, unless None, curvature.");
}

}  // namespace mmlcore::bindings
