#include "kernels/ldlt.h"

#include <algorithm>
#include <cmath>

#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// What is left of A is kept whole, both triangles, so that exchanges are plain and rows are contiguous.
template <class T>
class Elimination {
  public:
    Elimination(T* L, T* D, ptrdiff_t* order, ptrdiff_t n) : W_(L), D_(D), order_(order), n_(n), w_(2 * n) {}

    // One or two columns from k on; how many.
    ptrdiff_t step(ptrdiff_t k) {
        const ptrdiff_t size = pivot_size(k);
        size == 1 ? eliminate_one(k) : eliminate_two(k);
        return size;
    }

  private:
    T& at(ptrdiff_t i, ptrdiff_t j) const { return W_[i * n_ + j]; }

    // Rook pivoting: from row to row until an element is the largest of its row and of its column.
    // C. Ashcraft, R. Grimes, J. Lewis, "Accurate symmetric indefinite linear equation solvers", 1998.
    // Brings the pivot to the front.
    ptrdiff_t pivot_size(ptrdiff_t k) {
        const T alpha = (1 + std::sqrt(T{17})) / 8;
        ptrdiff_t i = k, j = largest_beside(k, k);
        T largest = j < 0 ? T{0} : std::abs(at(k, j));
        if (!(largest > 0) || std::abs(at(k, k)) >= alpha * largest) return 1;
        for (;;) {
            const ptrdiff_t next = largest_beside(j, k);
            const T beside = std::abs(at(j, next));
            if (std::abs(at(j, j)) >= alpha * beside) {
                exchange(k, j, k);
                return 1;
            }
            if (!(beside > largest)) {
                exchange(k, i, k);
                exchange(k + 1, j == k ? i : j, k);
                return 2;
            }
            i = j;
            j = next;
            largest = beside;
        }
    }

    // Where row i is largest off the diagonal, from column k on; -1 when there is nothing.
    ptrdiff_t largest_beside(ptrdiff_t i, ptrdiff_t k) const {
        ptrdiff_t best = -1;
        for (ptrdiff_t j = k; j < n_; ++j)
            if (j != i && (best < 0 || std::abs(at(i, j)) > std::abs(at(i, best)))) best = j;
        return best;
    }

    void exchange(ptrdiff_t i, ptrdiff_t j, ptrdiff_t k) {
        if (i == j) return;
        std::swap(order_[i], order_[j]);
        std::swap_ranges(W_ + i * n_, W_ + i * n_ + n_, W_ + j * n_);  // with the columns of L so far
        for (ptrdiff_t row = k; row < n_; ++row) std::swap(at(row, i), at(row, j));
    }

    // Row i less sign · w_i w: both triangles get the same bits.
    void subtract_square(const T* w, T sign, ptrdiff_t first) {
        for (ptrdiff_t i = first; i < n_; ++i) add_scaled(&at(i, first), w + first, -sign * w[i], n_ - first);
    }

    void eliminate_one(ptrdiff_t k) {
        const T pivot = at(k, k);
        D_[k * n_ + k] = pivot;
        if (pivot == 0) return;  // then the column is zero
        const T root = std::sqrt(std::abs(pivot));
        for (ptrdiff_t i = k + 1; i < n_; ++i) w_.data()[i] = at(k, i) / root;
        subtract_square(w_.data(), std::copysign(T{1}, pivot), k + 1);
        for (ptrdiff_t i = k + 1; i < n_; ++i) at(i, k) = at(k, i) / pivot;
    }

    // With the block D = Q Λ Qᵀ: two squares.
    void eliminate_two(ptrdiff_t k) {
        const T a = at(k, k), b = at(k + 1, k), c = at(k + 1, k + 1);
        D_[k * n_ + k] = a;
        D_[k * n_ + k + 1] = D_[(k + 1) * n_ + k] = b;
        D_[(k + 1) * n_ + k + 1] = c;
        const T ratio = (c - a) / (2 * b);
        const T t = std::copysign(T{1}, ratio) / (std::abs(ratio) + std::hypot(T{1}, ratio));
        const T cosine = 1 / std::hypot(T{1}, t), sine = cosine * t;
        const T values[2] = {a - t * b, c + t * b};
        for (int part = 0; part < 2; ++part) {
            const T root = std::sqrt(std::abs(values[part]));
            T* w = w_.data() + part * n_;
            for (ptrdiff_t i = k + 2; i < n_; ++i)
                w[i] = (part == 0 ? cosine * at(k, i) - sine * at(k + 1, i) : sine * at(k, i) + cosine * at(k + 1, i)) /
                       root;
            subtract_square(w, std::copysign(T{1}, values[part]), k + 2);
        }
        const T determinant = (a / b) * (c / b) - 1;  // divided by b², which may be extreme
        for (ptrdiff_t i = k + 2; i < n_; ++i) {
            const T x = at(k, i) / b, y = at(k + 1, i) / b;
            at(i, k) = (c / b * x - y) / determinant;
            at(i, k + 1) = (a / b * y - x) / determinant;
        }
    }

    T *W_, *D_;
    ptrdiff_t* order_;
    ptrdiff_t n_;
    Workspace<T> w_;
};

}  // namespace

template <class T>
void ldlt(T* L, T* D, ptrdiff_t* order, const T* A, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; ++i) {
        order[i] = i;
        for (ptrdiff_t j = 0; j <= i; ++j) L[i * n + j] = L[j * n + i] = A[i * n + j];
    }
    std::fill(D, D + n * n, T{0});
    Elimination<T> elimination(L, D, order, n);
    for (ptrdiff_t k = 0; k < n;) k += elimination.step(k);
    for (ptrdiff_t i = 0; i < n; ++i) {
        std::fill(L + i * n + i, L + (i + 1) * n, T{0});
        L[i * n + i] = 1;
        if (i > 0 && D[i * n + i - 1] != 0) L[i * n + i - 1] = 0;  // inside a 2 × 2 block
    }
}

template void ldlt<float>(float*, float*, ptrdiff_t*, const float*, ptrdiff_t);
template void ldlt<double>(double*, double*, ptrdiff_t*, const double*, ptrdiff_t);

}  // namespace mmlcore
