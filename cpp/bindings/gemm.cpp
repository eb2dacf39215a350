#include "kernels/gemm.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/dense.h"

namespace mmlcore::bindings {
namespace {

Activation activation_of(const char* function, int code) {
    if (code < 0 || code > static_cast<int>(Activation::tanh))
        throw_value(function, "activation", "one of the codes in ACTIVATIONS", std::to_string(code));
    return static_cast<Activation>(code);
}

template <class T>
MatrixView<T> view(const Matrix<T>& a) {
    return {a.data(), a.row(), a.col()};
}

// A vector of n values, or null for None.
template <class T>
class Bias {
  public:
    Bias(const char* function, const py::object& bias, ptrdiff_t n) {
        if (bias.is_none()) return;
        if (!py::isinstance<py::array>(bias)) throw_type(function, "bias", "an array or None", "another object");
        values_.emplace(function, "bias", py::reinterpret_borrow<py::array>(bias), std::initializer_list<ptrdiff_t>{n});
    }
    const T* data() const { return values_ ? values_->data() : nullptr; }

  private:
    std::optional<Input<T>> values_;
};

// Whether the memory that two arrays span (holes included) has a byte in common.
bool overlap(const py::array& x, const py::array& y) {
    auto span = [](const py::array& a) {
        const char *low = static_cast<const char*>(a.data()), *high = low;
        for (ptrdiff_t axis = 0; axis < a.ndim(); ++axis) {
            if (a.shape(axis) == 0) return std::make_pair(low, low);
            const ptrdiff_t reach = (a.shape(axis) - 1) * a.strides(axis);
            (reach < 0 ? low : high) += reach;
        }
        return std::make_pair(low, high + a.itemsize());
    };
    const auto [x_low, x_high] = span(x);
    const auto [y_low, y_high] = span(y);
    return x_low < y_high && y_low < x_high;
}

void require_inner(const char* function, ptrdiff_t rows_of_b, ptrdiff_t k) {
    if (rows_of_b != k)
        throw_value(function, "b", "a matrix of " + std::to_string(k) + " rows (the columns of a)",
                    std::to_string(rows_of_b) + " rows");
}

void bind_gemm_call(py::array c, const py::array& a, const py::array& b, double alpha, double beta,
                    const py::object& bias, int activation) {
    dispatch("gemm", "c", c, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> A("gemm", "a", a), B("gemm", "b", b);
        const ptrdiff_t m = A.rows(), n = B.cols(), k = A.cols();
        require_inner("gemm", B.rows(), k);
        const Output<T> C("gemm", "c", c, {m, n});
        const Bias<T> bias_values("gemm", bias, n);
        const Epilogue<T> epilogue{bias_values.data(), activation_of("gemm", activation)};
        if (overlap(c, a) || overlap(c, b) ||
            (bias_values.data() && overlap(c, bias))) {  // the result may not overwrite what is still to be read
            py::array_t<T> separate(std::vector<ptrdiff_t>{m, n}, C.data());
            bind_gemm_call(separate, a, b, alpha, beta, bias, activation);
            std::copy(separate.data(), separate.data() + m * n, C.data());
            return;
        }
        submit(gemm_cost_ns(m, n, k), [=, to = C.data(), left = view(A), right = view(B)] {
            gemm<T>(to, n, left, right, m, n, k, static_cast<T>(alpha), static_cast<T>(beta), epilogue);
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
        submit(static_cast<double>(s) * gemm_cost_ns(m, n, k),
               [=, to = C.data(), left = A.view, right = B.view, step_a = A.step, step_b = B.step] {
                   gemm_stacked<T>(to, left, step_a, right, step_b, s, m, n, k);
               });
    });
}

void bind_dense_forward(py::array y, const py::array& x, const py::array& w, const py::object& bias, int activation) {
    dispatch("dense_forward", "y", y, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> X("dense_forward", "x", x), W("dense_forward", "w", w);
        const ptrdiff_t n = X.rows(), in = X.cols(), out = W.cols();
        if (W.rows() != in)
            throw_value("dense_forward", "w", "of " + std::to_string(in) + " rows (the columns of x)",
                        std::to_string(W.rows()) + " rows");
        const Output<T> Y("dense_forward", "y", y, {n, out});
        const Bias<T> bias_values("dense_forward", bias, out);
        const Activation act = activation_of("dense_forward", activation);
        submit(gemm_cost_ns(n, out, in), [=, to = Y.data(), xs = view(X), ws = view(W), b = bias_values.data()] {
            dense_forward<T>(to, xs, ws, b, act, n, in, out);
        });
    });
}

// Where a gradient goes, or null for None.
template <class T>
T* optional_output(const char* function, const char* argument, const py::object& target,
                   std::initializer_list<ptrdiff_t> shape) {
    if (target.is_none()) return nullptr;
    if (!py::isinstance<py::array>(target)) throw_type(function, argument, "an array or None", "another object");
    auto array = py::reinterpret_borrow<py::array>(target);
    return Output<T>(function, argument, array, shape).data();
}

void bind_dense_backward(const py::object& dx, py::array dw, const py::object& db, const py::array& dy,
                         const py::array& x, const py::array& w, const py::array& y, int activation) {
    constexpr const char* name = "dense_backward";
    dispatch(name, "dw", dw, [&](auto type) {
        using T = decltype(type);
        const Matrix<T> X(name, "x", x), W(name, "w", w);
        const ptrdiff_t n = X.rows(), in = X.cols(), out = W.cols();
        if (W.rows() != in)
            throw_value(name, "w", "of " + std::to_string(in) + " rows (the columns of x)",
                        std::to_string(W.rows()) + " rows");
        const Input<T> dY(name, "dy", dy, {n, out}), Y(name, "y", y, {n, out});
        T* to_x = optional_output<T>(name, "dx", dx, {n, in});
        const Output<T> to_w(name, "dw", dw, {in, out});
        T* to_b = optional_output<T>(name, "db", db, {out});
        const Activation act = activation_of(name, activation);
        submit(2 * gemm_cost_ns(n, out, in),
               [=, dw_ = to_w.data(), dy_ = dY.data(), xs = view(X), ws = view(W), y_ = Y.data()] {
                   dense_backward<T>(to_x, dw_, to_b, dy_, xs, ws, y_, act, n, in, out);
               });
    });
}

}  // namespace

void bind_gemm(py::module_& m) {
    py::dict activations;
    activations["linear"] = static_cast<int>(Activation::linear);
    activations["relu"] = static_cast<int>(Activation::relu);
    activations["sigmoid"] = static_cast<int>(Activation::sigmoid);
    activations["tanh"] = static_cast<int>(Activation::tanh);
    m.attr("ACTIVATIONS") = activations;

    m.def("gemm", &bind_gemm_call, py::arg("c"), py::arg("a"), py::arg("b"), py::arg("alpha") = 1.0,
          py::arg("beta") = 0.0, py::arg("bias") = py::none(), py::arg("activation") = 0,
          "c = activation(alpha * a @ b + beta * c + bias); a and b of any strides.");
    m.def("gemm_stacked", &bind_gemm_stacked, py::arg("c"), py::arg("a"), py::arg("b"),
          "c[i] = a[i] @ b[i] for three-dimensional stacks; a stride of 0 repeats a matrix.");
    m.def("dense_forward", &bind_dense_forward, py::arg("y"), py::arg("x"), py::arg("w"), py::arg("bias"),
          py::arg("activation"), "y = activation(x @ w + bias).");
    m.def("dense_backward", &bind_dense_backward, py::arg("dx"), py::arg("dw"), py::arg("db"), py::arg("dy"),
          py::arg("x"), py::arg("w"), py::arg("y"), py::arg("activation"),
          "The three gradients of y = activation(x @ w + bias), given dy and y; dx and db may be None.");
}

}  // namespace mmlcore::bindings
