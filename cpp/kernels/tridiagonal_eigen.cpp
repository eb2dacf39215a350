#include "kernels/tridiagonal_eigen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/conquer.h"
#include "kernels/threads.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// T = [T1 0; 0 T2] + ρ u uᵀ with u = (0 … 1, ±1 … 0): two halves and a rank-one change.
// M. Gu, S. Eisenstat, "A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem", 1995.
template <class T>
class TridiagonalConquest {
  public:
    // basis: n × n, or n × 2 where only the first and last component of every vector is wanted (for the eigenvalues
    // alone: a merge reads no others).
    TridiagonalConquest(T* d, const T* e, T* basis, ptrdiff_t ld, bool whole, ptrdiff_t n)
        : d_(d),
          e_(e),
          basis_(basis),
          ld_(ld),
          whole_(whole),
          ldx_(padded_row<T>(n)),
          negligible_(kNegligible<T> * std::max(largest_magnitude(d, n), largest_magnitude(e, n - 1))),
          gaps_(n * ldx_),
          spare_(whole ? n * ldx_ : 2 * n) {}

    // The eigenvalues of rows lo … lo + n - 1, in d; returns their rising order.
    std::vector<ptrdiff_t> solve(ptrdiff_t lo, ptrdiff_t n) {
        if (n == 1) {
            T* row = block(lo);
            row[0] = 1;
            if (!whole_) row[1] = 1;
            return {0};
        }
        const ptrdiff_t half = n / 2;
        const T rho = std::abs(e_[lo + half - 1]);
        d_[lo + half - 1] -= rho;
        d_[lo + half] -= rho;
        std::vector<ptrdiff_t> order[2];
        const double cost_ns = n < kParallelHalves ? 0 : 30.0 * static_cast<double>(n) * static_cast<double>(n);
        parallel_for(2, cost_ns,
                     [&](ptrdiff_t part) { order[part] = part == 0 ? solve(lo, half) : solve(lo + half, n - half); });
        for (ptrdiff_t& index : order[1]) index += half;
        return merge(lo, half, n, merged_order(d_ + lo, order[0], order[1]));
    }

  private:
    T* block(ptrdiff_t lo) const { return basis_ + lo * ld_ + (whole_ ? lo : 0); }

    // The row of u in the basis of the halves; in the short basis also puts every row in its half's column.
    std::vector<T> coupling(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t n) {
        std::vector<T> z(n);
        const T sign = std::copysign(T{1}, e_[lo + half - 1]);
        for (ptrdiff_t j = 0; j < n; ++j) {
            T* row = block(lo) + j * ld_;
            const bool left = j < half;
            z[j] = whole_ ? row[left ? half - 1 : half] : row[left ? 1 : 0];
            if (!left) z[j] *= sign;
            if (!whole_) row[left ? 1 : 0] = 0;
        }
        return z;
    }

    // Rows that the rank-one change leaves as they are: a vanishing component of z, or after a rotation that brings
    // one about where two poles all but coincide.
    Deflation deflate(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t n, T rho, std::vector<T>& z,
                      const std::vector<ptrdiff_t>& order) {
        T* const d = d_ + lo;
        const T size = std::max({largest_magnitude(d, n), rho * largest_magnitude(z.data(), n), negligible_});
        const T tolerance = 8 * std::numeric_limits<T>::epsilon() * size;
        std::vector<Half> sides(n);
        for (ptrdiff_t j = 0; j < n; ++j) sides[j] = j < half ? Half::left : Half::right;
        Deflation result;
        ptrdiff_t before = -1;
        for (ptrdiff_t j : order) {
            if (rho * std::abs(z[j]) <= tolerance) {
                result.deflated.push_back(j);
                continue;
            }
            if (before >= 0) {
                const T both = std::hypot(z[j], z[before]);
                const T c = z[j] / both, s = -z[before] / both, apart = d[j] - d[before];
                if (std::abs(apart * c * s) <= tolerance) {
                    rotate(block(lo) + before * ld_, block(lo) + j * ld_, c, s, whole_ ? n : 2);
                    if (sides[j] != sides[before]) sides[j] = sides[before] = Half::both;
                    const T upper = d[before] * s * s + d[j] * c * c;
                    d[before] = d[before] * c * c + d[j] * s * s;
                    d[j] = upper;
                    z[j] = both;
                    result.deflated.push_back(before);
                } else {
                    result.kept.push_back(before);
                }
            }
            before = j;
        }
        if (before >= 0) result.kept.push_back(before);
        result.group(sides);
        return result;
    }

    std::vector<ptrdiff_t> merge(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t n, const std::vector<ptrdiff_t>& order) {
        const T rho = std::abs(e_[lo + half - 1]);
        std::vector<T> z = coupling(lo, half, n);
        const Deflation deflation = deflate(lo, half, n, rho, z, order);
        const auto k = static_cast<ptrdiff_t>(deflation.kept.size());

        std::vector<T> kept_d(k), squares(k), values(n);
        for (ptrdiff_t j = 0; j < k; ++j) {
            kept_d[j] = d_[lo + deflation.kept[j]];
            squares[j] = z[deflation.kept[j]] * z[deflation.kept[j]];
        }
        T* const X = gaps_.data() + lo * ldx_ + lo;
        const Poles<T> poles{kept_d.data(), false};
        const std::vector<Root<T>> roots = secular_roots(X, ldx_, poles, squares, rho);
        std::vector<T> weights = all_consistent_weights(X, ldx_, poles, k);
        for (ptrdiff_t j = 0; j < k; ++j) weights[j] = std::copysign(weights[j], z[deflation.kept[j]]);
        vectors_from_gaps(X, weights, deflation);

        replace_rows(block(lo), ld_, deflation, X, ldx_, whole_ ? half : 1, whole_ ? n - half : 1,
                     spare_.data() + (whole_ ? lo * ldx_ + lo : 2 * lo), whole_ ? ldx_ : 2);
        for (ptrdiff_t i = 0; i < k; ++i) values[i] = kept_d[roots[i].origin] + roots[i].distance;
        for (ptrdiff_t i = k; i < n; ++i) values[i] = d_[lo + deflation.deflated[i - k]];
        std::copy(values.begin(), values.end(), d_ + lo);
        return rising(d_ + lo, k, n);
    }

    // Row i: x_j = z_j / (d_j - λ_i), of length one, its columns in grouped order.
    void vectors_from_gaps(T* X, const std::vector<T>& weights, const Deflation& deflation) const {
        const auto k = static_cast<ptrdiff_t>(weights.size());
        parallel_chunks(k, 4, 2.0 * static_cast<double>(k * k), [&](ptrdiff_t begin, ptrdiff_t end) {
            std::vector<T> x(k);
            for (ptrdiff_t i = begin; i < end; ++i) {
                T* row = X + i * ldx_;
                for (ptrdiff_t j = 0; j < k; ++j) x[j] = weights[j] / row[j];
                const T inverse = 1 / length(x.data(), k);
                for (ptrdiff_t j = 0; j < k; ++j) row[deflation.position[j]] = x[j] * inverse;
            }
        });
    }

    T* d_;
    const T* e_;
    T* basis_;
    ptrdiff_t ld_;
    bool whole_;
    ptrdiff_t ldx_;
    T negligible_;
    Workspace<T> gaps_, spare_;
};

}  // namespace

template <class T>
void tridiagonal_eigen(T* values, T* Z, ptrdiff_t ld, T* d, const T* e, ptrdiff_t n) {
    if (n == 0) return;
    const ptrdiff_t width = Z ? padded_row<T>(n) : 2;
    const Workspace<T> basis(n * width);
    std::fill(basis.data(), basis.data() + n * width, T{0});
    const std::vector<ptrdiff_t> order = TridiagonalConquest<T>(d, e, basis.data(), width, Z != nullptr, n).solve(0, n);
    for (ptrdiff_t i = 0; i < n; ++i) {
        values[i] = d[order[i]];
        if (Z) std::copy_n(basis.data() + order[i] * width, n, Z + i * ld);
    }
}

template void tridiagonal_eigen<float>(float*, float*, ptrdiff_t, float*, const float*, ptrdiff_t);
template void tridiagonal_eigen<double>(double*, double*, ptrdiff_t, double*, const double*, ptrdiff_t);

}  // namespace mmlcore
