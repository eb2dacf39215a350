// sum, mean, max (out, x, first, last): over the axes [first, last) of x; sum_of, mean_of, max_of (x): over all.

#include "kernels/reduce.h"

#include "bindings/answers.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// x seen as (outer, middle, inner), middle being the axes [first, last).
struct View {
    ptrdiff_t outer = 1, middle = 1, inner = 1;

    View(const char* function, const py::array& x, ptrdiff_t first, ptrdiff_t last) {
        if (first < 0 || last < first || last > x.ndim())
            throw_value(function, "first, last", "axes with 0 <= first <= last <= " + std::to_string(x.ndim()),
                        std::to_string(first) + ", " + std::to_string(last));
        for (ptrdiff_t axis = 0; axis < x.ndim(); ++axis)
            (axis < first ? outer : axis < last ? middle : inner) *= x.shape(axis);
    }
};

enum class EmptyMiddle { allowed, refused };

template <class T>
using Kernel = void (*)(T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);

void reduce(const char* function, Kernel<float> single, Kernel<double> dbl, EmptyMiddle empty, py::array& out,
            const py::array& x, ptrdiff_t first, ptrdiff_t last) {
    dispatch(function, "out", out, [&](auto zero) {
        using T = decltype(zero);
        const View view(function, x, first, last);
        const Output<T> to(function, "out", out);
        const Input<T> from(function, "x", x);
        if (to.size() != view.outer * view.inner)
            throw_value(function, "out", "of " + std::to_string(view.outer * view.inner) + " elements",
                        shape_text(out));
        if (empty == EmptyMiddle::refused && view.middle == 0 && to.size() > 0)
            throw_value(function, "x", "non-empty along the reduced axes", shape_text(x));

        Kernel<T> kernel;
        if constexpr (sizeof(T) == 4)
            kernel = single;
        else
            kernel = dbl;
        submit(reduce_ns(static_cast<double>(from.size()) * sizeof(T)),
               [=, to = to.data(), from = from.data()] { kernel(to, from, view.outer, view.middle, view.inner); });
    });
}

template <class T>
py::object total(Kernel<T> kernel, const py::array& x, Dtype dtype) {
    const py::array from = contiguous(x);
    py::array out = new_array(dtype, nullptr, 0);
    const ptrdiff_t n = from.size();
    run_now(reduce_ns(static_cast<double>(n) * sizeof(T)),
            [=, to = static_cast<T*>(out.mutable_data()), x = static_cast<const T*>(from.data())] {
                kernel(to, x, 1, n, 1);
            });
    return finished(out);
}

py::object reduce_all(Kernel<float> single, Kernel<double> dbl, EmptyMiddle empty, py::handle x) {
    if (recording_now()) return not_implemented();
    if (PyFloat_Check(x.ptr())) return number(PyFloat_AS_DOUBLE(x.ptr()));  // numpy.float64 included
    if (!is_plain_array(x)) return not_implemented();
    const auto a = py::reinterpret_borrow<py::array>(x);
    const Dtype dtype = dtype_of(a);
    if (dtype == Dtype::other || (empty == EmptyMiddle::refused && a.size() == 0)) return not_implemented();
    return dtype == Dtype::float32 ? total(single, a, dtype) : total(dbl, a, dtype);
}

void define(py::module_& m, const char* name, Kernel<float> single, Kernel<double> dbl, EmptyMiddle empty,
            const char* doc) {
    m.def(
        name,
        [=](py::array out, const py::array& x, ptrdiff_t first, ptrdiff_t last) {
            reduce(name, single, dbl, empty, out, x, first, last);
        },
        py::arg("out").noconvert(), py::arg("x").noconvert(), py::arg("first"), py::arg("last"), doc);
    m.def((std::string(name) + "_of").c_str(), [=](py::handle x) { return reduce_all(single, dbl, empty, x); },
          py::arg("x"),
          ("The " + std::string(name) +
           " of all elements; NotImplemented for all but float32 and float64 arrays, "
           "and floats.")
              .c_str());
}

}  // namespace

void bind_reduce(py::module_& m) {
    define(m, "sum", &reduce_sum<float>, &reduce_sum<double>, EmptyMiddle::allowed,
           "out = the sum of x over the axes [first, last)");
    define(m, "mean", &reduce_mean<float>, &reduce_mean<double>, EmptyMiddle::refused,
           "out = the mean of x over the axes [first, last)");
    define(m, "max", &reduce_max<float>, &reduce_max<double>, EmptyMiddle::refused,
           "out = the maximum of x over the axes [first, last); NaN where any is NaN");
}

}  // namespace mmlcore::bindings
