// Householder reflectors H = 1 - τ v vᵀ, v_0 = 1, and their products in compact WY form.
//
// Matrices here lie with contiguous columns: element (i, j) is data[j * ld + i]. V (m × b) holds one reflector a
// column, explicit zeros above and ones on its diagonal, so that every product with it is a plain matrix product.
//
//   H_0 H_1 … H_{b-1} = 1 - V T Vᵀ,  T (b × b) upper triangular with explicit zeros below
//
// R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder transformations", 1989.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

constexpr ptrdiff_t kReflectorBlock = 64;

// C (m × n, contiguous columns) = alpha · A B + beta · C
template <class T>
inline void gemm_columns(T* C, ptrdiff_t ldc, MatrixView<T> A, MatrixView<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                         T alpha, T beta) {
    gemm<T>(C, ldc, B.transposed(), A.transposed(), n, m, k, alpha, beta);
}

// x (n) becomes (β, v_1 … v_{n-1}) with H x = β e_0; returns τ, 0 where x is already a multiple of e_0.
template <class T>
T make_reflector(T* x, ptrdiff_t n);

// T from V and τ.
template <class T>
void form_t(T* t, ptrdiff_t ldt, const T* V, ptrdiff_t ldv, const T* tau, ptrdiff_t m, ptrdiff_t b);

// C (m × n) ← (1 - V T Vᵀ) C, or its transpose times C.
template <class T>
void apply_block(T* C, ptrdiff_t ldc, const T* V, ptrdiff_t ldv, const T* t, ptrdiff_t ldt, bool transposed,
                 ptrdiff_t m, ptrdiff_t n, ptrdiff_t b);

// C (m × n) ← H_0 H_1 … H_{count-1} C: reflector j is column j of V (rows j … m, zeros above).
template <class T>
void apply_reflectors(T* C, ptrdiff_t ldc, const T* V, ptrdiff_t ldv, const T* tau, ptrdiff_t m, ptrdiff_t n,
                      ptrdiff_t count);

// to(j, i) = from(i, j), both with leading dimension ld of their first index: rows × cols elements of `from`.
template <class T>
void transpose_copy(T* to, ptrdiff_t ld_to, const T* from, ptrdiff_t ld_from, ptrdiff_t rows, ptrdiff_t cols,
                    T factor = 1);

}  // namespace mmlcore
