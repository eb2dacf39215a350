// Images and the windows that move over them, at the border.
#pragma once

#include <pybind11/stl.h>

#include "bindings/arrays.h"
#include "kernels/images.h"

namespace mmlcore::bindings {

// Of an extent: sums and products of two do not overflow.
constexpr ptrdiff_t kMostExtent = ptrdiff_t{1} << 31;

// What the caller says about a sweep; the shapes of the arrays say the rest.
struct Window {
    Extent stride, dilation, before;
    ptrdiff_t groups;
    Layout layout;
};

inline ptrdiff_t require_between(const char* f, const char* argument, ptrdiff_t value, ptrdiff_t least,
                                 ptrdiff_t most) {
    if (value < least || value > most)
        throw_value(f, argument, "from " + std::to_string(least) + " to " + std::to_string(most),
                    std::to_string(value));
    return value;
}

inline ptrdiff_t channels_of(const py::array& x, Layout layout) {
    return x.shape(layout == Layout::channels_last ? 4 : 1);
}

inline Extent extent_of(const py::array& x, Layout layout) {
    const int first = layout == Layout::channels_last ? 1 : 2;
    return {x.shape(first), x.shape(first + 1), x.shape(first + 2)};
}

// The numbers of a C-contiguous array: a recording keeps the array, so there must not be a copy.
template <class T>
const T* whole(const char* f, const char* argument, const py::array& a) {
    if (!is_contiguous(a)) throw_value(f, argument, "C-contiguous", "other strides");
    return Input<T>(f, argument, a).data();
}

template <class T>
const T* whole(const char* f, const char* argument, const py::array& a, std::initializer_list<ptrdiff_t> shape) {
    require_shape(f, argument, a, shape);
    return whole<T>(f, argument, a);
}

}  // namespace mmlcore::bindings
