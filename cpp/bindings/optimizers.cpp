// <rule>_step(theta, slots, clock, grad, constants, spans) for every rule of kernels/optimizer_rules.h; clipping before
// it and averaging after it.

#include "kernels/optimizers.h"

#include <vector>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// A vector of float64 that is read when the kernel runs: what changes from step to step.
double* numbers(const char* function, const char* argument, const py::array& a, ptrdiff_t n) {
    if (dtype_of(a) != Dtype::float64) throw_type(function, argument, "float64", std::string(py::str(a.dtype())));
    require_shape(function, argument, a, {n});
    require_writeable(function, argument, a);
    if (!is_contiguous(a)) throw_value(function, argument, "aligned and contiguous", "other strides");
    note_use(a);
    return const_cast<double*>(static_cast<const double*>(a.data()));
}

// Pairs (begin, end) within a vector of n.
std::vector<Span> spans_of(const char* function, const py::array& spans, ptrdiff_t n) {
    require_ndim(function, "spans", spans, 2);
    require_shape(function, "spans", spans, {spans.shape(0), 2});
    const Indices flat(function, "spans", spans.attr("reshape")(-1).cast<py::array>());
    std::vector<Span> result;
    for (ptrdiff_t i = 0; i < flat.size(); i += 2) {
        const Span span{flat.data()[i], flat.data()[i + 1]};
        if (span.begin < 0 || span.end < span.begin || span.end > n)
            throw_value(function, "spans", "pairs 0 <= begin <= end <= " + std::to_string(n),
                        "(" + std::to_string(span.begin) + ", " + std::to_string(span.end) + ")");
        result.push_back(span);
    }
    return result;
}

void step(size_t rule, const char* function, py::array& theta, py::array& slots, const py::array& clock,
          const py::array& grad, const py::array& constants, const py::array& spans) {
    dispatch(function, "theta", theta, [&](auto zero) {
        using T = decltype(zero);
        const OptimizerKernel<T>& kernel = optimizer_kernels<T>()[rule];
        const Output<T> parameters(function, "theta", theta);
        const ptrdiff_t n = parameters.size();
        const Output<T> state(function, "slots", slots, {kernel.slots, n});
        if (grad.size() != n)
            throw_value(function, "grad", "of " + std::to_string(n) + " elements (as theta)", shape_text(grad));
        const Input<T> g(function, "grad", grad);
        const OptimizerStep<T> arguments{parameters.data(),
                                         state.data(),
                                         n,
                                         g.data(),
                                         numbers(function, "constants", constants, 2 + kernel.constants),
                                         numbers(function, "clock", clock, 2)};
        submit(optimizer_ns<T>(n, 3 + 2 * kernel.slots),
               [run = kernel.run, arguments, spans = spans_of(function, spans, n)] { run(arguments, spans); });
    });
}

void bind_clip_by_value(py::array g, const py::array& limit) {
    constexpr const char* function = "clip_by_value";
    dispatch(function, "g", g, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> gradient(function, "g", g);
        const double* bound = numbers(function, "limit", limit, 1);
        submit(optimizer_ns<T>(gradient.size(), 2),
               [=, g = gradient.data(), n = gradient.size()] { clip_by_value(g, bound, n); });
    });
}

void clip_spans(const char* function, bool together, py::array& g, const py::array& limit, const py::array& spans) {
    dispatch(function, "g", g, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> gradient(function, "g", g);
        const double* bound = numbers(function, "limit", limit, 1);
        submit(optimizer_ns<T>(gradient.size(), 3),
               [=, g = gradient.data(), spans = spans_of(function, spans, gradient.size())] {
                   together ? clip_by_global_norm(g, bound, spans) : clip_by_norm(g, bound, spans);
               });
    });
}

void bind_average(py::array average, const py::array& theta, const py::array& momentum, const py::array& clock) {
    constexpr const char* function = "average_parameters";
    dispatch(function, "average", average, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> mean(function, "average", average);
        if (theta.size() != mean.size())
            throw_value(function, "theta", "of " + std::to_string(mean.size()) + " elements (as average)",
                        shape_text(theta));
        const Input<T> present(function, "theta", theta);
        const double *keep = numbers(function, "momentum", momentum, 1), *steps = numbers(function, "clock", clock, 2);
        submit(optimizer_ns<T>(mean.size(), 3), [=, mean = mean.data(), theta = present.data(), n = mean.size()] {
            average_parameters(mean, theta, keep, steps, n);
        });
    });
}

}  // namespace

void bind_optimizers(py::module_& m) {
    const auto& kernels = optimizer_kernels<float>();
    py::dict rules;
    for (size_t rule = 0; rule < kernels.size(); ++rule) {
        const std::string name = kernels[rule].name;
        rules[name.c_str()] = py::make_tuple(kernels[rule].slots, kernels[rule].constants);
        m.def((name + "_step").c_str(),
              [rule, function = name + "_step"](py::array theta, py::array slots, const py::array& clock,
                                                const py::array& grad, const py::array& constants,
                                                const py::array& spans) {
                  step(rule, function.c_str(), theta, slots, clock, grad, constants, spans);
              },
              array("theta"), array("slots"), array("clock"), array("grad"), array("constants"), array("spans"),
              ("One step of " + name + " on the spans of theta; counts it in clock[0]").c_str());
    }
    m.attr("OPTIMIZER_RULES") = rules;

    m.def("clip_by_value", &bind_clip_by_value, array("g"), array("limit"), "g = min(max(g, -limit), limit)");
    m.def(
        "clip_by_norm",
        [](py::array g, const py::array& limit, const py::array& spans) {
            clip_spans("clip_by_norm", false, g, limit, spans);
        },
        array("g"), array("limit"), array("spans"), "Scale every span of g whose norm is above limit to that norm");
    m.def(
        "clip_by_global_norm",
        [](py::array g, const py::array& limit, const py::array& spans) {
            clip_spans("clip_by_global_norm", true, g, limit, spans);
        },
        array("g"), array("limit"), array("spans"), "Scale all spans of g to the norm limit if theirs is above it");
    m.def("average_parameters", &bind_average, array("average"), array("theta"), array("momentum"), array("clock"),
          "average += (1 - momentum)(theta - average); with a negative momentum the mean over the steps of clock");
}

}  // namespace mmlcore::bindings
