#include "kernels/optimizers.h"

#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

void require_size(const char* function, const char* argument, const py::array& a, ptrdiff_t n) {
    if (a.size() != n)
        throw_value(function, argument, "of " + std::to_string(n) + " elements (as theta)", shape_text(a));
}

// A vector of θ's size and dtype that is updated in place.
template <class T>
T* state(const char* function, const char* argument, py::array& a, ptrdiff_t n) {
    const Output<T> checked(function, argument, a);
    require_size(function, argument, a, n);
    return checked.data();
}

const double* rate_of(const char* function, const py::array& lr) {
    if (dtype_of(lr) != Dtype::float64) throw_type(function, "lr", "float64", std::string(py::str(lr.dtype())));
    require_shape(function, "lr", lr, {1});
    if (!is_contiguous(lr)) throw_value(function, "lr", "aligned", "other strides");
    return static_cast<const double*>(lr.data());
}

void bind_sgd(py::array theta, std::optional<py::array> velocity, const py::array& grad, const py::array& lr,
              double momentum, bool nesterov) {
    dispatch("sgd", "theta", theta, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> parameters("sgd", "theta", theta);
        const ptrdiff_t n = parameters.size();
        T* v = velocity ? state<T>("sgd", "velocity", *velocity, n) : nullptr;
        require_size("sgd", "grad", grad, n);
        const Input<T> g("sgd", "grad", grad);
        const double* rate = rate_of("sgd", lr);
        submit(optimizer_ns<T>(n, v ? 5 : 3),
               [=, theta = parameters.data(), g = g.data()] { sgd(theta, v, g, rate, momentum, nesterov, n); });
    });
}

void bind_adam(py::array theta, py::array m, py::array v, py::array step, const py::array& grad, const py::array& lr,
               double beta1, double beta2, double epsilon) {
    dispatch("adam", "theta", theta, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> parameters("adam", "theta", theta);
        const ptrdiff_t n = parameters.size();
        T* mean = state<T>("adam", "m", m, n);
        T* square = state<T>("adam", "v", v, n);
        std::int64_t* t = counter("adam", "step", step);
        require_size("adam", "grad", grad, n);
        const Input<T> g("adam", "grad", grad);
        const double* rate = rate_of("adam", lr);
        submit(optimizer_ns<T>(n, 7), [=, theta = parameters.data(), g = g.data()] {
            adam(theta, mean, square, t, g, rate, beta1, beta2, epsilon, n);
        });
    });
}

py::arg array(const char* name) {
    return py::arg(name).noconvert();
}

}  // namespace

void bind_optimizers(py::module_& m) {
    m.def("sgd", &bind_sgd, array("theta"), array("velocity").none(true), array("grad"), array("lr"),
          py::arg("momentum"), py::arg("nesterov"),
          "velocity = momentum velocity - lr grad; theta += velocity (nesterov: momentum velocity - lr grad)");
    m.def("adam", &bind_adam, array("theta"), array("m"), array("v"), array("step"), array("grad"), array("lr"),
          py::arg("beta1"), py::arg("beta2"), py::arg("epsilon"), "One step of Adam; increments step[0] first");
}

}  // namespace mmlcore::bindings
