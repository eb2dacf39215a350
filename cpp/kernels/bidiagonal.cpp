#include "kernels/bidiagonal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kPanel = 32;
constexpr ptrdiff_t kGroup = 4;  // columns that are read twice while they are in the cache

// What one step needs of the trailing matrix (rows × cols, from its column 0 on): y = τ (Aᵀv - y₀), r = r₀ - y,
// g = A r, all in one pass over A: r's share of a column is known as soon as y's is.
template <class T>
struct Pass {
    const T* A;
    ptrdiff_t ld, rows, cols;
    const T *v, *y0, *r0;
    T tau;
    T *y, *r;

    void run(T* g, ptrdiff_t begin, ptrdiff_t end) const {
        ptrdiff_t j = begin;
        for (; j + kGroup <= end; j += kGroup) group<kGroup>(g, j);
        for (; j < end; ++j) group<1>(g, j);
    }

  private:
    template <int C>
    void group(T* g, ptrdiff_t j) const {
        T dots[C];
        dot_columns<C>(dots, A + j * ld, ld, v, rows);
        for (int c = 0; c < C; ++c) {
            y[j + c] = tau * (dots[c] - y0[j + c]);
            r[j + c] = r0[j + c] - y[j + c];
        }
        add_columns<C>(g, A + j * ld, ld, r + j, rows);
    }
};

template <class T>
void run_pass(const Pass<T>& pass, T* g, T* partial, ptrdiff_t ldp, ptrdiff_t most_tasks) {
    const double cost_ns = static_cast<double>(pass.rows) * static_cast<double>(pass.cols) * sizeof(T) / 25;
    const ptrdiff_t tasks = cost_ns < 60e3 ? 1 : std::min(most_tasks, pass.cols / kGroup + 1);
    const ptrdiff_t share = ((pass.cols + tasks - 1) / tasks + kGroup - 1) / kGroup * kGroup;
    parallel_for(tasks, cost_ns, [&](ptrdiff_t task) {
        T* sum = task == 0 ? g : partial + task * ldp;
        std::fill(sum, sum + pass.rows, T{0});
        pass.run(sum, std::min(task * share, pass.cols), std::min((task + 1) * share, pass.cols));
    });
    for (ptrdiff_t task = 1; task < tasks; ++task) add_scaled(g, partial + task * ldp, T{1}, pass.rows);
}

// A row so short beside the matrix (whose largest element is near 1) is nothing; its reflector would be made of
// rounded subnormal numbers.
template <class T>
constexpr T kNothing = sizeof(T) == 4 ? T{1e-30f} : T(1e-250);

// Within a panel the trailing matrix stays as it was and A - V Yᵀ - X Uᵀ stands for it.
// J. Dongarra, S. Hammarling, D. Sorensen, "Block reduction of matrices to condensed forms", 1989; the two products
// with the trailing matrix in one pass as in G. Howell et al., "Cache efficient bidiagonalization using BLAS 2.5
// operators", 2008.
template <class T>
class Bidiagonalisation {
  public:
    Bidiagonalisation(T* A, ptrdiff_t ld, ptrdiff_t n)
        : A_(A),
          ld_(ld),
          n_(n),
          ldp_(padded_row<T>(n)),
          most_tasks_(4 * thread_count()),
          left_(2 * kPanel * ldp_),
          right_(2 * kPanel * ldp_),
          partial_(most_tasks_ * ldp_),
          y0_(ldp_),
          r0_(ldp_),
          r_(ldp_),
          g_(ldp_) {}

    // Panel of columns first … first + b - 1.
    void start_panel(ptrdiff_t first, ptrdiff_t b) {
        first_ = first;
        v_ = left_.data();
        x_ = v_ + b * ldp_;
        y_ = right_.data();
        u_ = y_ + b * ldp_;
    }

    // Column first + i of the current matrix and its reflector, which is left in v; returns τ.
    T reflect_column(ptrdiff_t i, T* d, T* to) {
        const ptrdiff_t j = first_ + i, rows = n_ - j;
        T* v = v_ + i * ldp_ + i;
        std::fill(v - i, v, T{0});
        std::copy_n(A_ + j * ld_ + j, rows, v);
        minus_row_of(y_, u_, i, i);
        add_all_columns(v, v_ + i, ldp_, coefficients_, rows, i);
        add_all_columns(v, x_ + i, ldp_, coefficients_ + i, rows, i);
        const T tau = make_reflector(v, rows);
        *d = v[0];
        v[0] = 1;
        for (T* column : {y_, u_, x_}) std::fill_n(column + i * ldp_, i + 1, T{0});
        if (to) std::copy_n(v, rows, to);
        return tau;
    }

    // y, and row first + i of the current matrix (in r) with its product (in g).
    void pass_over_matrix(ptrdiff_t i, T tau) {
        const ptrdiff_t j = first_ + i, rows = n_ - j, cols = rows - 1;
        const T* v = v_ + i * ldp_ + i;
        dot_all_columns(coefficients_, v_ + i, ldp_, v, rows, i);  // y₀ = Y Vᵀv + U Xᵀv
        dot_all_columns(coefficients_ + i, x_ + i, ldp_, v, rows, i);
        std::fill_n(y0_.data(), cols, T{0});
        add_all_columns(y0_.data(), y_ + i + 1, ldp_, coefficients_, cols, i);
        add_all_columns(y0_.data(), u_ + i + 1, ldp_, coefficients_ + i, cols, i);
        for (ptrdiff_t c = 0; c < cols; ++c) r0_.data()[c] = A_[(j + 1 + c) * ld_ + j];
        minus_row_of(v_, x_, i, i);
        add_all_columns(r0_.data(), y_ + i + 1, ldp_, coefficients_, cols, i);
        add_all_columns(r0_.data(), u_ + i + 1, ldp_, coefficients_ + i, cols, i);
        run_pass<T>(
            {A_ + (j + 1) * ld_ + j, ld_, rows, cols, v, y0_.data(), r0_.data(), tau, y_ + i * ldp_ + i + 1, r_.data()},
            g_.data(), partial_.data(), ldp_, most_tasks_);
    }

    // The row's reflector u = (r - β e₀) / (r₀ - β), and x = τ (A u - V Yᵀu - X Uᵀu) with
    // A u = (A r - β A e₀) / (r₀ - β); returns τ.
    T reflect_row(ptrdiff_t i, T* e, T* to) {
        const ptrdiff_t j = first_ + i, cols = n_ - j - 1;
        T *u = u_ + i * ldp_ + i + 1, *x = x_ + i * ldp_ + i + 1;
        std::copy_n(r_.data(), cols, u);
        if (length(u, cols) < kNothing<T>) std::fill(u + 1, u + cols, T{0});
        const T tau = make_reflector(u, cols), beta = u[0];
        *e = beta;
        u[0] = 1;
        if (to) std::copy_n(u, cols, to);
        if (tau == 0) {
            std::fill_n(x, cols, T{0});
            return 0;
        }
        const T inverse = 1 / (r_.data()[0] - beta);
        const T *first_column = A_ + (j + 1) * ld_ + j + 1, *g = g_.data() + 1;
        for (ptrdiff_t k = 0; k < cols; ++k) x[k] = (g[k] - beta * first_column[k]) * inverse;
        dot_all_columns(coefficients_, y_ + i + 1, ldp_, u, cols, i + 1);
        dot_all_columns(coefficients_ + i + 1, u_ + i + 1, ldp_, u, cols, i);
        for (ptrdiff_t c = 0; c < 2 * i + 1; ++c) coefficients_[c] = -coefficients_[c];
        add_all_columns(x, v_ + i + 1, ldp_, coefficients_, cols, i + 1);
        add_all_columns(x, x_ + i + 1, ldp_, coefficients_ + i + 1, cols, i);
        scale(x, tau, cols);
        return tau;
    }

    void end_panel(ptrdiff_t b) {
        const ptrdiff_t next = first_ + b, rest = n_ - next;
        gemm_columns<T>(A_ + next * ld_ + next, ld_, {left_.data() + b, 1, ldp_},
                        MatrixView<T>{right_.data() + b, 1, ldp_}.transposed(), rest, rest, 2 * b, -1, 1);
    }

  private:
    // coefficients = -(one[row], other[row]) of the panel's columns so far.
    void minus_row_of(const T* one, const T* other, ptrdiff_t row, ptrdiff_t columns) {
        for (ptrdiff_t c = 0; c < columns; ++c) {
            coefficients_[c] = -one[c * ldp_ + row];
            coefficients_[columns + c] = -other[c * ldp_ + row];
        }
    }

    T* A_;
    ptrdiff_t ld_, n_, ldp_, most_tasks_, first_ = 0;
    T *v_ = nullptr, *x_ = nullptr, *y_ = nullptr, *u_ = nullptr;  // column c at c * ldp_, row i is first_ + i's
    T coefficients_[2 * kPanel];
    Workspace<T> left_, right_, partial_, y0_, r0_, r_, g_;
};

}  // namespace

template <class T>
void bidiagonalise(T* d, T* e, T* V, ptrdiff_t ldv, T* tau_v, T* U, ptrdiff_t ldu, T* tau_u, T* A, ptrdiff_t ld,
                   ptrdiff_t n) {
    if (V) std::fill(V, V + n * ldv, T{0});
    if (U) std::fill(U, U + (n - 1) * ldu, T{0});
    Bidiagonalisation<T> work(A, ld, n);
    for (ptrdiff_t first = 0; first < n; first += kPanel) {
        const ptrdiff_t b = std::min(kPanel, n - first);
        work.start_panel(first, b);
        for (ptrdiff_t i = 0; i < b; ++i) {
            const ptrdiff_t j = first + i;
            tau_v[j] = work.reflect_column(i, d + j, V ? V + j * ldv + j : nullptr);
            if (j == n - 1) return;
            work.pass_over_matrix(i, tau_v[j]);
            tau_u[j] = work.reflect_row(i, e + j, U ? U + j * ldu + j : nullptr);
        }
        work.end_panel(b);
    }
}

#define MMLCORE_INSTANTIATE(T) \
    template void bidiagonalise<T>(T*, T*, T*, ptrdiff_t, T*, T*, ptrdiff_t, T*, T*, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
