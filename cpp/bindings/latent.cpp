#include "kernels/latent.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// n and d of codes (n × 2 d).
std::pair<ptrdiff_t, ptrdiff_t> code_sizes(const char* function, const py::array& code) {
    require_ndim(function, "code", code, 2);
    if (code.shape(1) % 2 != 0) throw_value(function, "code", "of an even number of columns", shape_text(code));
    return {code.shape(0), code.shape(1) / 2};
}

void bind_sample_code(py::array z, const py::array& code, const py::array& noise) {
    constexpr const char* f = "sample_code";
    dispatch(f, "z", z, [&](auto zero) {
        using T = decltype(zero);
        const auto [n, d] = code_sizes(f, code);
        const Output<T> to(f, "z", z, {n, d});
        const Input<T> from(f, "code", code), normal(f, "noise", noise, {n, d});
        require_apart(f, "z", z, {code, noise});
        submit(latent_ns(n, d), [=, n = n, d = d, to = to.data(), code = from.data(), noise = normal.data()] {
            sample_code(to, code, noise, n, d);
        });
    });
}

void bind_sample_code_grad(py::array dcode, const py::array& dz, const py::array& code, const py::array& noise) {
    constexpr const char* f = "sample_code_grad";
    dispatch(f, "dcode", dcode, [&](auto zero) {
        using T = decltype(zero);
        const auto [n, d] = code_sizes(f, code);
        const Output<T> to(f, "dcode", dcode, {n, 2 * d});
        const Input<T> slope(f, "dz", dz, {n, d}), from(f, "code", code), normal(f, "noise", noise, {n, d});
        require_apart(f, "dcode", dcode, {dz, code, noise});
        submit(latent_ns(n, d), [=, n = n, d = d, to = to.data(), dz = slope.data(), code = from.data(),
                                 noise = normal.data()] { sample_code_backward(to, dz, code, noise, n, d); });
    });
}

void bind_code_divergence(py::array kl, py::array value, py::array dcode, const py::array& code,
                          const py::object& weights, const py::array& labels, const py::array& centres,
                          const py::array& beta) {
    constexpr const char* f = "code_divergence";
    dispatch(f, "dcode", dcode, [&](auto zero) {
        using T = decltype(zero);
        const auto [n, d] = code_sizes(f, code);
        const Output<T> mean(f, "kl", kl, {1}), total(f, "value", value, {1}), to(f, "dcode", dcode, {n, 2 * d});
        require_ndim(f, "centres", centres, 2);
        const ptrdiff_t k = centres.shape(0);
        const Input<T> from(f, "code", code), middle(f, "centres", centres, {k, d});
        const Indices names(f, "labels", labels);
        if (names.size() != n) throw_value(f, "labels", "of " + std::to_string(n) + " elements", shape_text(labels));
        const Input<double> factor(f, "beta", beta, {2});
        const OptionalInput<T> each(f, "weights", weights, {n});
        require_apart(f, "dcode", dcode, {code, centres, kl, value, weights});
        require_apart(f, "kl", kl, {code, centres, value});
        const CodeDivergence<T> divergence{
            from.data(), each.data(), names.data(), middle.data(), factor.data(), n, d, k};
        submit(latent_ns(n, d),
               [=, kl = mean.data(), value = total.data(), dcode = to.data()] { divergence.run(kl, value, dcode); });
    });
}

}  // namespace

void bind_latent(py::module_& m) {
    m.def("sample_code", &bind_sample_code, array("z"), array("code"), array("noise"),
          "z = mu + exp(l/2) noise, the rows of code being [mu | l]");
    m.def("sample_code_grad", &bind_sample_code_grad, array("dcode"), array("dz"), array("code"), array("noise"),
          "The gradient of sample_code with respect to code");
    m.def("code_divergence", &bind_code_divergence, array("kl"), array("value"), array("dcode"), array("code"),
          py::arg("weights"), array("labels"), array("centres"), array("beta"),
          "kl = the weighted mean divergence of the codes from N(centre, 1); value += beta times it, dcode += the "
          "gradient; beta[1] counts with a centre, beta[0] without");
}

}  // namespace mmlcore::bindings
