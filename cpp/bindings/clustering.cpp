#include <array>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/kmeans.h"
#include "kernels/mixture.h"

namespace mmlcore::bindings {
namespace {

// Points and what belongs to each of them.
template <class T>
struct Points {
    Points(const char* name, const py::array& x, const py::object& weights)
        : x((require_ndim(name, "x", x, 2), Input<T>(name, "x", x))),
          n(x.shape(0)),
          d(x.shape(1)),
          weights(name, "weights", weights, {n}) {}

    Input<T> x;
    ptrdiff_t n, d;
    OptionalInput<T> weights;
};

template <class T>
ptrdiff_t require_rows(const char* name, const char* argument, const py::array& a, ptrdiff_t d) {
    require_ndim(name, argument, a, 2);
    if (a.shape(0) < 1) throw_value(name, argument, "at least one row", shape_text(a));
    require_shape(name, argument, a, {a.shape(0), d});
    return a.shape(0);
}

// int32 (n), C-contiguous and writeable.
std::int32_t* labels_of(const char* name, py::array& labels, ptrdiff_t n) {
    if (!labels.dtype().is(py::dtype::of<std::int32_t>()))
        throw_type(name, "labels", "int32", std::string(py::str(labels.dtype())));
    require_shape(name, "labels", labels, {n});
    require_writeable(name, "labels", labels);
    if (!is_contiguous(labels)) throw_value(name, "labels", "C-contiguous", "other strides");
    note_use(labels);
    return static_cast<std::int32_t*>(labels.mutable_data());
}

void bind_nearest_centres(py::array labels, const py::object& distances, const py::object& sums,
                          const py::object& counts, const py::array& x, const py::object& weights,
                          const py::array& centres) {
    const char* name = "nearest_centres";
    dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Points<T> points(name, x, weights);
        const ptrdiff_t n = points.n, d = points.d, k = require_rows<T>(name, "centres", centres, d);
        const Input<T> C(name, "centres", centres);
        if (sums.is_none() != counts.is_none()) throw_value(name, "counts", "given where sums is", "one of them");
        std::int32_t* to = labels_of(name, labels, n);
        T* far = optional_output<T>(name, "distances", distances, {n});
        double* sum = optional_output<double>(name, "sums", sums, {k, d});
        double* count = optional_output<double>(name, "counts", counts, {k});
        for (const auto& [argument, out] : std::array<std::pair<const char*, py::object>, 4>{
                 {{"labels", labels}, {"distances", distances}, {"sums", sums}, {"counts", counts}}})
            require_apart(name, argument, out, {x, weights, centres});
        submit(kmeans_ns(n, d, k), [=, x = points.x.data(), w = points.weights.data(), c = C.data()] {
            nearest_centres(to, far, sum, count, x, w, c, n, d, k);
        });
    });
}

void bind_distances_to_candidates(py::array nearer, py::array potentials, const py::array& x, const py::object& weights,
                                  const py::array& centres, const py::object& closest) {
    const char* name = "distances_to_candidates";
    dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Points<T> points(name, x, weights);
        const ptrdiff_t n = points.n, d = points.d, k = require_rows<T>(name, "centres", centres, d);
        const Input<T> C(name, "centres", centres);
        const OptionalInput<T> before(name, "closest", closest, {n});
        const Output<T> to(name, "nearer", nearer, {k, n});
        const Output<double> sum(name, "potentials", potentials, {k});
        require_apart(name, "nearer", nearer, {x, weights, centres, closest, potentials});
        require_apart(name, "potentials", potentials, {x, weights, centres, closest});
        submit(kmeans_ns(n, d, k),
               [=, to = to.data(), sum = sum.data(), x = points.x.data(), w = points.weights.data(), c = C.data(),
                before = before.data()] { distances_to_candidates(to, sum, x, w, c, before, n, d, k); });
    });
}

Whitening whitening_of(const char* name, const std::string& kind) {
    if (kind == "full") return Whitening::full;
    if (kind == "shared") return Whitening::shared;
    if (kind == "diagonal") return Whitening::diagonal;
    throw_value(name, "whitening", "'full', 'shared' or 'diagonal'", "'" + kind + "'");
}

MixtureSums sums_of(const char* name, const py::object& weights, const py::object& first, const py::object& second,
                    ptrdiff_t K, ptrdiff_t d, Whitening whitening) {
    double* full = whitening == Whitening::full ? optional_output<double>(name, "second", second, {K, d, d})
                                                : optional_output<double>(name, "second", second, {K, d});
    const MixtureSums sums{optional_output<double>(name, "counts", weights, {K}),
                           optional_output<double>(name, "first", first, {K, d}), full};
    const bool second_fits = whitening == Whitening::shared ? !sums.second : !sums.second == !sums.weights;
    if (!sums.weights != !sums.first || !second_fits)
        throw_value(name, "second", "given where counts and first are, unless W is shared", "others");
    return sums;
}

void bind_mixture_expectation(const py::object& log_likelihood, const py::object& responsibilities,
                              const py::object& counts, const py::object& first, const py::object& second,
                              const py::object& total, const py::array& x, const py::object& weights,
                              const py::array& log_scales, const py::array& means, const py::array& W,
                              const std::string& whitening) {
    const char* name = "mixture_expectation";
    const Whitening kind = whitening_of(name, whitening);
    dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Points<T> points(name, x, weights);
        const ptrdiff_t n = points.n, d = points.d, K = require_rows<T>(name, "means", means, d);
        const Input<T> scales(name, "log_scales", log_scales, {K}), mu(name, "means", means), factor(name, "W", W);
        if (kind == Whitening::full) require_shape(name, "W", W, {K, d, d});
        if (kind == Whitening::shared) require_shape(name, "W", W, {d, d});
        if (kind == Whitening::diagonal) require_shape(name, "W", W, {K, d});
        T* likelihood = optional_output<T>(name, "log_likelihood", log_likelihood, {n});
        T* shares = optional_output<T>(name, "responsibilities", responsibilities, {n, K});
        const MixtureSums sums = sums_of(name, counts, first, second, K, d, kind);
        double* sum = optional_output<double>(name, "total", total, {1});
        for (const auto& [argument, out] :
             std::array<std::pair<const char*, py::object>, 6>{{{"log_likelihood", log_likelihood},
                                                                {"responsibilities", responsibilities},
                                                                {"counts", counts},
                                                                {"first", first},
                                                                {"second", second},
                                                                {"total", total}}})
            require_apart(name, argument, out, {x, weights, log_scales, means, W});
        submit(mixture_ns(n, K, d), [=, x = points.x.data(), w = points.weights.data(),
                                     mixture = Mixture<T>{scales.data(), mu.data(), factor.data(), K, d, kind}] {
            mixture_expectation(likelihood, shares, sums.weights ? &sums : nullptr, sum, x, w, n, mixture);
        });
    });
}

void bind_mixture_sums(py::array counts, py::array first, const py::object& second, const py::array& x,
                       const py::array& responsibilities, const py::object& weights, const py::array& means,
                       const std::string& whitening) {
    const char* name = "mixture_sums";
    const Whitening kind = whitening_of(name, whitening);
    dispatch(name, "x", x, [&](auto zero) {
        using T = decltype(zero);
        const Points<T> points(name, x, weights);
        const ptrdiff_t n = points.n, d = points.d, K = require_rows<T>(name, "means", means, d);
        const Input<T> mu(name, "means", means), r(name, "responsibilities", responsibilities, {n, K});
        const MixtureSums sums = sums_of(name, counts, first, second, K, d, kind);
        require_apart(name, "counts", counts, {x, responsibilities, weights, means});
        require_apart(name, "first", first, {x, responsibilities, weights, means});
        require_apart(name, "second", second, {x, responsibilities, weights, means});
        submit(mixture_ns(n, K, d), [=, x = points.x.data(), w = points.weights.data(), mu = mu.data(), r = r.data()] {
            mixture_sums(sums, x, r, w, mu, n, K, d, kind);
        });
    });
}

}  // namespace

void bind_clustering(py::module_& m) {
    m.def("nearest_centres", &bind_nearest_centres, py::arg("labels").noconvert(), py::arg("distances"),
          py::arg("sums"), py::arg("counts"), py::arg("x").noconvert(), py::arg("weights"),
          py::arg("centres").noconvert(),
          "labels: the nearest centre of each row of x; distances: squared; sums, counts: weighted, over each label");
    m.def("distances_to_candidates", &bind_distances_to_candidates, py::arg("nearer").noconvert(),
          py::arg("potentials").noconvert(), py::arg("x").noconvert(), py::arg("weights"),
          py::arg("centres").noconvert(), py::arg("closest"),
          "nearer (k, n): the squared distances to each centre, at most closest; potentials: their weighted sums");
    m.def(
        "mixture_expectation", &bind_mixture_expectation, py::arg("log_likelihood"), py::arg("responsibilities"),
        py::arg("counts"), py::arg("first"), py::arg("second"), py::arg("total"), py::arg("x").noconvert(),
        py::arg("weights"), py::arg("log_scales").noconvert(), py::arg("means").noconvert(), py::arg("W").noconvert(),
        py::arg("whitening"),
        "log sum_k exp(log_scales_k - |W_k (x - means_k)|^2 / 2), responsibilities and their moments about the means");
    m.def("mixture_sums", &bind_mixture_sums, py::arg("counts").noconvert(), py::arg("first").noconvert(),
          py::arg("second"), py::arg("x").noconvert(), py::arg("responsibilities").noconvert(), py::arg("weights"),
          py::arg("means").noconvert(), py::arg("whitening"),
          "the moments of the rows of x about the means, by their responsibilities");
}

}  // namespace mmlcore::bindings
