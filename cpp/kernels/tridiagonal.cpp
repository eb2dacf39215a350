#include "kernels/tridiagonal.h"

#include <algorithm>
#include <cmath>

#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kPanel = 32;
constexpr ptrdiff_t kGroup = 4;  // columns that the symmetric product takes at a time

// y += A x over C columns of a symmetric matrix of which they hold the part from the diagonal down, in one pass:
// each element stands for itself and for its mirror image.
template <int C, class T>
void symmetric_columns(T* y, const T* A, ptrdiff_t ld, const T* x, ptrdiff_t n) {
    for (int c = 0; c < C; ++c) {  // the triangle on the diagonal
        y[c] += A[c * ld + c] * x[c];
        for (int i = c + 1; i < C; ++i) {
            y[i] += A[c * ld + i] * x[c];
            y[c] += A[c * ld + i] * x[i];
        }
    }
    using V = Vec<T>;
    V factor[C], sum[C] = {};
    for (int c = 0; c < C; ++c) factor[c] = broadcast<V>(x[c]);
    for_each_vector<V>(C, n, [&](ptrdiff_t i, auto count) {
        const V xs = load_lanes<V>(x + i, count);
        V ys = load_lanes<V>(y + i, count);
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) {
            const V a = load_lanes<V>(A + c * ld + i, count);
            ys += factor[c] * a;
            sum[c] += a * xs;
        }
        store_lanes(y + i, ys, count);
    });
    for (int c = 0; c < C; ++c) y[c] += sum_lanes(sum[c]);
}

// y = A x from the lower triangle. Every task has a vector of its own to add to, so that the result does not depend
// on who was first.
template <class T>
void symmetric_times(T* y, const T* A, ptrdiff_t ld, const T* x, ptrdiff_t n, T* partial, ptrdiff_t ldp,
                     ptrdiff_t most_tasks) {
    const ptrdiff_t groups = (n + kGroup - 1) / kGroup;
    const double cost_ns = static_cast<double>(n) * static_cast<double>(n) * sizeof(T) / 2 / 30;
    const ptrdiff_t tasks = cost_ns < 60e3 ? 1 : std::min(most_tasks, groups);
    parallel_for(tasks, cost_ns, [=](ptrdiff_t task) {
        T* sum = task == 0 ? y : partial + task * ldp;
        std::fill(sum, sum + n, T{0});
        for (ptrdiff_t g = task; g < groups; g += tasks) {
            const ptrdiff_t j = g * kGroup;
            const T* block = A + j * ld + j;
            if (j + kGroup <= n)
                symmetric_columns<kGroup>(sum + j, block, ld, x + j, n - j);
            else
                for (ptrdiff_t c = j; c < n; ++c) symmetric_columns<1>(sum + c, A + c * ld + c, ld, x + c, n - c);
        }
    });
    for (ptrdiff_t task = 1; task < tasks; ++task) add_scaled(y, partial + task * ldp, T{1}, n);
}

// The trailing matrix A - L Rᵀ, its lower triangle only: L = [V W], R = [W V] (n × 2b, contiguous columns).
template <class T>
void subtract_rank_2b(T* A, ptrdiff_t ld, const T* L, const T* R, ptrdiff_t ldl, ptrdiff_t n, ptrdiff_t twice_b) {
    constexpr ptrdiff_t strip = 128;
    for (ptrdiff_t j = 0; j < n; j += strip) {
        const ptrdiff_t width = std::min(strip, n - j);
        gemm_columns<T>(A + j * ld + j, ld, {L + j, 1, ldl}, MatrixView<T>{R + j, 1, ldl}.transposed(), n - j, width,
                        twice_b, -1, 1);
    }
}

// Within a panel the trailing matrix stays as it was and A - V Wᵀ - W Vᵀ stands for it:
//   w_j = τ (A v_j - V Wᵀv_j - W Vᵀv_j),  w_j -= ½ τ (w_jᵀv_j) v_j
// J. Dongarra, S. Hammarling, D. Sorensen, "Block reduction of matrices to condensed forms", 1989.
template <class T>
class Tridiagonalisation {
  public:
    Tridiagonalisation(T* A, ptrdiff_t ld, ptrdiff_t n)
        : A_(A),
          ld_(ld),
          n_(n),
          ldp_(padded_row<T>(n)),
          most_tasks_(4 * thread_count()),
          left_(2 * kPanel * ldp_),
          right_(2 * kPanel * ldp_),
          partial_(most_tasks_ * ldp_),
          column_(ldp_) {}

    void start_panel(ptrdiff_t first, ptrdiff_t b) {
        first_ = first;
        v_ = left_.data();
        w_ = v_ + b * ldp_;
    }

    // Column first + i of the current matrix, from the diagonal down.
    T* current_column(ptrdiff_t i) {
        const ptrdiff_t j = first_ + i, rows = n_ - j;
        T* a = column_.data();
        std::copy_n(A_ + j * ld_ + j, rows, a);
        for (ptrdiff_t c = 0; c < i; ++c) {
            coefficients_[c] = -w_[c * ldp_ + i];
            coefficients_[i + c] = -v_[c * ldp_ + i];
        }
        add_all_columns(a, v_ + i, ldp_, coefficients_, rows, i);
        add_all_columns(a, w_ + i, ldp_, coefficients_ + i, rows, i);
        return a;
    }

    // The reflector that leaves e below the diagonal, and w; returns τ.
    T reflect(ptrdiff_t i, T* a, T* e, T* to) {
        const ptrdiff_t j = first_ + i, below = n_ - j - 1;
        T *v = v_ + i * ldp_ + i + 1, *w = w_ + i * ldp_ + i + 1;
        const T tau = make_reflector(a + 1, below);
        *e = a[1];
        std::fill(v - i - 1, v, T{0});
        std::fill(w - i - 1, w, T{0});
        std::copy_n(a + 1, below, v);
        v[0] = 1;
        if (to) std::copy_n(v, below, to);

        symmetric_times(w, A_ + (j + 1) * ld_ + j + 1, ld_, v, below, partial_.data(), ldp_, most_tasks_);
        dot_all_columns(coefficients_, w_ + i + 1, ldp_, v, below, i);
        dot_all_columns(coefficients_ + i, v_ + i + 1, ldp_, v, below, i);
        for (ptrdiff_t c = 0; c < 2 * i; ++c) coefficients_[c] = -coefficients_[c];
        add_all_columns(w, v_ + i + 1, ldp_, coefficients_, below, i);
        add_all_columns(w, w_ + i + 1, ldp_, coefficients_ + i, below, i);
        scale(w, tau, below);
        add_scaled(w, v, -tau * dot(w, v, below) / 2, below);
        return tau;
    }

    void end_panel(ptrdiff_t b) {
        std::copy_n(w_, b * ldp_, right_.data());
        std::copy_n(v_, b * ldp_, right_.data() + b * ldp_);
        const ptrdiff_t next = first_ + b;
        subtract_rank_2b(A_ + next * ld_ + next, ld_, left_.data() + b, right_.data() + b, ldp_, n_ - next, 2 * b);
    }

  private:
    T* A_;
    ptrdiff_t ld_, n_, ldp_, most_tasks_, first_ = 0;
    T *v_ = nullptr, *w_ = nullptr;  // column c at c * ldp_; row i belongs to row first_ + i of the matrix
    T coefficients_[2 * kPanel];
    Workspace<T> left_, right_, partial_, column_;  // left: [V W], right: [W V]
};

}  // namespace

template <class T>
void tridiagonalise(T* d, T* e, T* V, ptrdiff_t ldv, T* tau, T* A, ptrdiff_t ld, ptrdiff_t n) {
    if (V) std::fill(V, V + (n - 1) * ldv, T{0});
    Tridiagonalisation<T> work(A, ld, n);
    for (ptrdiff_t first = 0; first < n; first += kPanel) {
        const ptrdiff_t b = std::min(kPanel, n - first);
        work.start_panel(first, b);
        for (ptrdiff_t i = 0; i < b; ++i) {
            const ptrdiff_t j = first + i;
            T* a = work.current_column(i);
            d[j] = a[0];
            if (j == n - 1) return;
            tau[j] = work.reflect(i, a, e + j, V ? V + j * ldv + j : nullptr);
        }
        work.end_panel(b);
    }
}

template void tridiagonalise<float>(float*, float*, float*, ptrdiff_t, float*, float*, ptrdiff_t, ptrdiff_t);
template void tridiagonalise<double>(double*, double*, double*, ptrdiff_t, double*, double*, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
