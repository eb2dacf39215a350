// General matrix product with an epilogue:
//
//   C(m×n) = activation(alpha · A(m×k) · B(k×n) + beta · C + bias(n))
//
// C is row-major with leading dimension ldc. A and B are views: element (i, j) of A is data[i * row + j * col], so a
// transpose is a view with row and col exchanged, and nobody copies. beta == 0 never reads C.
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

enum class Activation { linear, relu, sigmoid, tanh };

template <class T>
struct MatrixView {
    const T* data;
    ptrdiff_t row, col;

    MatrixView transposed() const { return {data, col, row}; }
    const T* at(ptrdiff_t i, ptrdiff_t j) const { return data + i * row + j * col; }
};

template <class T>
struct Epilogue {
    const T* bias = nullptr;  // n values, added to every row
    Activation activation = Activation::linear;
};

// Which part of C is written: `upper` skips the tiles wholly below the diagonal (C square; what lies below the
// diagonal inside the other tiles is overwritten too).
enum class Part { full, upper };

template <class T>
void gemm(T* C, ptrdiff_t ldc, MatrixView<T> A, MatrixView<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, T alpha = 1,
          T beta = 0, const Epilogue<T>& epilogue = {}, Part part = Part::full);

// C(s, m, n) = A(s) · B(s), stacked `stack_a` and `stack_b` elements apart (0: the same matrix for all).
template <class T>
void gemm_stacked(T* C, MatrixView<T> A, ptrdiff_t stack_a, MatrixView<T> B, ptrdiff_t stack_b, ptrdiff_t s,
                  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

// A product's expected time on one thread, for deciding about threads and the GIL.
inline double gemm_cost_ns(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k + 8) / 40.0;
}

}  // namespace mmlcore
