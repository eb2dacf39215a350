// The matrix product of arrays as Python hands them over: the common cases without any Python between the call and the
// kernel. What is not common is answered with NotImplemented, and mmlcore.linalg.matmul tells the rest apart.

#include <memory>
#include <variant>

#include "bindings/answers.h"
#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"
#include "kernels/gemm.h"

namespace mmlcore::bindings {
namespace {

// A vector or matrix as an operand. A vector is a row on the left, a column on the right.
struct Shaped {
    const void* data;
    ptrdiff_t rows, cols, row, col;  // strides in elements
    bool vector;

    template <class T>
    MatrixView<T> view() const {
        return {static_cast<const T*>(data), row, col};
    }
};

// False where `a` is not a vector or matrix that a kernel can read where it lies.
bool read(Shaped& to, const py::array& a, bool left) {
    const ptrdiff_t item = a.itemsize(), ndim = a.ndim();
    if (ndim < 1 || ndim > 2 || reinterpret_cast<std::size_t>(a.data()) % static_cast<std::size_t>(item) != 0)
        return false;
    const ptrdiff_t last = a.strides(static_cast<int>(ndim) - 1), extent = a.shape(static_cast<int>(ndim) - 1);
    if (last % item != 0) return false;
    to.data = a.data();
    to.vector = ndim == 1;
    if (to.vector) {
        const ptrdiff_t step = last / item;
        if (left) {
            to.rows = 1, to.cols = extent, to.row = extent * step, to.col = step;
        } else {
            to.rows = extent, to.cols = 1, to.row = step, to.col = 1;
        }
        return true;
    }
    if (a.strides(0) % item != 0) return false;
    to.rows = a.shape(0), to.cols = extent, to.row = a.strides(0) / item, to.col = last / item;
    return true;
}

// The result's array: a new one, or `out` where it fits; an empty array where it does not.
py::array target(const py::object& out, Dtype dtype, const ptrdiff_t* shape, int ndim) {
    if (out.is_none()) return new_array(dtype, shape, ndim);
    if (!is_plain_array(out)) return py::reinterpret_steal<py::array>(nullptr);
    auto array = py::reinterpret_borrow<py::array>(out);
    bool fits = dtype_of(array) == dtype && array.ndim() == ndim && array.writeable() && is_contiguous(array);
    for (int axis = 0; fits && axis < ndim; ++axis) fits = array.shape(axis) == shape[axis];
    return fits ? array : py::reinterpret_steal<py::array>(nullptr);
}

// a · aᵀ, or aᵀ · a: one matrix seen twice.
bool is_gram(const Shaped& A, const Shaped& B) {
    return A.data == B.data && A.row == B.col && A.col == B.row && A.rows == B.cols && A.rows > 1;
}

template <class T>
void multiply(void* c, const Shaped& A, const Shaped& B) {
    const ptrdiff_t m = A.rows, n = B.cols, k = A.cols;
    auto* to = static_cast<T*>(c);
    const bool symmetric = is_gram(A, B);
    submit(gemm_cost_ns(m, n, k) * (symmetric ? 0.5 : 1), [=, left = A.view<T>(), right = B.view<T>()] {
        symmetric ? gram<T>(to, n, left, n, k) : gemm<T>(to, n, left, right, m, n, k);
    });
}

// ---- operands packed before ----

class Packed {
  public:
    explicit Packed(const py::array& b) : dtype_(dtype_of(b)) {
        dispatch("PackedMatrix", "b", b, [&](auto type) {
            using T = decltype(type);
            const Matrix<T> B("PackedMatrix", "b", b);
            rows_ = B.rows(), cols_ = B.cols();
            const double cost_ns = static_cast<double>(rows_) * static_cast<double>(cols_);
            answer(cost_ns, [&] { panels_ = std::make_unique<PackedMatrix<T>>(B.view(), Side::right, cols_, rows_); });
        });
    }

    Dtype dtype() const { return dtype_; }
    ptrdiff_t rows() const { return rows_; }
    ptrdiff_t cols() const { return cols_; }

    template <class T>
    const PackedMatrix<T>& panels() const {
        return *std::get<std::unique_ptr<PackedMatrix<T>>>(panels_);
    }

  private:
    Dtype dtype_;
    ptrdiff_t rows_, cols_;
    std::variant<std::unique_ptr<PackedMatrix<float>>, std::unique_ptr<PackedMatrix<double>>> panels_;
};

template <class T>
void multiply(void* c, const Shaped& A, const Packed& B) {
    const ptrdiff_t m = A.rows, n = B.cols(), k = A.cols;
    submit(gemm_cost_ns(m, n, k), [=, to = static_cast<T*>(c), left = A.view<T>(), right = &B.panels<T>()] {
        gemm<T>(to, n, left, *right, m, n, k);
    });
}

// ---- the binding ----

// The product of A with B, an array or a Packed.
template <class Right>
py::object product(Dtype dtype, const Shaped& A, const Right& B, ptrdiff_t n, bool b_is_vector, const py::object& out,
                   const py::array& a, const py::handle& b) {
    ptrdiff_t shape[2];
    int ndim = 0;
    if (!A.vector) shape[ndim++] = A.rows;
    if (!b_is_vector) shape[ndim++] = n;
    ptrdiff_t bytes = 8;
    if ((ndim == 2 && __builtin_mul_overflow(shape[0], shape[1], &bytes)) ||
        __builtin_mul_overflow(bytes, ptrdiff_t{8}, &bytes))
        return not_implemented();
    py::array c = target(out, dtype, shape, ndim);
    if (!c) return not_implemented();
    if (!out.is_none() && (overlap(c, a) || (is_plain_array(b) && overlap(c, py::reinterpret_borrow<py::array>(b)))))
        return not_implemented();  // c may not overwrite what is still to be read
    dtype == Dtype::float32 ? multiply<float>(c.mutable_data(), A, B) : multiply<double>(c.mutable_data(), A, B);
    if (ndim == 0 && out.is_none()) return c[py::tuple()];  // a NumPy scalar, as NumPy answers
    return c;
}

py::object matmul(py::handle a, py::handle b, const py::object& out) {
    if (py::isinstance<Packed>(b)) refuse_recording("matmul with a PackedMatrix");
    if (recording_now() || !is_plain_array(a)) return not_implemented();  // gemm lets the recording keep its arrays
    const auto left = py::reinterpret_borrow<py::array>(a);
    const Dtype dtype = dtype_of(left);
    Shaped A;
    if (dtype == Dtype::other || !read(A, left, true)) return not_implemented();

    if (is_plain_array(b)) {
        const auto right = py::reinterpret_borrow<py::array>(b);
        Shaped B;
        if (dtype_of(right) != dtype || !read(B, right, false) || B.rows != A.cols) return not_implemented();
        return product(dtype, A, B, B.cols, B.vector, out, left, b);
    }
    if (py::isinstance<Packed>(b)) {
        const auto& B = b.cast<const Packed&>();
        if (B.dtype() != dtype || B.rows() != A.cols) return not_implemented();
        return product(dtype, A, B, B.cols(), false, out, left, b);
    }
    return not_implemented();
}

}  // namespace

void bind_matmul(py::module_& m) {
    m.def("matmul", &matmul, py::arg("a"), py::arg("b"), py::arg("out") = py::none(),
          "a @ b for vectors and matrices of one dtype, b also packed; NotImplemented for everything else.");
    py::class_<Packed>(m, "PackedMatrix", plain_type(),
                       "The right operand of many products, arranged as the kernel reads it.")
        .def(py::init<const py::array&>(), py::arg("b"))
        .def_property_readonly("shape", [](const Packed& b) { return py::make_tuple(b.rows(), b.cols()); })
        .def_property_readonly("dtype", [](const Packed& b) {
            return b.dtype() == Dtype::float32 ? py::dtype::of<float>() : py::dtype::of<double>();
        });
}

}  // namespace mmlcore::bindings
