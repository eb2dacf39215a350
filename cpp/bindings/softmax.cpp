#include "kernels/softmax.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// The shape of a matrix argument: n rows of c columns, c > 0 unless there are no rows.
struct Rows {
    ptrdiff_t n, c;

    Rows(const char* function, const char* argument, const py::array& a) {
        require_ndim(function, argument, a, 2);
        n = a.shape(0);
        c = a.shape(1);
        if (n > 0 && c == 0) throw_value(function, argument, "a matrix with at least one column", shape_text(a));
    }
};

void bind_softmax_call(py::array y, const py::array& x) {
    dispatch("softmax", "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows("softmax", "x", x);
        const Output<T> out("softmax", "y", y, {rows.n, rows.c});
        const Input<T> in("softmax", "x", x);
        submit(softmax_ns<T>(rows.n, rows.c),
               [=, out = out.data(), in = in.data()] { softmax(out, in, rows.n, rows.c); });
    });
}

void bind_log_softmax_call(py::array y, const py::array& x) {
    dispatch("log_softmax", "y", y, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows("log_softmax", "x", x);
        require_apart("log_softmax", "y", y, {x});  // y holds exponentials while x is still read
        const Output<T> out("log_softmax", "y", y, {rows.n, rows.c});
        const Input<T> in("log_softmax", "x", x);
        submit(softmax_ns<T>(rows.n, rows.c),
               [=, out = out.data(), in = in.data()] { log_softmax(out, in, rows.n, rows.c); });
    });
}

Indices labels_of(const char* function, const py::array& labels, Rows rows) {
    const Indices checked(function, "labels", labels);
    require_shape(function, "labels", labels, {rows.n});
    checked.require_below(rows.c);
    return checked;
}

template <class Run>
void bind_rows_grad(const char* function, py::array& dx, const py::array& dy, const py::array& y, Run&& run) {
    dispatch(function, "dx", dx, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows(function, "y", y);
        const Output<T> out(function, "dx", dx, {rows.n, rows.c});
        const Input<T> gradient(function, "dy", dy, {rows.n, rows.c}), values(function, "y", y);
        submit(softmax_ns<T>(rows.n, rows.c),
               [=, out = out.data(), g = gradient.data(), p = values.data()] { run(out, g, p, rows.n, rows.c); });
    });
}

void bind_hard(py::array loss, py::array p, const py::array& logits, const py::array& labels) {
    constexpr const char* function = "softmax_cross_entropy";
    dispatch(function, "loss", loss, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows(function, "logits", logits);
        const Output<T> loss_out(function, "loss", loss, {rows.n}), p_out(function, "p", p, {rows.n, rows.c});
        const Input<T> z(function, "logits", logits);
        const Indices label = labels_of(function, labels, rows);
        submit(softmax_ns<T>(rows.n, rows.c),
               [=, loss = loss_out.data(), p = p_out.data(), z = z.data(), label = label.data()] {
                   cross_entropy(loss, p, z, label, rows.n, rows.c);
               });
    });
}

void bind_hard_backward(py::array dz, const py::array& p, const py::array& labels, const py::array& g) {
    constexpr const char* function = "softmax_cross_entropy_grad";
    dispatch(function, "dz", dz, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows(function, "p", p);
        const Output<T> out(function, "dz", dz, {rows.n, rows.c});
        const Input<T> p_in(function, "p", p), g_in(function, "g", g, {rows.n});
        const Indices label = labels_of(function, labels, rows);
        submit(softmax_backward_ns<T>(rows.n, rows.c),
               [=, out = out.data(), p = p_in.data(), g = g_in.data(), label = label.data()] {
                   cross_entropy_backward(out, p, label, g, rows.n, rows.c);
               });
    });
}

void bind_soft(py::array loss, py::array p, const py::array& logits, const py::array& targets) {
    constexpr const char* function = "softmax_cross_entropy_soft";
    dispatch(function, "loss", loss, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows(function, "logits", logits);
        const Output<T> loss_out(function, "loss", loss, {rows.n}), p_out(function, "p", p, {rows.n, rows.c});
        const Input<T> z(function, "logits", logits), t(function, "targets", targets, {rows.n, rows.c});
        submit(2 * softmax_ns<T>(rows.n, rows.c),
               [=, loss = loss_out.data(), p = p_out.data(), z = z.data(), t = t.data()] {
                   soft_cross_entropy(loss, p, z, t, rows.n, rows.c);
               });
    });
}

void bind_soft_backward(py::array dz, const py::array& p, const py::array& targets, const py::array& g) {
    constexpr const char* function = "softmax_cross_entropy_soft_grad";
    dispatch(function, "dz", dz, [&](auto zero) {
        using T = decltype(zero);
        const Rows rows(function, "p", p);
        const Output<T> out(function, "dz", dz, {rows.n, rows.c});
        const Input<T> p_in(function, "p", p), t(function, "targets", targets, {rows.n, rows.c});
        const Input<T> g_in(function, "g", g, {rows.n});
        submit(2 * softmax_backward_ns<T>(rows.n, rows.c),
               [=, out = out.data(), p = p_in.data(), t = t.data(), g = g_in.data()] {
                   soft_cross_entropy_backward(out, p, t, g, rows.n, rows.c);
               });
    });
}

}  // namespace

void bind_softmax(py::module_& m) {
    m.def("softmax", &bind_softmax_call, array("y"), array("x"), "y = the softmax of each row of x");
    m.def("log_softmax", &bind_log_softmax_call, array("y"), array("x"), "y = the logarithm of softmax(x)");
    m.def(
        "softmax_grad",
        [](py::array dx, const py::array& dy, const py::array& y) {
            bind_rows_grad("softmax_grad", dx, dy, y, [](auto* out, const auto* g, const auto* p, auto n, auto c) {
                softmax_backward(out, g, p, n, c);
            });
        },
        array("dx"), array("dy"), array("y"), "dx = y (dy - sum of dy y) for each row, where y = softmax(x)");
    m.def(
        "log_softmax_grad",
        [](py::array dx, const py::array& dy, const py::array& y) {
            bind_rows_grad("log_softmax_grad", dx, dy, y, [](auto* out, const auto* g, const auto* p, auto n, auto c) {
                log_softmax_backward(out, g, p, n, c);
            });
        },
        array("dx"), array("dy"), array("y"), "dx = dy - exp(y) sum of dy for each row, where y = log_softmax(x)");
    m.def("softmax_cross_entropy", &bind_hard, array("loss"), array("p"), array("logits"), array("labels"),
          "p = softmax(logits), loss = logsumexp(logits) - logits[label] for each row");
    m.def("softmax_cross_entropy_grad", &bind_hard_backward, array("dz"), array("p"), array("labels"), array("g"),
          "dz = (p - onehot(labels)) g");
    m.def("softmax_cross_entropy_soft", &bind_soft, array("loss"), array("p"), array("logits"), array("targets"),
          "p = softmax(logits), loss = -sum of targets * log p for each row");
    m.def("softmax_cross_entropy_soft_grad", &bind_soft_backward, array("dz"), array("p"), array("targets"), array("g"),
          "dz = (p * sum(targets) - targets) g");
}

}  // namespace mmlcore::bindings
