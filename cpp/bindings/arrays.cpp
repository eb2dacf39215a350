#include "bindings/arrays.h"

#include <new>

#include "bindings/recording.h"

namespace mmlcore::bindings {
namespace {

template <class Iterator>
std::string joined(Iterator begin, Iterator end) {
    std::string text = "(";
    for (Iterator i = begin; i != end; ++i) {
        if (i != begin) text += ", ";
        text += std::to_string(*i);
    }
    return text + (end - begin == 1 ? ",)" : ")");
}

std::string sentence(const char* function, const char* argument, const std::string& expectation,
                     const std::string& got) {
    return std::string(function) + ": " + argument + " must be " + expectation + ", got " + got;
}

}  // namespace

void throw_value(const char* function, const char* argument, const std::string& expectation, const std::string& got) {
    throw py::value_error(sentence(function, argument, expectation, got));
}

void throw_type(const char* function, const char* argument, const std::string& expectation, const std::string& got) {
    throw py::type_error(sentence(function, argument, expectation, got));
}

std::string shape_text(const py::array& a) {
    return joined(a.shape(), a.shape() + a.ndim());
}

std::string shape_text(std::initializer_list<ptrdiff_t> shape) {
    return joined(shape.begin(), shape.end());
}

Dtype dtype_of(const py::array& a) {
    // The type number alone says nothing of the byte order.
    const auto* descr = py::detail::array_descriptor_proxy(py::detail::array_proxy(a.ptr())->descr);
    if (descr->byteorder == '>') return Dtype::other;
    if (descr->type_num == py::detail::npy_api::NPY_FLOAT_) return Dtype::float32;
    if (descr->type_num == py::detail::npy_api::NPY_DOUBLE_) return Dtype::float64;
    return Dtype::other;
}

void require_ndim(const char* function, const char* argument, const py::array& a, ptrdiff_t ndim) {
    if (a.ndim() != ndim)
        throw_value(function, argument, std::to_string(ndim) + "-dimensional",
                    std::to_string(a.ndim()) + " dimensions");
}

void require_shape(const char* function, const char* argument, const py::array& a,
                   std::initializer_list<ptrdiff_t> shape) {
    bool same = a.ndim() == static_cast<ptrdiff_t>(shape.size());
    ptrdiff_t axis = 0;
    for (ptrdiff_t extent : shape) same = same && a.shape(axis++) == extent;
    if (!same) throw_value(function, argument, "of shape " + shape_text(shape), shape_text(a));
}

void require_writeable(const char* function, const char* argument, const py::array& a) {
    if (!a.writeable()) throw_value(function, argument, "writeable", "a read-only array");
}

bool is_contiguous(const py::array& a) {
    constexpr int needed = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    return (a.flags() & needed) == needed;
}

py::array contiguous(const py::array& a) {
    if (is_contiguous(a)) return a;
    if (recording_now()) throw_value("Recording", "every array", "C-contiguous and aligned", "one of other strides");
    py::array copy = py::array::ensure(a, py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_);
    if (!copy) throw std::bad_alloc();  // a view may stand for more elements than there is memory
    return copy;
}

void note_read(const char* function, const char* argument, const py::array& a) {
    if (Recording* recording = recording_now()) recording->reads(function, argument, a);
}

void note_write(const py::array& a) {
    if (Recording* recording = recording_now()) recording->writes(a);
}

}  // namespace mmlcore::bindings
