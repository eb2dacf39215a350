// Orthogonal factors: QR, eigenvalues, singular values.

#include <pybind11/complex.h>
#include <pybind11/stl.h>

#include "bindings/families.h"
#include "bindings/stacks.h"
#include "kernels/general_eigen.h"
#include "kernels/power_iteration.h"
#include "kernels/qr.h"
#include "kernels/residual.h"
#include "kernels/svd.h"
#include "kernels/symmetric_eigen.h"

namespace mmlcore::bindings {
namespace {

// q may be None; its columns (and r's rows) are min(m, n) or m.
void bind_qr(const py::object& q, py::array r, const py::array& a) {
    dispatch("qr", "a", a, [&](auto type) {
        using T = decltype(type);
        const StackShape s = stack_shape("qr", "a", a), of_r = stack_shape("qr", "r", r);
        const ptrdiff_t m = s.rows, n = s.cols, q_cols = of_r.rows;
        const Input<T> A("qr", "a", a);
        const Output<T> R("qr", "r", r);
        if (q_cols != m && q_cols != std::min(m, n))
            throw_value("qr", "r", "of min(m, n) or m rows", std::to_string(q_cols));
        require_size("qr", "r", R.size(), s.count * q_cols * n);
        T* to_q = nullptr;
        if (!q.is_none()) {
            auto q_array = require_array("qr", "q", q);
            const Output<T> Q("qr", "q", q_array);
            require_size("qr", "q", Q.size(), s.count * m * q_cols);
            to_q = Q.data();
        }
        over_stack(s.count, 2 * qr_cost_ns(m, n), [=, to_r = R.data(), from = A.data()](ptrdiff_t i) -> ptrdiff_t {
            qr<T>(to_q ? to_q + i * m * q_cols : nullptr, to_r + i * q_cols * n, from + i * m * n, m, n, q_cols);
            return -1;
        });
    });
}

void bind_qr_raw(py::array h, py::array tau, const py::array& a) {
    dispatch("qr", "a", a, [&](auto type) {
        using T = decltype(type);
        const StackShape s = stack_shape("qr", "a", a);
        const ptrdiff_t m = s.rows, n = s.cols, r = std::min(m, n);
        const Input<T> A("qr", "a", a);
        const Output<T> H("qr", "h", h), taus("qr", "tau", tau);
        require_size("qr", "h", H.size(), A.size());
        require_size("qr", "tau", taus.size(), s.count * r);
        over_stack(s.count, qr_cost_ns(m, n),
                   [=, to_h = H.data(), to_tau = taus.data(), from = A.data()](ptrdiff_t i) -> ptrdiff_t {
                       qr_raw<T>(to_h + i * m * n, to_tau + i * r, from + i * m * n, m, n);
                       return -1;
                   });
    });
}

void bind_triangular_factor(py::array r, const py::array& a, const py::array& b) {
    constexpr const char* name = "triangular_factor";
    dispatch(name, "a", a, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A(name, "a", a), B(name, "b", b);
        const ptrdiff_t m = A.rows(), n = A.cols(), k = B.cols();
        if (B.rows() != m) throw_value(name, "b", "of " + std::to_string(m) + " rows", shape_text(b));
        const Output<T> R(name, "r", r, {n + k, n + k});
        answer(qr_cost_ns(m, n + k),
               [=, to = R.data(), left = MatrixView<T>{A.data(), A.row(), A.col()},
                right = MatrixView<T>{B.data(), B.row(), B.col()}] { triangular_factor<T>(to, left, right, m, n, k); });
    });
}

void bind_precise_residual(py::array r, const py::array& a, const py::array& x, const py::array& b) {
    constexpr const char* name = "precise_residual";
    dispatch(name, "a", a, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A(name, "a", a);
        require_ndim(name, "x", x, 2);
        const ptrdiff_t m = A.rows(), n = A.cols(), k = x.shape(1);
        const Input<T> X(name, "x", x, {n, k}), B(name, "b", b, {m, k});
        const Output<T> R(name, "r", r, {m, k});
        answer(4.0 * static_cast<double>(m * n * k),
               [=, to = R.data(), of_x = X.data(), of_b = B.data(), view = MatrixView<T>{A.data(), A.row(), A.col()}] {
                   precise_residual<T>(to, view, of_x, of_b, m, n, k);
               });
    });
}

// False when some matrix of the stack is not finite.
bool bind_eigh(py::array values, const py::object& v, const py::array& a, bool lower) {
    return dispatch("eigh", "a", a, [&](auto type) -> bool {
        using T = decltype(type);
        const StackShape s = square_stack("eigh", "a", a);
        const ptrdiff_t n = s.rows;
        const Input<T> A("eigh", "a", a);
        const Output<T> W("eigh", "values", values);
        require_size("eigh", "values", W.size(), s.count * n);
        T* V = nullptr;
        if (!v.is_none()) {
            auto v_array = require_array("eigh", "v", v);
            const Output<T> to_v("eigh", "v", v_array);
            require_size("eigh", "v", to_v.size(), A.size());
            V = to_v.data();
        }
        const Triangle triangle = lower ? Triangle::lower : Triangle::upper;
        return !over_stack(s.count, symmetric_eigen_cost_ns(n),
                           [=, to = W.data(), from = A.data()](ptrdiff_t i) -> ptrdiff_t {
                               return symmetric_eigen<T>(to + i * n, V ? V + i * n * n : nullptr, from + i * n * n,
                                                         triangle, n)
                                          ? -1
                                          : 0;
                           })
                    .has_value();
    });
}

template <class T>
std::complex<T>* complex_output(const char* function, const char* argument, py::array& a, ptrdiff_t size) {
    if (!py::isinstance<py::array_t<std::complex<T>>>(a))
        throw_type(function, argument, "complex of the first array's precision", std::string(py::str(a.dtype())));
    require_writeable(function, argument, a);
    if (!is_contiguous(a)) throw_value(function, argument, "C-contiguous", "other strides");
    require_size(function, argument, a.size(), size);
    return static_cast<std::complex<T>*>(a.mutable_data());
}

// values and v are complex; false when some matrix of the stack did not converge.
bool bind_eig(py::array values, const py::object& v, const py::array& a) {
    return dispatch("eig", "a", a, [&](auto type) -> bool {
        using T = decltype(type);
        const StackShape s = square_stack("eig", "a", a);
        const ptrdiff_t n = s.rows;
        const Input<T> A("eig", "a", a);
        std::complex<T>*const W = complex_output<T>("eig", "values", values, s.count * n), *V = nullptr;
        if (!v.is_none()) {
            auto v_array = require_array("eig", "v", v);
            V = complex_output<T>("eig", "v", v_array, A.size());
        }
        return !over_stack(s.count, general_eigen_cost_ns(n), [=, from = A.data()](ptrdiff_t i) -> ptrdiff_t {
                    return general_eigen(W + i * n, V ? V + i * n * n : nullptr, from + i * n * n, n) ? -1 : 0;
                }).has_value();
    });
}

// False when some matrix of the stack did not converge.
bool bind_svd(const py::object& u, py::array s, const py::object& vt, const py::array& a, bool full_matrices) {
    return dispatch("svd", "a", a, [&](auto type) -> bool {
        using T = decltype(type);
        const StackShape shape = stack_shape("svd", "a", a);
        const ptrdiff_t m = shape.rows, n = shape.cols, r = std::min(m, n);
        const Input<T> A("svd", "a", a);
        const Output<T> S("svd", "s", s);
        require_size("svd", "s", S.size(), shape.count * r);
        T *U = nullptr, *Vt = nullptr;
        const ptrdiff_t u_cols = full_matrices ? m : r, vt_rows = full_matrices ? n : r;
        if (!u.is_none()) {
            auto u_array = require_array("svd", "u", u), vt_array = require_array("svd", "vt", vt);
            const Output<T> to_u("svd", "u", u_array), to_vt("svd", "vt", vt_array);
            require_size("svd", "u", to_u.size(), shape.count * m * u_cols);
            require_size("svd", "vt", to_vt.size(), shape.count * vt_rows * n);
            U = to_u.data();
            Vt = to_vt.data();
        }
        const double cost = svd_cost_ns(m, n);
        return !over_stack(shape.count, cost, [=, sigma = S.data(), from = A.data()](ptrdiff_t i) -> ptrdiff_t {
                    return svd<T>(U ? U + i * m * u_cols : nullptr, sigma + i * r, U ? Vt + i * vt_rows * n : nullptr,
                                  from + i * m * n, m, n, !full_matrices)
                               ? -1
                               : 0;
                }).has_value();
    });
}

std::pair<ptrdiff_t, bool> bind_power_iteration(py::array u, py::array v, py::array trace, const py::array& a,
                                                double tolerance) {
    constexpr const char* name = "power_iteration";
    return dispatch(name, "a", a, [&](auto type) -> std::pair<ptrdiff_t, bool> {
        using T = decltype(type);
        const Matrix<T> A(name, "a", a);
        const ptrdiff_t m = A.rows(), n = A.cols();
        const Output<T> U(name, "u", u, {m}), V(name, "v", v, {n}), sigmas(name, "trace", trace);
        if (m == 0 || n == 0) throw_value(name, "a", "non-empty", shape_text(a));
        if (sigmas.size() == 0) throw_value(name, "trace", "non-empty", "0 elements");
        Iteration done{};
        answer(static_cast<double>(m * n) * static_cast<double>(sigmas.size()),
               [=, &done, to_u = U.data(), to_v = V.data(), to_trace = sigmas.data(), steps = sigmas.size(),
                view = MatrixView<T>{A.data(), A.row(), A.col()}] {
                   done = power_iteration<T>(to_u, to_v, to_trace, view, m, n, steps, static_cast<T>(tolerance));
               });
        return {done.steps, done.converged};
    });
}

}  // namespace

void bind_spectral(py::module_& m) {
    m.def("qr", &bind_qr, py::arg("q"), py::arg("r"), py::arg("a"),
          "q @ r = a with orthonormal columns of q, as many as r has rows; q may be None.");
    m.def("qr_raw", &bind_qr_raw, py::arg("h"), py::arg("tau"), py::arg("a"),
          "The reflectors of the QR factorisation as LAPACK leaves them, transposed.");
    m.def("triangular_factor", &bind_triangular_factor, py::arg("r"), py::arg("a"), py::arg("b"),
          "The triangular factor of [a b].");
    m.def("precise_residual", &bind_precise_residual, py::arg("r"), py::arg("a"), py::arg("x"), py::arg("b"),
          "r = b - a @ x in twice the working precision, rounded once.");
    m.def("eigh", &bind_eigh, py::arg("values"), py::arg("v"), py::arg("a"), py::arg("lower"),
          "a @ v = v * values from one triangle of a; v may be None. Returns whether every matrix is finite.");
    m.def("eig", &bind_eig, py::arg("values"), py::arg("v"), py::arg("a"),
          "a @ v = v * values, complex; v may be None. Returns whether every iteration converged.");
    m.def("svd", &bind_svd, py::arg("u"), py::arg("s"), py::arg("vt"), py::arg("a"), py::arg("full_matrices"),
          "u @ diag(s) @ vt = a; u and vt may both be None. Returns whether every iteration converged.");
    m.def("power_iteration", &bind_power_iteration, py::arg("u"), py::arg("v"), py::arg("trace"), py::arg("a"),
          py::arg("tolerance"), "The leading singular triplet; v holds the start. Returns (steps, converged).");
}

}  // namespace mmlcore::bindings
