// Factorisations and what they solve. Every function takes stacks: the last two axes are matrices, the axes before
// them are looped over here, in parallel when the matrices are many.

#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <utility>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/cholesky.h"
#include "kernels/lu.h"
#include "kernels/svd.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"

namespace mmlcore::bindings {
namespace {

// A stack of matrices, C-contiguous: `count` of rows × cols.
struct StackShape {
    ptrdiff_t count, rows, cols;
};

StackShape stack_shape(const char* function, const char* argument, const py::array& a) {
    if (a.ndim() < 2)
        throw_value(function, argument, "at least two-dimensional", std::to_string(a.ndim()) + " dimensions");
    StackShape shape{1, a.shape(a.ndim() - 2), a.shape(a.ndim() - 1)};
    for (ptrdiff_t axis = 0; axis < a.ndim() - 2; ++axis) shape.count *= a.shape(axis);
    return shape;
}

StackShape square_stack(const char* function, const char* argument, const py::array& a) {
    const StackShape shape = stack_shape(function, argument, a);
    if (shape.rows != shape.cols) throw_value(function, argument, "a stack of square matrices", shape_text(a));
    return shape;
}

void require_size(const char* function, const char* argument, ptrdiff_t size, ptrdiff_t expected) {
    if (size != expected)
        throw_value(function, argument, "of " + std::to_string(expected) + " elements", std::to_string(size));
}

// (matrix, pivot) of the first failure, or None.
using Failure = std::optional<std::pair<ptrdiff_t, ptrdiff_t>>;

// one(i) for every matrix of the stack returns -1 or the pivot that failed.
template <class One>
Failure over_stack(ptrdiff_t count, double cost_each_ns, One&& one) {
    ptrdiff_t first = count, pivot_of_first = -1;
    std::mutex lock;
    auto run = [&](ptrdiff_t i) {
        const ptrdiff_t pivot = one(i);
        if (pivot < 0) return;
        std::lock_guard<std::mutex> hold(lock);
        if (i < first) {
            first = i;
            pivot_of_first = pivot;
        }
    };
    answer(static_cast<double>(count) * cost_each_ns, [&] {
        if (count < 2 || cost_each_ns > 1e6)
            for (ptrdiff_t i = 0; i < count; ++i) run(i);
        else
            parallel_for(count, static_cast<double>(count) * cost_each_ns, run);
    });
    if (pivot_of_first < 0) return std::nullopt;
    return std::make_pair(first, pivot_of_first);
}

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

Failure bind_solve(py::array x, const py::array& a, const py::array& b) {
    return dispatch("solve", "a", a, [&](auto type) -> Failure {
        using T = decltype(type);
        const StackShape s = square_stack("solve", "a", a), right = stack_shape("solve", "b", b);
        const Input<T> A("solve", "a", a), B("solve", "b", b);
        const Output<T> X("solve", "x", x);
        const ptrdiff_t n = s.rows, m = right.cols;
        if (right.rows != n || right.count != s.count)
            throw_value("solve", "b", "a stack of " + std::to_string(s.count) + " with " + std::to_string(n) + " rows",
                        shape_text(b));
        require_size("solve", "x", X.size(), B.size());
        return over_stack(s.count, lu_cost_ns(n, m), [=, to = X.data(), as = A.data(), bs = B.data()](ptrdiff_t i) {
            return solve<T>(to + i * n * m, as + i * n * n, bs + i * n * m, n, m);
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
            auto u_array = u.cast<py::array>(), vt_array = vt.cast<py::array>();
            const Output<T> to_u("svd", "u", u_array), to_vt("svd", "vt", vt_array);
            require_size("svd", "u", to_u.size(), shape.count * m * u_cols);
            require_size("svd", "vt", to_vt.size(), shape.count * vt_rows * n);
            U = to_u.data();
            Vt = to_vt.data();
        }
        const double cost = 30.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(r);
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

std::tuple<ptrdiff_t, bool, double> bind_block_power_iteration(py::array u, py::array s, py::array vt, py::array v,
                                                               const py::array& a, ptrdiff_t max_steps,
                                                               double tolerance) {
    constexpr const char* name = "block_power_iteration";
    return dispatch(name, "a", a, [&](auto type) -> std::tuple<ptrdiff_t, bool, double> {
        using T = decltype(type);
        const Matrix<T> A(name, "a", a);
        require_ndim(name, "v", v, 2);
        require_ndim(name, "s", s, 1);
        const ptrdiff_t m = A.rows(), n = A.cols(), k = s.shape(0), b = v.shape(1);
        if (k < 1 || k > b || b > std::min(m, n))
            throw_value(name, "k", "1 ≤ k ≤ columns of v ≤ min(a.shape)",
                        std::to_string(k) + " and " + std::to_string(b));
        const Output<T> U(name, "u", u, {m, k}), S(name, "s", s, {k}), Vt(name, "vt", vt, {k, n}),
            V(name, "v", v, {n, b});
        Iteration done{};
        T residual = 0;
        answer(static_cast<double>(m * n) * static_cast<double>(b),
               [=, &done, &residual, to_u = U.data(), to_s = S.data(), to_vt = Vt.data(), start = V.data(),
                view = MatrixView<T>{A.data(), A.row(), A.col()}] {
                   done = block_power_iteration<T>(to_u, to_s, to_vt, start, &residual, view, m, n, k, b, max_steps,
                                                   static_cast<T>(tolerance));
               });
        return {done.steps, done.converged, static_cast<double>(residual)};
    });
}

}  // namespace

void bind_factor(py::module_& m) {
    m.def("cholesky", &bind_cholesky, py::arg("l"), py::arg("a"),
          "l l.T = a from a's lower triangle; None, or (matrix, pivot) of the first that is not positive definite.");
    m.def("solve", &bind_solve, py::arg("x"), py::arg("a"), py::arg("b"),
          "a x = b; None, or (matrix, pivot) of the first singular one.");
    m.def("inverse", &bind_inverse, py::arg("x"), py::arg("a"),
          "x = a⁻¹; None, or (matrix, pivot) of the first singular one.");
    m.def("det", &bind_det, py::arg("determinants"), py::arg("a"), "The determinants of a stack.");
    m.def("slogdet", &bind_slogdet, py::arg("sign"), py::arg("logarithm"), py::arg("a"),
          "det a = sign * exp(logarithm).");
    m.def("solve_triangular", &bind_solve_triangular, py::arg("x"), py::arg("a"), py::arg("lower"),
          py::arg("transposed"), py::arg("unit_diagonal"),
          "x holds b and becomes the solution; None, or (matrix, row) of the first zero on a diagonal.");
    m.def("svd", &bind_svd, py::arg("u"), py::arg("s"), py::arg("vt"), py::arg("a"), py::arg("full_matrices"),
          "u @ diag(s) @ vt = a; u and vt may both be None. Returns whether every iteration converged.");
    m.def("power_iteration", &bind_power_iteration, py::arg("u"), py::arg("v"), py::arg("trace"), py::arg("a"),
          py::arg("tolerance"), "The leading singular triplet; v holds the start. Returns (steps, converged).");
    m.def("block_power_iteration", &bind_block_power_iteration, py::arg("u"), py::arg("s"), py::arg("vt"), py::arg("v"),
          py::arg("a"), py::arg("max_steps"), py::arg("tolerance"),
          "The leading singular triplets; v holds the start. Returns (steps, converged, residual).");
}

}  // namespace mmlcore::bindings
