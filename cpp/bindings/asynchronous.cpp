#include "kernels/asynchronous.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"
#include "kernels/threads.h"

namespace mmlcore::bindings {
namespace {

void bind_epoch(py::array theta, const py::array& x, const py::array& y, const py::array& order, double rate,
                double penalty, bool logistic, int threads) {
    constexpr const char* f = "asynchronous_epoch";
    dispatch(f, "theta", theta, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(f, "x", x, 2);
        const ptrdiff_t m = x.shape(0), n = x.shape(1);
        const Output<T> parameters(f, "theta", theta, {n + 1});
        const Input<T> inputs(f, "x", x), targets(f, "y", y, {m});
        const Indices rows(f, "order", order);
        require_shape(f, "order", order, {m});
        rows.require_below(m);
        require_apart(f, "theta", theta, {x, y, order});
        if (threads < 0) throw_value(f, "threads", "at least 0", std::to_string(threads));
        const int count = threads ? threads : thread_count();
        submit(asynchronous_ns(m, n),
               [=, theta = parameters.data(), x = inputs.data(), y = targets.data(), rows = rows.data()] {
                   asynchronous_epoch(theta, x, y, rows, rate, penalty,
                                      logistic ? LinearLoss::logistic : LinearLoss::squared, count, m, n);
               });
    });
}

}  // namespace

void bind_asynchronous(py::module_& m) {
    m.def("asynchronous_epoch", &bind_epoch, array("theta"), array("x"), array("y"), array("order"), py::arg("rate"),
          py::arg("penalty"), py::arg("logistic"), py::arg("threads"),
          "One pass of stochastic gradient descent on a linear or logistic model by threads that share theta");
}

}  // namespace mmlcore::bindings
