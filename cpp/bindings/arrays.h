// The border: what every binding does with its arguments before a kernel sees a pointer.
//
//   Input<T>   any strides; data() is C-contiguous (copied only if it was not)
//   Output<T>  must be C-contiguous, writeable, of the stated shape; written in place
//   Matrix<T>  two-dimensional, read through its strides without a copy
//
// Each takes the function's and the argument's name, so that the message says
// "<function>: <argument> must be <expectation>, got <value>".
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>

#include "kernels/gemm.h"

namespace mmlcore::bindings {

namespace py = pybind11;
using std::ptrdiff_t;

// ---- errors -------------------------------------------------------------------------------------------------

[[noreturn]] void throw_value(const char* function, const char* argument, const std::string& expectation,
                              const std::string& got);
[[noreturn]] void throw_type(const char* function, const char* argument, const std::string& expectation,
                             const std::string& got);

std::string shape_text(const py::array& a);
std::string shape_text(std::initializer_list<ptrdiff_t> shape);

// ---- dtypes -------------------------------------------------------------------------------------------------

enum class Dtype { float32, float64, other };
Dtype dtype_of(const py::array& a);

// Calls f(float{}) or f(double{}) by the dtype of `a`, else TypeError.
template <class F>
auto dispatch(const char* function, const char* argument, const py::array& a, F&& f) {
    switch (dtype_of(a)) {
        case Dtype::float32:
            return f(float{});
        case Dtype::float64:
            return f(double{});
        default:
            throw_type(function, argument, "float32 or float64", std::string(py::str(a.dtype())));
    }
}

// Tells the recording, if one is made, to keep an array that a command is about to use.
void note_use(const py::array& a);

template <class T>
void require_dtype(const char* function, const char* argument, const py::array& a) {
    note_use(a);
    if (dtype_of(a) != (sizeof(T) == 4 ? Dtype::float32 : Dtype::float64))
        throw_type(function, argument, sizeof(T) == 4 ? "float32 (as the first array)" : "float64 (as the first array)",
                   std::string(py::str(a.dtype())));
}

void require_shape(const char* function, const char* argument, const py::array& a,
                   std::initializer_list<ptrdiff_t> shape);
void require_ndim(const char* function, const char* argument, const py::array& a, ptrdiff_t ndim);
void require_writeable(const char* function, const char* argument, const py::array& a);
bool is_contiguous(const py::array& a);

// Whether the memory that two arrays span (holes included) has a byte in common.
bool overlap(const py::array& x, const py::array& y);

// ValueError where `out` shares memory with one of the inputs (arrays, or None): it would overwrite what is still read.
void require_apart(const char* function, const char* argument, const py::object& out,
                   std::initializer_list<py::object> inputs);

// `a` itself when C-contiguous and aligned, otherwise such a copy; MemoryError when there is no room for it.
py::array contiguous(const py::array& a);

// ---- arguments ----------------------------------------------------------------------------------------------

template <class T>
class Input {
  public:
    Input(const char* function, const char* argument, const py::array& a) : array_(contiguous(a)) {
        require_dtype<T>(function, argument, a);
    }
    Input(const char* function, const char* argument, const py::array& a, std::initializer_list<ptrdiff_t> shape)
        : Input(function, argument, a) {
        require_shape(function, argument, a, shape);
    }
    const T* data() const { return static_cast<const T*>(array_.data()); }
    ptrdiff_t size() const { return array_.size(); }
    ptrdiff_t shape(int axis) const { return array_.shape(axis); }

  private:
    py::array array_;
};

template <class T>
class Output {
  public:
    Output(const char* function, const char* argument, py::array& a) {
        require_dtype<T>(function, argument, a);
        require_writeable(function, argument, a);
        if (!is_contiguous(a)) throw_value(function, argument, "C-contiguous", "other strides");
        data_ = static_cast<T*>(a.mutable_data());
        size_ = a.size();
    }
    Output(const char* function, const char* argument, py::array& a, std::initializer_list<ptrdiff_t> shape)
        : Output(function, argument, a) {
        require_shape(function, argument, a, shape);
    }
    T* data() const { return data_; }
    ptrdiff_t size() const { return size_; }

  private:
    T* data_;
    ptrdiff_t size_;
};

// An array of the stated shape, or null for None.
template <class T>
class OptionalInput {
  public:
    OptionalInput(const char* function, const char* argument, const py::object& a,
                  std::initializer_list<ptrdiff_t> shape) {
        if (a.is_none()) return;
        if (!py::isinstance<py::array>(a)) throw_type(function, argument, "an array or None", "another object");
        values_.emplace(function, argument, py::reinterpret_borrow<py::array>(a), shape);
    }
    const T* data() const { return values_ ? values_->data() : nullptr; }

  private:
    std::optional<Input<T>> values_;
};

// Where a result goes that not everybody wants, or null for None.
template <class T>
T* optional_output(const char* function, const char* argument, const py::object& target,
                   std::initializer_list<ptrdiff_t> shape) {
    if (target.is_none()) return nullptr;
    if (!py::isinstance<py::array>(target)) throw_type(function, argument, "an array or None", "another object");
    auto array = py::reinterpret_borrow<py::array>(target);
    return Output<T>(function, argument, array, shape).data();
}

// The same for an argument that pybind11 has looked at.
template <class T>
T* optional_output(const char* function, const char* argument, std::optional<py::array>& target,
                   std::initializer_list<ptrdiff_t> shape) {
    return target ? Output<T>(function, argument, *target, shape).data() : nullptr;
}

// An argument that must be an array already: a list would become a copy that dies before the kernel has seen it.
inline py::array require_array(const char* function, const char* argument, const py::object& object) {
    if (!py::isinstance<py::array>(object)) throw_type(function, argument, "an array", "another object");
    return py::reinterpret_borrow<py::array>(object);
}

// A matrix read where it lies: element (i, j) is data[i * row + j * col].
template <class T>
class Matrix {
  public:
    Matrix(const char* function, const char* argument, const py::array& a) : array_(a) {
        require_dtype<T>(function, argument, a);
        require_ndim(function, argument, a, 2);
        constexpr ptrdiff_t item = sizeof(T);
        const bool misaligned = reinterpret_cast<std::size_t>(a.data()) % item != 0;
        if (misaligned || a.strides(0) % item != 0 || a.strides(1) % item != 0) array_ = contiguous(a);
        row_ = array_.strides(0) / item;
        col_ = array_.strides(1) / item;
    }
    const T* data() const { return static_cast<const T*>(array_.data()); }
    ptrdiff_t rows() const { return array_.shape(0); }
    ptrdiff_t cols() const { return array_.shape(1); }
    ptrdiff_t row() const { return row_; }
    ptrdiff_t col() const { return col_; }
    MatrixView<T> view() const { return {data(), row_, col_}; }

  private:
    py::array array_;
    ptrdiff_t row_, col_;
};

// ---- signatures ---------------------------------------------------------------------------------------------

// An argument that is an array already and is not converted.
inline py::arg array(const char* name) {
    return py::arg(name).noconvert();
}

// ---- classes ------------------------------------------------------------------------------------------------

// The metaclass of ordinary Python classes, which is what the stubs say; pybind11's own only adds static properties.
inline py::metaclass plain_type() {
    return py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type));
}

// ---- results ------------------------------------------------------------------------------------------------

// A new C-contiguous array, its elements not set. Large ones lie in memory that is kept when they are freed and handed
// out again (kernels/workspace.h), so that a result does not pay for page faults at every call.
py::array new_array(Dtype dtype, const ptrdiff_t* shape, int ndim);

}  // namespace mmlcore::bindings
