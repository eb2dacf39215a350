#include "kernels/qr.h"

#include <algorithm>

#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kLeaf = 8;
constexpr ptrdiff_t kTSize = kReflectorBlock * kReflectorBlock;

// While it lives, the b × b triangle of a factored panel holds the ones and zeros of V; then R is back.
template <class T>
class ExplicitTriangle {
  public:
    ExplicitTriangle(T* A, ptrdiff_t ld, ptrdiff_t b) : A_(A), ld_(ld), b_(b) {
        for (ptrdiff_t j = 0; j < b; ++j) {
            std::copy(A + j * ld, A + j * ld + j + 1, kept_ + j * kReflectorBlock);
            std::fill(A + j * ld, A + j * ld + j, T{0});
            A[j * ld + j] = 1;
        }
    }
    ~ExplicitTriangle() {
        for (ptrdiff_t j = 0; j < b_; ++j)
            std::copy(kept_ + j * kReflectorBlock, kept_ + j * kReflectorBlock + j + 1, A_ + j * ld_);
    }
    ExplicitTriangle(const ExplicitTriangle&) = delete;
    ExplicitTriangle& operator=(const ExplicitTriangle&) = delete;

  private:
    T* A_;
    ptrdiff_t ld_, b_;
    T kept_[kReflectorBlock * kReflectorBlock];
};

// Column after column; w_c = τ vᵀa_c, a_c -= w_c v for the columns behind.
template <class T>
void factor_leaf(T* A, ptrdiff_t ld, T* tau, ptrdiff_t m, ptrdiff_t n) {
    for (ptrdiff_t j = 0; j < std::min(m, n); ++j) {
        T* column = A + j * ld + j;
        const ptrdiff_t rows = m - j, behind = n - j - 1;
        tau[j] = make_reflector(column, rows);
        if (tau[j] == 0 || behind == 0) continue;
        const T diagonal = column[0];
        column[0] = 1;
        T products[kLeaf];
        dot_all_columns(products, column + ld, ld, column, rows, behind);
        for (ptrdiff_t c = 0; c < behind; ++c) add_scaled(column + (c + 1) * ld, column, -tau[j] * products[c], rows);
        column[0] = diagonal;
    }
}

// A panel (m × n, m ≥ n) with its T: the left half, its reflectors on the right half, the right half; then
// T = [T1 -T1 (V1ᵀV2) T2; 0 T2]. E. Elmroth, F. Gustavson, "Applying recursion to serial and parallel QR
// factorization", 2000.
template <class T>
void factor_panel(T* A, ptrdiff_t ld, T* tau, T* t, ptrdiff_t ldt, ptrdiff_t m, ptrdiff_t n) {
    if (n <= kLeaf) {
        factor_leaf(A, ld, tau, m, n);
        const ExplicitTriangle<T> explicit_v(A, ld, n);
        form_t(t, ldt, A, ld, tau, m, n);
        return;
    }
    const ptrdiff_t h = (n / 2 + kLeaf - 1) / kLeaf * kLeaf, rest = n - h;
    T *right = A + h * ld, *t2 = t + h * ldt + h, *t12 = t + h * ldt;
    factor_panel(A, ld, tau, t, ldt, m, h);
    {
        const ExplicitTriangle<T> v1(A, ld, h);
        apply_block(right, ld, A, ld, t, ldt, true, m, rest, h);
    }
    factor_panel(right + h, ld, tau + h, t2, ldt, m - h, rest);

    const ExplicitTriangle<T> v2(right + h, ld, rest);  // below row h, V1 holds no R
    T products[kReflectorBlock * kReflectorBlock];
    gemm_columns<T>(products, h, {A + h, ld, 1}, {right + h, 1, ld}, h, rest, m - h, 1, 0);
    T weighted[kReflectorBlock * kReflectorBlock];
    gemm_columns<T>(weighted, h, {products, 1, h}, {t2, 1, ldt}, h, rest, rest, 1, 0);
    gemm_columns<T>(t12, ldt, {t, 1, ldt}, {weighted, 1, h}, h, rest, h, -1, 0);
    for (ptrdiff_t j = 0; j < h; ++j) std::fill(t + j * ldt + h, t + j * ldt + n, T{0});
}

// Q ← (1 - V T Vᵀ) [1 0; 0 Q'] where the first b rows and columns of Q (m × n) are still zero: they become those of
// 1 - V T V₁ᵀ, V₁ the first rows of V.
template <class T>
void grow_q(T* Q, const T* V, ptrdiff_t ld, const T* t, ptrdiff_t m, ptrdiff_t n, ptrdiff_t b) {
    if (n > b) {
        const Workspace<T> products((n - b) * b), weighted((n - b) * b);
        gemm_columns<T>(products.data(), b, {V + b, ld, 1}, {Q + b * ld + b, 1, ld}, b, n - b, m - b, 1, 0);
        gemm_columns<T>(weighted.data(), b, {t, 1, kReflectorBlock}, {products.data(), 1, b}, b, n - b, b, 1, 0);
        gemm_columns<T>(Q + b * ld, ld, {V, 1, ld}, {weighted.data(), 1, b}, m, n - b, b, -1, 1);
    }
    T corner[kReflectorBlock * kReflectorBlock];
    gemm_columns<T>(corner, b, {t, 1, kReflectorBlock}, MatrixView<T>{V, 1, ld}.transposed(), b, b, b, -1, 0);
    gemm_columns<T>(Q, ld, {V, 1, ld}, {corner, 1, b}, m, b, b, 1, 0);
    for (ptrdiff_t j = 0; j < b; ++j) Q[j * ld + j] += 1;
}

// to (contiguous columns) = from (row-major or any view)
template <class T>
void copy_columns(T* to, ptrdiff_t ld, MatrixView<T> from, ptrdiff_t m, ptrdiff_t n) {
    if (from.col == 1) {
        transpose_copy(to, ld, from.data, from.row, m, n);
        return;
    }
    for (ptrdiff_t j = 0; j < n; ++j)
        for (ptrdiff_t i = 0; i < m; ++i) to[j * ld + i] = *from.at(i, j);
}

}  // namespace

template <class T>
void qr_factor(T* A, ptrdiff_t ld, T* tau, ptrdiff_t m, ptrdiff_t n, T* t) {
    const ptrdiff_t r = std::min(m, n);
    const Workspace<T> one(kTSize);
    for (ptrdiff_t j = 0; j < r; j += kReflectorBlock) {
        const ptrdiff_t b = std::min(kReflectorBlock, r - j);
        T *panel = A + j * ld + j, *block = t ? t + j / kReflectorBlock * kTSize : one.data();
        factor_panel(panel, ld, tau + j, block, kReflectorBlock, m - j, b);
        const ExplicitTriangle<T> v(panel, ld, b);
        apply_block(panel + b * ld, ld, panel, ld, block, kReflectorBlock, true, m - j, n - j - b, b);
    }
}

template <class T>
void make_explicit(T* A, ptrdiff_t ld, ptrdiff_t count) {
    for (ptrdiff_t j = 0; j < count; ++j) {
        std::fill(A + j * ld, A + j * ld + j, T{0});
        A[j * ld + j] = 1;
    }
}

template <class T>
void qr(T* Q, T* R, const T* A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t q_cols) {
    const ptrdiff_t ld = padded_row<T>(m), r = std::min(m, n), blocks = (r + kReflectorBlock - 1) / kReflectorBlock;
    const Workspace<T> work(ld * n), tau(r), t(Q ? blocks * kTSize : 0);
    transpose_copy(work.data(), ld, A, n, m, n);
    qr_factor(work.data(), ld, tau.data(), m, n, Q ? t.data() : nullptr);
    for (ptrdiff_t i = 0; i < q_cols; ++i) {
        std::fill(R + i * n, R + i * n + std::min(i, n), T{0});
        for (ptrdiff_t j = i; j < n; ++j) R[i * n + j] = work.data()[j * ld + i];
    }
    if (!Q) return;
    make_explicit(work.data(), ld, r);
    const Workspace<T> q(ld * q_cols);
    std::fill(q.data(), q.data() + ld * q_cols, T{0});
    for (ptrdiff_t j = r; j < q_cols; ++j) q.data()[j * ld + j] = 1;
    for (ptrdiff_t block = blocks - 1; block >= 0; --block) {
        const ptrdiff_t first = block * kReflectorBlock, b = std::min(kReflectorBlock, r - first);
        grow_q(q.data() + first * ld + first, work.data() + first * ld + first, ld, t.data() + block * kTSize,
               m - first, q_cols - first, b);
    }
    transpose_copy(Q, q_cols, q.data(), ld, q_cols, m);
}

template <class T>
void qr_raw(T* H, T* tau, const T* A, ptrdiff_t m, ptrdiff_t n) {
    transpose_copy(H, m, A, n, m, n);
    qr_factor(H, m, tau, m, n);
}

template <class T>
void triangular_factor(T* R, MatrixView<T> A, MatrixView<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    const ptrdiff_t cols = n + k;
    const ptrdiff_t chunk = std::max<ptrdiff_t>(8 * cols, 2048),
                    chunks = std::max<ptrdiff_t>((m + chunk - 1) / chunk, 1);
    const ptrdiff_t ld_stack = padded_row<T>(chunks * cols);
    const Workspace<T> stack(ld_stack * cols), tau(cols);
    std::fill(stack.data(), stack.data() + ld_stack * cols, T{0});
    parallel_for(chunks, qr_cost_ns(m, cols), [&](ptrdiff_t i) {
        const ptrdiff_t first = i * chunk, rows = std::min(chunk, m - first), ld = padded_row<T>(rows);
        const Workspace<T> block(ld * cols), scales(cols);
        copy_columns<T>(block.data(), ld, {A.at(first, 0), A.row, A.col}, rows, n);
        if (k > 0) copy_columns<T>(block.data() + n * ld, ld, {B.at(first, 0), B.row, B.col}, rows, k);
        qr_factor(block.data(), ld, scales.data(), rows, cols);
        for (ptrdiff_t j = 0; j < cols; ++j)
            std::copy_n(block.data() + j * ld, std::min(rows, j + 1), stack.data() + j * ld_stack + i * cols);
    });
    if (chunks > 1) qr_factor(stack.data(), ld_stack, tau.data(), chunks * cols, cols);
    for (ptrdiff_t i = 0; i < cols; ++i)
        for (ptrdiff_t j = 0; j < cols; ++j) R[i * cols + j] = j < i ? T{0} : stack.data()[j * ld_stack + i];
}

#define MMLCORE_INSTANTIATE(T)                                               \
    template void qr_factor<T>(T*, ptrdiff_t, T*, ptrdiff_t, ptrdiff_t, T*); \
    template void make_explicit<T>(T*, ptrdiff_t, ptrdiff_t);                \
    template void qr<T>(T*, T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);  \
    template void qr_raw<T>(T*, T*, const T*, ptrdiff_t, ptrdiff_t);         \
    template void triangular_factor<T>(T*, MatrixView<T>, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
