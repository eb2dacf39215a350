// Triangular factors and what they solve.

#include <pybind11/stl.h>

#include "bindings/families.h"
#include "bindings/stacks.h"
#include "kernels/cholesky.h"
#include "kernels/ldlt.h"
#include "kernels/lu.h"
#include "kernels/triangular.h"

namespace mmlcore::bindings {
namespace {

Failure bind_cholesky(py::array l, const py::array& a) {
    return dispatch("cholesky", "a", a, [&](auto type) -> Failure {
        using T = decltype(type);
        const StackShape s = square_stack("cholesky", "a", a);
        const Input<T> A("cholesky", "a", a);
        const Output<T> L("cholesky", "l", l);
        require_size("cholesky", "l", L.size(), A.size());
        const ptrdiff_t n = s.rows;
        return over_stack(s.count, cholesky_cost_ns(n), [=, to = L.data(), from = A.data()](ptrdiff_t i) {
            return cholesky<T>(to + i * n * n, from + i * n * n, n);
        });
    });
}

// condition holds one element for every matrix.
Failure bind_solve(py::array x, const py::array& a, const py::array& b, py::array condition) {
    return dispatch("solve", "a", a, [&](auto type) -> Failure {
        using T = decltype(type);
        const StackShape s = square_stack("solve", "a", a), right = stack_shape("solve", "b", b);
        const Input<T> A("solve", "a", a), B("solve", "b", b);
        const Output<T> X("solve", "x", x), C("solve", "condition", condition);
        require_size("solve", "condition", C.size(), s.count);
        const ptrdiff_t n = s.rows, m = right.cols;
        if (right.rows != n || right.count != s.count)
            throw_value("solve", "b", "a stack of " + std::to_string(s.count) + " with " + std::to_string(n) + " rows",
                        shape_text(b));
        require_size("solve", "x", X.size(), B.size());
        return over_stack(s.count, lu_cost_ns(n, m),
                          [=, to = X.data(), as = A.data(), bs = B.data(), conditions = C.data()](ptrdiff_t i) {
                              return solve<T>(to + i * n * m, as + i * n * n, bs + i * n * m, n, m, conditions + i);
                          });
    });
}

Failure bind_inverse(py::array x, const py::array& a) {
    return dispatch("inv", "a", a, [&](auto type) -> Failure {
        using T = decltype(type);
        const StackShape s = square_stack("inv", "a", a);
        const Input<T> A("inv", "a", a);
        const Output<T> X("inv", "x", x);
        require_size("inv", "x", X.size(), A.size());
        const ptrdiff_t n = s.rows;
        return over_stack(s.count, lu_cost_ns(n, n), [=, to = X.data(), from = A.data()](ptrdiff_t i) {
            return inverse<T>(to + i * n * n, from + i * n * n, n);
        });
    });
}

void bind_slogdet(py::array sign, py::array logarithm, const py::array& a) {
    dispatch("slogdet", "a", a, [&](auto type) {
        using T = decltype(type);
        const StackShape s = square_stack("slogdet", "a", a);
        const Input<T> A("slogdet", "a", a);
        const Output<T> S("slogdet", "sign", sign), L("slogdet", "logarithm", logarithm);
        require_size("slogdet", "sign", S.size(), s.count);
        require_size("slogdet", "logarithm", L.size(), s.count);
        const ptrdiff_t n = s.rows;
        over_stack(s.count, lu_cost_ns(n, 0),
                   [=, signs = S.data(), logarithms = L.data(), from = A.data()](ptrdiff_t i) {
                       slogdet<T>(signs + i, logarithms + i, from + i * n * n, n);
                       return ptrdiff_t{-1};
                   });
    });
}

void bind_det(py::array determinants, const py::array& a) {
    dispatch("det", "a", a, [&](auto type) {
        using T = decltype(type);
        const StackShape s = square_stack("det", "a", a);
        const Input<T> A("det", "a", a);
        const Output<T> D("det", "determinants", determinants);
        require_size("det", "determinants", D.size(), s.count);
        const ptrdiff_t n = s.rows;
        over_stack(s.count, lu_cost_ns(n, 0), [=, to = D.data(), from = A.data()](ptrdiff_t i) {
            to[i] = determinant<T>(from + i * n * n, n);
            return ptrdiff_t{-1};
        });
    });
}

void bind_ldlt(py::array l, py::array d, py::array order, const py::array& a) {
    dispatch("ldlt", "a", a, [&](auto type) {
        using T = decltype(type);
        const StackShape s = square_stack("ldlt", "a", a);
        const Input<T> A("ldlt", "a", a);
        const Output<T> L("ldlt", "l", l), D("ldlt", "d", d);
        const ptrdiff_t n = s.rows;
        require_size("ldlt", "l", L.size(), A.size());
        require_size("ldlt", "d", D.size(), A.size());
        require_size("ldlt", "order", order.size(), s.count * n);
        if (!py::isinstance<py::array_t<ptrdiff_t>>(order) || !is_contiguous(order))
            throw_type("ldlt", "order", "contiguous and of dtype intp", std::string(py::str(order.dtype())));
        require_writeable("ldlt", "order", order);
        auto* indices = static_cast<ptrdiff_t*>(order.mutable_data());
        over_stack(s.count, ldlt_cost_ns(n), [=, to_l = L.data(), to_d = D.data(), from = A.data()](ptrdiff_t i) {
            ldlt<T>(to_l + i * n * n, to_d + i * n * n, indices + i * n, from + i * n * n, n);
            return ptrdiff_t{-1};
        });
    });
}

// x holds b on entry; a failure is a zero on the diagonal, and then x is as it was.
Failure bind_solve_triangular(py::array x, const py::array& a, bool lower, bool transposed, bool unit_diagonal) {
    constexpr const char* name = "solve_triangular";
    return dispatch(name, "a", a, [&](auto type) -> Failure {
        using T = decltype(type);
        const StackShape s = square_stack(name, "a", a), right = stack_shape(name, "b", x);
        const Input<T> A(name, "a", a);
        const Output<T> X(name, "x", x);
        const ptrdiff_t n = s.rows, m = right.cols;
        if (right.rows != n || right.count != s.count)
            throw_value(name, "b", "a stack of " + std::to_string(s.count) + " with " + std::to_string(n) + " rows",
                        shape_text(x));
        const Triangle triangle = lower != transposed ? Triangle::lower : Triangle::upper;
        return over_stack(s.count, static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(m) / 15,
                          [=, to = X.data(), from = A.data()](ptrdiff_t i) -> ptrdiff_t {
                              const T* one = from + i * n * n;
                              for (ptrdiff_t j = 0; !unit_diagonal && j < n; ++j)
                                  if (one[j * n + j] == 0) return j;
                              const MatrixView<T> view =
                                  transposed ? MatrixView<T>{one, 1, n} : MatrixView<T>{one, n, 1};
                              solve_triangular<T>(to + i * n * m, m, view, triangle, unit_diagonal, n, m);
                              return -1;
                          });
    });
}

}  // namespace

void bind_factor(py::module_& m) {
    m.def("cholesky", &bind_cholesky, py::arg("l"), py::arg("a"),
          "l l.T = a from a's lower triangle; None, or (matrix, pivot) of the first that is not positive definite.");
    m.def("solve", &bind_solve, py::arg("x"), py::arg("a"), py::arg("b"), py::arg("condition"),
          "a x = b, and Skeel's condition numbers where they may be large; None, or (matrix, pivot) of the first "
          "singular "
          "one.");
    m.def("inverse", &bind_inverse, py::arg("x"), py::arg("a"),
          "x = a⁻¹; None, or (matrix, pivot) of the first singular one.");
    m.def("det", &bind_det, py::arg("determinants"), py::arg("a"), "The determinants of a stack.");
    m.def("slogdet", &bind_slogdet, py::arg("sign"), py::arg("logarithm"), py::arg("a"),
          "det a = sign * exp(logarithm).");
    m.def("ldlt", &bind_ldlt, py::arg("l"), py::arg("d"), py::arg("order"), py::arg("a"),
          "l @ d @ l.T = a[order][:, order] from a's lower triangle.");
    m.def("solve_triangular", &bind_solve_triangular, py::arg("x"), py::arg("a"), py::arg("lower"),
          py::arg("transposed"), py::arg("unit_diagonal"),
          "x holds b and becomes the solution; None, or (matrix, row) of the first zero on a diagonal.");
}

}  // namespace mmlcore::bindings
