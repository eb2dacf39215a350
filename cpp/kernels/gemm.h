// General matrix product with an epilogue:
//
//   Z(m×n) = alpha · A(m×k) · B(k×n) + beta · C + bias      C = activation(Z)
//
// C is row-major with leading dimension ldc. beta == 0 never reads C. Accuracy: every element is a sum of k products
// in a fixed order, |C - A B| ≤ γ_k |A| |B| with γ_k = k u / (1 - k u); the same operands, laid out alike, give the
// same bits at one instruction set, whatever the number of threads.
//
// An operand is a matrix view or a matrix packed before (Operand). What is stored as neither, such as the patches of
// images, gives the register tile an operand of its own (gemm_tile.h; convolution.h).
#pragma once

#include <cstddef>

#include "kernels/activation.h"
#include "kernels/workspace.h"

namespace mmlcore {

using std::ptrdiff_t;

// Element (i, j) is data[i * row + j * col]: a transpose is a view with row and col exchanged, and nobody copies.
template <class T>
struct MatrixView {
    const T* data;
    ptrdiff_t row, col;

    MatrixView transposed() const { return {data, col, row}; }
    const T* at(ptrdiff_t i, ptrdiff_t j) const { return data + i * row + j * col; }
    MatrixView from(ptrdiff_t i, ptrdiff_t j) const { return {at(i, j), row, col}; }
};

enum class Side { left, right };

// An operand packed once for many products: the weights of a recurrent layer, or of a network that only predicts.
template <class T>
class PackedMatrix {
  public:
    // Left: X is the A(lines×k) of products. Right: X is their B(k×lines).
    PackedMatrix(MatrixView<T> X, Side side, ptrdiff_t lines, ptrdiff_t k);
    ~PackedMatrix() { give_back_result_memory(block_); }
    PackedMatrix(const PackedMatrix&) = delete;
    PackedMatrix& operator=(const PackedMatrix&) = delete;

    const T* panels() const { return static_cast<const T*>(block_.memory); }

  private:
    Block block_;
};

template <class T>
struct Operand {
    Operand(const T* data, ptrdiff_t row, ptrdiff_t col) : view{data, row, col} {}
    Operand(MatrixView<T> X) : view(X) {}
    Operand(const PackedMatrix<T>& X) : panels(X.panels()) {}

    // What a kernel has arranged like a PackedMatrix.
    static Operand panels_at(const T* panels) {
        Operand X(MatrixView<T>{});
        X.panels = panels;
        return X;
    }

    MatrixView<T> view{};
    const T* panels = nullptr;  // of a packed matrix
};

template <class T>
struct Epilogue {
    const T* bias = nullptr;  // n values, added to every row
    Activation activation = Activation::linear;
    T* preactivation = nullptr;   // Z is written here too, with C's leading dimension
    const T* row_bias = nullptr;  // m values, added to every column
};

template <class T>
void gemm(T* C, ptrdiff_t ldc, Operand<T> A, Operand<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, T alpha = 1,
          T beta = 0, const Epilogue<T>& epilogue = {});

// C(s, m, n) = A(s) · B(s), stacked `stack_a` and `stack_b` elements apart (0: the same matrix for all).
template <class T>
void gemm_stacked(T* C, MatrixView<T> A, ptrdiff_t stack_a, MatrixView<T> B, ptrdiff_t stack_b, ptrdiff_t s,
                  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

enum class Triangle { lower, upper };

// C(n×n) = alpha · A(n×k) · Aᵀ + beta · C, of which only the stated triangle, diagonal included, is computed, read and
// written: half the arithmetic.
template <class T>
void syrk(T* C, ptrdiff_t ldc, MatrixView<T> A, Triangle triangle, ptrdiff_t n, ptrdiff_t k, T alpha = 1, T beta = 0);

// C(n×n) = A(n×k) · Aᵀ, both triangles.
template <class T>
void gram(T* C, ptrdiff_t ldc, MatrixView<T> A, ptrdiff_t n, ptrdiff_t k);

// A product's expected time on one thread, for deciding about threads and the GIL.
inline double gemm_cost_ns(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k + 8) / 40.0;
}

}  // namespace mmlcore
