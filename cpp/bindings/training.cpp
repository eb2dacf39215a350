#include "kernels/training.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"
#include "kernels/finite.h"

namespace mmlcore::bindings {
namespace {

constexpr double kShort = 100;  // nanoseconds

double stream_ns(ptrdiff_t n) {
    return static_cast<double>(n);
}

double* number(const char* function, const char* argument, py::array& a) {
    return Output<double>(function, argument, a).data();
}

void require_size(const char* function, const char* argument, const py::array& a, ptrdiff_t n) {
    if (a.size() != n) throw_value(function, argument, "of " + std::to_string(n) + " elements", shape_text(a));
}

void bind_accumulate(py::array total, const py::array& value, double weight) {
    dispatch("accumulate", "value", value, [&](auto zero) {
        using T = decltype(zero);
        require_size("accumulate", "total", total, 1);
        require_size("accumulate", "value", value, 1);
        const Input<T> v("accumulate", "value", value);
        submit(kShort, [=, to = number("accumulate", "total", total), v = v.data()] { accumulate(to, v, weight); });
    });
}

void bind_next_rate(py::array constants, const py::array& rates, py::array position) {
    constexpr const char* f = "next_rate";
    const Input<double> table(f, "rates", rates);
    if (constants.size() == 0) throw_value(f, "constants", "at least one number", shape_text(constants));
    const std::int64_t* at = counter(f, "position", position);
    if (*at < 0 || *at >= table.size())
        throw_value(f, "position", "in 0 <= position < " + std::to_string(table.size()), std::to_string(*at));
    submit(kShort, [to = number(f, "constants", constants), table = table.data(), at = counter(f, "position", position),
                    rows = table.size()] {
        if (*at >= 0 && *at < rows) next_rate(to, table, at);  // the caller's array, whatever became of it
    });
}

void bind_append_rows(py::array kept, const py::array& rows, py::array position) {
    constexpr const char* f = "append_rows";
    if (kept.ndim() == 0 || kept.ndim() != rows.ndim() || !kept.dtype().equal(rows.dtype()))
        throw_value(f, "kept", "of the dtype and dimensions of rows", shape_text(kept));
    for (ptrdiff_t axis = 1; axis < kept.ndim(); ++axis)
        if (kept.shape(axis) != rows.shape(axis))
            throw_value(f, "kept", "of rows shaped as those of rows " + shape_text(rows), shape_text(kept));
    constexpr auto holds_references = 0x01;  // NPY_ITEM_REFCOUNT
    if (kept.dtype().flags() & holds_references) throw_type(f, "kept", "of plain numbers", "references to objects");
    require_writeable(f, "kept", kept);
    if (!is_contiguous(kept)) throw_value(f, "kept", "C-contiguous", "other strides");
    const py::array from = contiguous(rows);
    std::int64_t* at = counter(f, "position", position);
    const ptrdiff_t n = rows.shape(0), bytes = n ? rows.nbytes() / n : 0;
    if (*at < 0 || *at > kept.shape(0) - n)
        throw_value(f, "position", "between 0 and " + std::to_string(kept.shape(0) - n), std::to_string(*at));
    note_use(rows);
    note_use(kept);
    submit(kShort, [=, to = static_cast<char*>(kept.mutable_data()), from = static_cast<const char*>(from.data()),
                    room = kept.shape(0) - n] {
        if (*at >= 0 && *at <= room) append_rows(to, from, at, n, bytes);  // the caller's array, whatever became of it
    });
}

void bind_advance(py::array count, std::int64_t by) {
    submit(kShort, [=, at = counter("advance", "count", count)] { *at += by; });
}

template <class Run>
void binary(const char* f, py::array& out, const py::array& a, const py::array& b, Run&& run) {
    dispatch(f, "out", out, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> to(f, "out", out);
        require_size(f, "a", a, to.size());
        require_size(f, "b", b, to.size());
        const Input<T> left(f, "a", a), right(f, "b", b);
        submit(stream_ns(to.size()),
               [=, to = to.data(), a = left.data(), b = right.data(), n = to.size()] { run(to, a, b, n); });
    });
}

void bind_affine(py::array y, const py::array& x, double scale, double shift) {
    dispatch("affine", "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> to("affine", "y", y);
        require_size("affine", "x", x, to.size());
        const Input<T> from("affine", "x", x);
        submit(stream_ns(to.size()),
               [=, to = to.data(), x = from.data(), n = to.size()] { affine(to, x, scale, shift, n); });
    });
}

void bind_leaky_relu(py::array y, const py::array& x, double slope) {
    dispatch("leaky_relu", "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> to("leaky_relu", "y", y);
        require_size("leaky_relu", "x", x, to.size());
        const Input<T> from("leaky_relu", "x", x);
        submit(stream_ns(to.size()),
               [=, to = to.data(), x = from.data(), n = to.size()] { leaky_relu(to, x, slope, n); });
    });
}

void bind_leaky_relu_grad(py::array dx, const py::array& dy, const py::array& x, double slope) {
    binary("leaky_relu_grad", dx, dy, x,
           [=](auto* to, const auto* g, const auto* x, ptrdiff_t n) { leaky_relu_backward(to, g, x, slope, n); });
}

void bind_penalize(py::array value, const py::object& g, const py::array& w, double l1, double l2) {
    dispatch("penalize", "w", w, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> total("penalize", "value", value);
        require_size("penalize", "value", value, 1);
        const Input<T> weights("penalize", "w", w);
        T* gradient = nullptr;
        if (!g.is_none()) {
            auto array = require_array("penalize", "g", g);
            require_size("penalize", "g", array, weights.size());
            gradient = Output<T>("penalize", "g", array).data();
        }
        submit(stream_ns(weights.size()),
               [=, v = total.data(), w = weights.data(), n = weights.size()] { penalize(v, gradient, w, l1, l2, n); });
    });
}

void bind_make_non_negative(py::array w) {
    dispatch("make_non_negative", "w", w, [&](auto zero) {
        const Output<decltype(zero)> to("make_non_negative", "w", w);
        submit(stream_ns(to.size()), [w = to.data(), n = to.size()] { make_non_negative(w, n); });
    });
}

void bind_limit_column_norms(py::array w, double limit) {
    dispatch("limit_column_norms", "w", w, [&](auto zero) {
        const Output<decltype(zero)> to("limit_column_norms", "w", w);
        const ptrdiff_t c = w.ndim() ? w.shape(w.ndim() - 1) : 1, n = c ? to.size() / c : 0;
        submit(stream_ns(to.size()), [=, w = to.data()] { limit_column_norms(w, limit, n, c); });
    });
}

void bind_look_up(py::array y, const py::array& table, const py::array& x) {
    constexpr const char* f = "look_up";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(f, "table", table, 2);
        const ptrdiff_t rows = table.shape(0), c = table.shape(1), n = x.size();
        const Output<T> to(f, "y", y);
        require_size(f, "y", y, n * c);
        const Input<T> entries(f, "table", table), names(f, "x", x);
        submit(stream_ns(n * c),
               [=, to = to.data(), table = entries.data(), x = names.data()] { look_up(to, table, x, n, rows, c); });
    });
}

void bind_look_up_backward(py::array dtable, const py::array& dy, const py::array& x) {
    constexpr const char* f = "look_up_grad";
    dispatch(f, "dtable", dtable, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(f, "dtable", dtable, 2);
        const ptrdiff_t rows = dtable.shape(0), c = dtable.shape(1), n = x.size();
        const Output<T> to(f, "dtable", dtable);
        require_size(f, "dy", dy, n * c);
        const Input<T> gradient(f, "dy", dy), names(f, "x", x);
        submit(stream_ns(n * c + rows * c), [=, to = to.data(), dy = gradient.data(), x = names.data()] {
            look_up_backward(to, dy, x, n, rows, c);
        });
    });
}

void bind_require_finite(const py::array& x, const std::string& what) {
    dispatch("require_finite", "x", x, [&](auto zero) {
        const Input<decltype(zero)> values("require_finite", "x", x);
        submit(stream_ns(values.size()), [=, x = values.data(), n = values.size()] {
            if (!all_finite(x, n)) throw NotFinite(what + " must be finite, got NaN or inf");
        });
    });
}

}  // namespace

void bind_training(py::module_& m) {
    m.def("accumulate", &bind_accumulate, array("total"), array("value"), py::arg("weight"),
          "total[0] += weight value[0]");
    m.def("next_rate", &bind_next_rate, array("constants"), array("rates"), array("position"),
          "constants[0] = rates[position[0]]; position[0] += 1");
    m.def("append_rows", &bind_append_rows, array("kept"), array("rows"), array("position"),
          "kept[position[0]:][:len(rows)] = rows; position[0] += len(rows)");
    m.def("advance", &bind_advance, array("count"), py::arg("by"), "count[0] += by");
    m.def(
        "multiply",
        [](py::array out, const py::array& a, const py::array& b) {
            binary("multiply", out, a, b,
                   [](auto* to, const auto* x, const auto* y, ptrdiff_t n) { mmlcore::multiply(to, x, y, n); });
        },
        array("out"), array("a"), array("b"), "out = a b, element by element");
    m.def(
        "add",
        [](py::array out, const py::array& a, const py::array& b) {
            binary("add", out, a, b, [](auto* to, const auto* x, const auto* y, ptrdiff_t n) { add(to, x, y, n); });
        },
        array("out"), array("a"), array("b"), "out = a + b");
    m.def("affine", &bind_affine, array("y"), array("x"), py::arg("scale"), py::arg("shift"), "y = scale x + shift");
    m.def("leaky_relu", &bind_leaky_relu, array("y"), array("x"), py::arg("slope"),
          "y = x for x > 0, otherwise slope x");
    m.def("leaky_relu_grad", &bind_leaky_relu_grad, array("dx"), array("dy"), array("x"), py::arg("slope"),
          "dx = dy for x > 0, otherwise slope dy");
    m.def("penalize", &bind_penalize, array("value"), py::arg("g"), array("w"), py::arg("l1"), py::arg("l2"),
          "value += l1 sum |w| + l2 sum w^2, and its gradient to g, which may be None");
    m.def("make_non_negative", &bind_make_non_negative, array("w"), "w = max(w, 0)");
    m.def("limit_column_norms", &bind_limit_column_norms, array("w"), py::arg("limit"),
          "Scale every column of w whose norm is above limit to that norm");
    m.def("look_up", &bind_look_up, array("y"), array("table"), array("x"), "y[i] = table[x[i]]; NaN for no row");
    m.def("look_up_grad", &bind_look_up_backward, array("dtable"), array("dy"), array("x"),
          "dtable[r] = the sum of the dy[i] with x[i] = r");
    m.def("require_finite", &bind_require_finite, array("x"), py::arg("what"),
          "FloatingPointError that names `what` if x has NaN or inf");
}

}  // namespace mmlcore::bindings
