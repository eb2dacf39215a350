// What bindings share that look at their arguments without converting them and answer with new arrays: NotImplemented
// to all but the common case, for which Python has a longer way.
#pragma once

#include "bindings/arrays.h"

namespace mmlcore::bindings {

// An ndarray itself, no subclass.
inline bool is_plain_array(py::handle x) {
    return reinterpret_cast<PyObject*>(Py_TYPE(x.ptr())) ==
           reinterpret_cast<PyObject*>(py::detail::npy_api::get().PyArray_Type_);
}

inline py::object not_implemented() {
    return py::reinterpret_borrow<py::object>(Py_NotImplemented);
}

// NumPy's answer: a scalar for a single number.
inline py::object finished(const py::array& a) {
    if (a.ndim() == 0) return a[py::tuple()];
    return a;
}

inline py::object number(double value) {
    py::array a = new_array(Dtype::float64, nullptr, 0);
    *static_cast<double*>(a.mutable_data()) = value;
    return finished(a);
}

// A new array like `a`, its elements not set.
inline py::array new_like(const py::array& a, Dtype dtype) {
    return new_array(dtype, a.shape(), static_cast<int>(a.ndim()));
}

inline bool same_shape(const py::array& a, const py::array& b) {
    bool same = a.ndim() == b.ndim();
    for (ptrdiff_t axis = 0; same && axis < a.ndim(); ++axis) same = a.shape(axis) == b.shape(axis);
    return same;
}

}  // namespace mmlcore::bindings
