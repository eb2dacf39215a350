#include "kernels/gemm.h"

#include <algorithm>
#include <vector>

#include "bindings/activations.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/triangular.h"

namespace mmlcore::bindings {
namespace {

void require_inner(const char* function, ptrdiff_t rows_of_b, ptrdiff_t k) {
    if (rows_of_b != k)
        throw_value(function, "b", "a matrix of " + std::to_string(k) + " rows (the columns of a)",
                    std::to_string(rows_of_b) + " rows");
}

void bind_gemm_call(py::array c, const py::array& a, const py::array& b, double alpha, double beta,
                    const py::object& bias, int activation, const py::object& row_bias, const py::object& z) {
    dispatch("gemm", "c", c, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A("gemm", "a", a), B("gemm", "b", b);
        const ptrdiff_t m = A.rows(), n = B.cols(), k = A.cols();
        require_inner("gemm", B.rows(), k);
        const Output<T> C("gemm", "c", c, {m, n});
        const OptionalInput<T> bias_values("gemm", "bias", bias, {n});
        require_apart("gemm", "z", z, {c, a, b, bias, row_bias});
        const OptionalInput<T> row_values("gemm", "row_bias", row_bias, {m});
        const Epilogue<T> epilogue{bias_values.data(), activation_of("gemm", activation),
                                   optional_output<T>("gemm", "z", z, {m, n}), row_values.data()};
        auto meets_c = [&c](const py::object& x) { return !x.is_none() && overlap(c, x); };
        if (meets_c(a) || meets_c(b) || meets_c(bias) || meets_c(row_bias)) {  // c may not overwrite what is still read
            refuse_recording("gemm onto its own operands");
            py::array_t<T> separate(std::vector<ptrdiff_t>{m, n}, C.data());
            bind_gemm_call(separate, a, b, alpha, beta, bias, activation, row_bias, z);
            std::copy(separate.data(), separate.data() + m * n, C.data());
            return;
        }
        submit(gemm_cost_ns(m, n, k), [=, to = C.data(), left = A.view(), right = B.view()] {
            gemm<T>(to, n, left, right, m, n, k, static_cast<T>(alpha), static_cast<T>(beta), epilogue);
        });
    });
}

void bind_syrk(py::array c, const py::array& a, bool upper, double alpha, double beta) {
    dispatch("syrk", "c", c, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A("syrk", "a", a);
        const ptrdiff_t n = A.rows(), k = A.cols();
        const Output<T> C("syrk", "c", c, {n, n});
        require_apart("syrk", "c", c, {a});
        submit(gemm_cost_ns(n, n, k) / 2, [=, to = C.data(), view = A.view()] {
            syrk<T>(to, n, view, upper ? Triangle::upper : Triangle::lower, n, k, static_cast<T>(alpha),
                    static_cast<T>(beta));
        });
    });
}

void bind_triangular_product(py::array x, const py::array& a, bool upper, bool unit_diagonal) {
    dispatch("triangular_product", "x", x, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A("triangular_product", "a", a);
        require_ndim("triangular_product", "x", x, 2);
        const ptrdiff_t n = x.shape(0), m = x.shape(1);
        require_shape("triangular_product", "a", a, {n, n});
        const Output<T> X("triangular_product", "x", x);
        require_apart("triangular_product", "x", x, {a});
        submit(gemm_cost_ns(n, m, n) / 2, [=, to = X.data(), view = A.view()] {
            triangular_product<T>(to, m, view, upper ? Triangle::upper : Triangle::lower, unit_diagonal, n, m);
        });
    });
}

// The matrices of a stack (s, rows, cols), read through their strides.
template <class T>
struct Stack {
    Stack(const char* function, const char* argument, const py::array& a) : array(a) {
        require_dtype<T>(function, argument, a);
        require_ndim(function, argument, a, 3);
        constexpr ptrdiff_t item = sizeof(T);
        bool whole = reinterpret_cast<std::size_t>(a.data()) % item == 0;
        for (int axis = 0; axis < 3; ++axis) whole = whole && a.strides(axis) % item == 0;
        if (!whole) array = contiguous(a);
        step = array.strides(0) / item;
        view = {static_cast<const T*>(array.data()), array.strides(1) / item, array.strides(2) / item};
    }
    py::array array;
    ptrdiff_t step;
    MatrixView<T> view;
};

void bind_gemm_stacked(py::array c, const py::array& a, const py::array& b) {
    dispatch("gemm_stacked", "c", c, [&](auto type) {
        using T = decltype(type);
        const Stack<T> A("gemm_stacked", "a", a), B("gemm_stacked", "b", b);
        const ptrdiff_t s = a.shape(0), m = a.shape(1), k = a.shape(2), n = b.shape(2);
        if (b.shape(0) != s)
            throw_value("gemm_stacked", "b", "a stack of " + std::to_string(s), std::to_string(b.shape(0)));
        require_inner("gemm_stacked", b.shape(1), k);
        const Output<T> C("gemm_stacked", "c", c, {s, m, n});
        require_apart("gemm_stacked", "c", c, {a, b});
        submit(static_cast<double>(s) * gemm_cost_ns(m, n, k),
               [=, to = C.data(), left = A.view, right = B.view, step_a = A.step, step_b = B.step] {
                   gemm_stacked<T>(to, left, step_a, right, step_b, s, m, n, k);
               });
    });
}

}  // namespace

void bind_gemm(py::module_& m) {
    m.def("gemm", &bind_gemm_call, py::arg("c"), py::arg("a"), py::arg("b"), py::arg("alpha") = 1.0,
          py::arg("beta") = 0.0, py::arg("bias") = py::none(), py::arg("activation") = 0,
          py::arg("row_bias") = py::none(), py::arg("z") = py::none(),
          "z = alpha * a @ b + beta * c + bias + row_bias[:, None], c = activation(z); a and b of any strides.");
    m.def("syrk", &bind_syrk, py::arg("c"), py::arg("a"), py::arg("upper"), py::arg("alpha") = 1.0,
          py::arg("beta") = 0.0, "One triangle of c = alpha * a @ a.T + beta * c; the other is not touched.");
    m.def("triangular_product", &bind_triangular_product, py::arg("x"), py::arg("a"), py::arg("upper"),
          py::arg("unit_diagonal"), "x := a @ x in place, of a only the stated triangle.");
    m.def("gemm_stacked", &bind_gemm_stacked, py::arg("c"), py::arg("a"), py::arg("b"),
          "c[i] = a[i] @ b[i] for three-dimensional stacks; a stride of 0 repeats a matrix.");
}

}  // namespace mmlcore::bindings
