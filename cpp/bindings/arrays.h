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
#include <string>

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

template <class T>
void require_dtype(const char* function, const char* argument, const py::array& a) {
    if (dtype_of(a) != (sizeof(T) == 4 ? Dtype::float32 : Dtype::float64))
        throw_type(function, argument, sizeof(T) == 4 ? "float32 (as the first array)" : "float64 (as the first array)",
                   std::string(py::str(a.dtype())));
}

void require_shape(const char* function, const char* argument, const py::array& a,
                   std::initializer_list<ptrdiff_t> shape);
void require_ndim(const char* function, const char* argument, const py::array& a, ptrdiff_t ndim);
void require_writeable(const char* function, const char* argument, const py::array& a);
bool is_contiguous(const py::array& a);

// `a` itself when C-contiguous and aligned, otherwise such a copy; MemoryError when there is no room for it.
py::array contiguous(const py::array& a);

// Tell the recording, if one is made, what a command is about to read or write; a ValueError if it could not be
// repeated.
void note_read(const char* function, const char* argument, const py::array& a);
void note_write(const py::array& a);

// ---- arguments ----------------------------------------------------------------------------------------------

template <class T>
class Input {
  public:
    Input(const char* function, const char* argument, const py::array& a) : array_(contiguous(a)) {
        require_dtype<T>(function, argument, a);
        note_read(function, argument, a);
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
        note_write(a);
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

// A matrix read where it lies: element (i, j) is data[i * row + j * col].
template <class T>
class Matrix {
  public:
    Matrix(const char* function, const char* argument, const py::array& a) : array_(a) {
        require_dtype<T>(function, argument, a);
        require_ndim(function, argument, a, 2);
        note_read(function, argument, a);
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

  private:
    py::array array_;
    ptrdiff_t row_, col_;
};

}  // namespace mmlcore::bindings
