#include "bindings/arrays.h"

#include <new>
#include <utility>

#include "bindings/recording.h"
#include "kernels/workspace.h"

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

bool overlap(const py::array& x, const py::array& y) {
    auto span = [](const py::array& a) {
        const char *low = static_cast<const char*>(a.data()), *high = low;
        for (ptrdiff_t axis = 0; axis < a.ndim(); ++axis) {
            if (a.shape(axis) == 0) return std::make_pair(low, low);
            const ptrdiff_t reach = (a.shape(axis) - 1) * a.strides(axis);
            (reach < 0 ? low : high) += reach;
        }
        return std::make_pair(low, high + a.itemsize());
    };
    const auto [x_low, x_high] = span(x);
    const auto [y_low, y_high] = span(y);
    return x_low < y_high && y_low < x_high;
}

void require_apart(const char* function, const char* argument, const py::object& out,
                   std::initializer_list<py::object> inputs) {
    if (out.is_none()) return;
    for (const py::object& input : inputs)
        if (!input.is_none() &&
            overlap(require_array(function, argument, out), require_array(function, "every input", input)))
            throw_value(function, argument, "apart from the inputs in memory", "an overlap");
}

py::array contiguous(const py::array& a) {
    if (is_contiguous(a)) return a;
    if (recording_now()) throw_value("Recording", "every array", "C-contiguous and aligned", "one of other strides");
    py::array copy = py::array::ensure(a, py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_);
    if (!copy) throw std::bad_alloc();  // a view may stand for more elements than there is memory
    return copy;
}

void note_use(const py::array& a) {
    if (Recording* recording = recording_now()) recording->keep(a);
}

py::array new_array(Dtype dtype, const ptrdiff_t* shape, int ndim) {
    constexpr std::size_t kWorthKeeping = std::size_t{1} << 19;
    const auto& numpy = py::detail::npy_api::get();
    const bool single = dtype == Dtype::float32;
    std::size_t bytes = single ? 4 : 8;
    for (int axis = 0; axis < ndim; ++axis)
        if (__builtin_mul_overflow(bytes, static_cast<std::size_t>(shape[axis]), &bytes)) throw std::bad_alloc();

    Block block;
    py::object owner;
    if (bytes >= kWorthKeeping) {
        block = take_result_memory(bytes);
        owner = py::reinterpret_steal<py::object>(PyCapsule_New(block.memory, nullptr, [](PyObject* capsule) {
            give_back_result_memory(
                {PyCapsule_GetPointer(capsule, nullptr), reinterpret_cast<std::size_t>(PyCapsule_GetContext(capsule))});
        }));
        if (!owner) {
            give_back_result_memory(block);
            throw py::error_already_set();
        }
        PyCapsule_SetContext(owner.ptr(), reinterpret_cast<void*>(block.bytes));
    }
    constexpr int kOfOthers =
        py::array::c_style | py::detail::npy_api::NPY_ARRAY_WRITEABLE_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    PyObject* descr =
        numpy.PyArray_DescrFromType_(single ? py::detail::npy_api::NPY_FLOAT_ : py::detail::npy_api::NPY_DOUBLE_);
    auto result = py::reinterpret_steal<py::array>(numpy.PyArray_NewFromDescr_(
        numpy.PyArray_Type_, descr, ndim, shape, nullptr, block.memory, block.memory ? kOfOthers : 0, nullptr));
    if (!result || (owner && numpy.PyArray_SetBaseObject_(result.ptr(), owner.release().ptr()) != 0))
        throw py::error_already_set();
    return result;
}

}  // namespace mmlcore::bindings
