#include "kernels/bidiagonal_svd.h"

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

// Poles and weights that would be zero are raised to this share of rounding: singular values that are nothing but
// rounding stay below the thresholds by which a rank is told.
template <class T>
constexpr T kSliver = sizeof(T) == 4 ? T{0.1f} : T(1e-3);

// B = [B1; α e_lastᵀ  β e_firstᵀ; B2]: without its middle row two halves, B1 of one column more than rows. In their
// singular bases the whole is a matrix with a row z on top and the halves' values on the diagonal,
//
//   M = [z_0 z_1 … ; 0 d_1; … d_{n-1}],  d_0 = 0,  whose values are the roots of 1 + Σ z_j² / (d_j² - σ²) = 0.
//
// M. Gu, S. Eisenstat, "A divide-and-conquer algorithm for the bidiagonal SVD", 1995.
//
// A subproblem has rows and columns lo … lo + n - 1, and one column more when `wide`: then row lo + n of V is the
// direction that it maps to zero.
template <class T>
class BidiagonalConquest {
  public:
    // U: n × n or null; V: n × n, or n × 2 with U null: then only the first and last component of the right vectors
    // are kept, which is all that a merge reads.
    BidiagonalConquest(T* d, const T* e, T* U, T* V, ptrdiff_t ld, ptrdiff_t n)
        : d_(d),
          e_(e),
          U_(U),
          V_(V),
          whole_(U != nullptr),
          ld_(ld),
          ldx_(padded_row<T>(n)),
          negligible_(kNegligible<T> * std::max(largest_magnitude(d, n), largest_magnitude(e, n - 1))),
          gaps_(n * ldx_),
          vectors_(whole_ ? n * ldx_ : 0),
          spare_(n * ld) {}

    // The values of a subproblem, in d; returns their rising order.
    std::vector<ptrdiff_t> solve(ptrdiff_t lo, ptrdiff_t n, bool wide) {
        if (n == 0) {
            if (wide) set_v(lo, lo, lo + 1, 1, 1);
            return {};
        }
        if (n == 1) {
            solve_row(lo, wide);
            return {0};
        }
        const ptrdiff_t half = n / 2;
        std::vector<ptrdiff_t> order[2];
        const double cost_ns = n < kParallelHalves ? 0 : 60.0 * static_cast<double>(n) * static_cast<double>(n);
        parallel_for(2, cost_ns, [&](ptrdiff_t part) {
            order[part] = part == 0 ? solve(lo, half, true) : solve(lo + half + 1, n - half - 1, wide);
        });
        for (ptrdiff_t& index : order[1]) index += half + 1;
        return merge(lo, half, n, wide, merged_order(d_ + lo, order[0], order[1]));
    }

  private:
    T* v_block(ptrdiff_t lo) const { return V_ + lo * ld_ + (whole_ ? lo : 0); }
    T* u_block(ptrdiff_t lo) const { return U_ + lo * ld_ + lo; }

    // Row `row` of V in the subproblem of columns lo … end - 1, of at most two columns.
    void set_v(ptrdiff_t row, ptrdiff_t lo, ptrdiff_t end, T first, T last) {
        T* at = V_ + row * ld_ + (whole_ ? lo : 0);
        at[0] = first;
        if (!whole_)
            at[1] = end - lo == 1 ? first : last;
        else if (end - lo == 2)
            at[1] = last;
    }

    // One row: (d) or (d e) = σ vᵀ.
    void solve_row(ptrdiff_t lo, bool wide) {
        const auto [c, s, sigma] = rotation_of(d_[lo], wide ? e_[lo] : T{0});
        d_[lo] = sigma;
        if (whole_) u_block(lo)[0] = 1;
        if (wide) {
            set_v(lo, lo, lo + 2, c, s);
            set_v(lo + 1, lo, lo + 2, -s, c);
        } else {
            set_v(lo, lo, lo + 1, c, c);
        }
    }

    // z, and in the short basis every row in its half's column.
    std::vector<T> coupling(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t rows) {
        const T alpha = d_[lo + half], beta = lo + half < lo + rows - 1 ? e_[lo + half] : T{0};
        std::vector<T> z(rows);
        for (ptrdiff_t j = 0; j < rows; ++j) {
            T* row = v_block(lo) + j * ld_;
            const bool left = j <= half;
            z[j] = (left ? alpha : beta) * (whole_ ? row[left ? half : half + 1] : row[left ? 1 : 0]);
            if (!whole_) row[left ? 1 : 0] = 0;
        }
        return z;
    }

    struct Merge {
        std::vector<T> z;
        Deflation deflation;
    };

    // As for eigenvalues; the row of the middle, whose pole is zero, is always kept and comes first.
    Merge deflate(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t n, bool wide, const std::vector<ptrdiff_t>& order) {
        T* const d = d_ + lo;
        const ptrdiff_t columns = whole_ ? n + wide : 2;
        T size = std::abs(d[half]);
        if (half < n - 1 + wide) size = std::max(size, std::abs(e_[lo + half]));
        Merge m{coupling(lo, half, n + wide), {}};
        d[half] = 0;
        const T tolerance =
            8 * std::numeric_limits<T>::epsilon() * std::max({size, largest_magnitude(d, n), negligible_});
        std::vector<T>& z = m.z;
        std::vector<Half> sides(n);
        for (ptrdiff_t j = 0; j < n; ++j) sides[j] = j <= half ? Half::left : Half::right;

        if (wide) {
            sides[half] = Half::both;
            join_null_directions(v_block(lo) + half * ld_, v_block(lo) + n * ld_, z[half], z[n], columns);
        }
        m.deflation.kept.push_back(half);
        ptrdiff_t before = -1;
        for (ptrdiff_t j : order) {
            if (std::abs(z[j]) <= tolerance) {
                m.deflation.deflated.push_back(j);
                continue;
            }
            if (before >= 0) {
                if (d[j] - d[before] <= tolerance) {
                    const T both = std::hypot(z[j], z[before]);
                    const T c = z[j] / both, s = -z[before] / both;
                    rotate(v_block(lo) + before * ld_, v_block(lo) + j * ld_, c, s, columns);
                    if (whole_) rotate(u_block(lo) + before * ld_, u_block(lo) + j * ld_, c, s, n);
                    if (sides[j] != sides[before]) sides[j] = sides[before] = Half::both;
                    z[j] = both;
                    m.deflation.deflated.push_back(before);
                } else {
                    m.deflation.kept.push_back(before);
                }
            }
            before = j;
        }
        if (before >= 0) m.deflation.kept.push_back(before);
        m.deflation.group(sides);
        if (m.deflation.kept.size() > 1 && std::abs(z[half]) <= kSliver<T> * tolerance)
            z[half] = kSliver<T> * tolerance;
        return m;
    }

    // Two directions that the halves map to zero: one takes all of z, the other stays behind.
    static void join_null_directions(T* one, T* other, T& z, T z_other, ptrdiff_t columns) {
        const auto [c, s, both] = rotation_of(z, z_other);
        rotate(one, other, c, s, columns);
        z = both;
    }

    std::vector<ptrdiff_t> merge(ptrdiff_t lo, ptrdiff_t half, ptrdiff_t n, bool wide,
                                 const std::vector<ptrdiff_t>& order) {
        const Merge m = deflate(lo, half, n, wide, order);
        const auto k = static_cast<ptrdiff_t>(m.deflation.kept.size());
        if (whole_) u_block(lo)[half * ld_ + half] = 1;

        std::vector<T> values(n);
        const T z_half = m.z[half];
        T* const left_vectors = whole_ ? vectors_.data() + lo * ldx_ + lo : nullptr;
        T* const gaps = gaps_.data() + lo * ldx_ + lo;
        if (k == 1) {
            values[0] = std::abs(z_half);
            gaps[0] = std::copysign(T{1}, z_half);
            if (left_vectors) left_vectors[0] = 1;
        } else {
            decompose_arrow(values.data(), gaps, left_vectors, lo, m);
        }

        const ptrdiff_t left_width = whole_ ? half + 1 : 1;
        T* const spare = spare_.data() + (whole_ ? lo * ld_ + lo : lo * ld_);
        replace_rows(v_block(lo), ld_, m.deflation, gaps, ldx_, left_width, whole_ ? n + wide - left_width : 1, spare,
                     ld_);
        if (whole_)
            replace_rows(u_block(lo), ld_, m.deflation, left_vectors, ldx_, left_width, n - left_width, spare, ld_);
        for (ptrdiff_t i = k; i < n; ++i) values[i] = d_[lo + m.deflation.deflated[i - k]];
        std::copy(values.begin(), values.end(), d_ + lo);
        return rising(d_ + lo, k, n);
    }

    // The values and vectors of M without what was deflated.
    void decompose_arrow(T* values, T* gaps, T* left_vectors, ptrdiff_t lo, const Merge& m) const {
        const auto k = static_cast<ptrdiff_t>(m.deflation.kept.size());
        std::vector<T> kept_d(k), squares(k);
        T largest = 0;
        for (ptrdiff_t j = 0; j < k; ++j) {
            kept_d[j] = d_[lo + m.deflation.kept[j]];
            largest = std::max({largest, kept_d[j], std::abs(m.z[m.deflation.kept[j]])});
        }
        const T floor = kSliver<T> * std::numeric_limits<T>::epsilon() * largest;
        for (ptrdiff_t j = 0; j < k; ++j) {
            if (j > 0) kept_d[j] = std::max(kept_d[j], floor);  // apart from d_0 = 0
            const T scaled = m.z[m.deflation.kept[j]];
            squares[j] = scaled * scaled;
        }
        const Poles<T> poles{kept_d.data(), true};
        const std::vector<Root<T>> roots = secular_roots(gaps, ldx_, poles, squares, T{1});
        std::vector<T> weights = all_consistent_weights(gaps, ldx_, poles, k);
        for (ptrdiff_t j = 0; j < k; ++j) weights[j] = std::copysign(weights[j], m.z[m.deflation.kept[j]]);
        vectors_from_gaps(gaps, left_vectors, weights, kept_d, m.deflation);
        for (ptrdiff_t i = 0; i < k; ++i) {
            const T pole = kept_d[roots[i].origin], distance = roots[i].distance;  // σ² = d² + distance
            values[i] = pole + distance / (pole + std::sqrt(std::max(pole * pole + distance, T{0})));
        }
    }

    // v_j = z_j / (d_j² - σ²), u_j = d_j v_j with u_0 = -1, both of length one, columns in grouped order. v takes the
    // place of the gaps.
    void vectors_from_gaps(T* gaps, T* left, const std::vector<T>& weights, const std::vector<T>& d,
                           const Deflation& deflation) const {
        const auto k = static_cast<ptrdiff_t>(weights.size());
        parallel_chunks(k, 4, 3.0 * static_cast<double>(k * k), [&](ptrdiff_t begin, ptrdiff_t end) {
            std::vector<T> v(k), u(k);
            for (ptrdiff_t i = begin; i < end; ++i) {
                T* row = gaps + i * ldx_;
                for (ptrdiff_t j = 0; j < k; ++j) v[j] = weights[j] / row[j];
                for (ptrdiff_t j = 0; j < k; ++j) u[j] = d[j] * v[j];
                u[0] = -1;
                const T of_v = 1 / length(v.data(), k), of_u = 1 / length(u.data(), k);
                for (ptrdiff_t j = 0; j < k; ++j) row[deflation.position[j]] = v[j] * of_v;
                if (left)
                    for (ptrdiff_t j = 0; j < k; ++j) left[i * ldx_ + deflation.position[j]] = u[j] * of_u;
            }
        });
    }

    T* d_;
    const T* e_;
    T *U_, *V_;
    bool whole_;
    ptrdiff_t ld_, ldx_;
    T negligible_;
    Workspace<T> gaps_, vectors_, spare_;
};

}  // namespace

template <class T>
void bidiagonal_svd(T* values, T* U, T* V, ptrdiff_t ld, T* d, const T* e, ptrdiff_t n) {
    if (n == 0) return;
    const ptrdiff_t width = U ? padded_row<T>(n) : 2;
    const Workspace<T> left(U ? n * width : 0), right(n * width);
    if (U) std::fill(left.data(), left.data() + n * width, T{0});
    std::fill(right.data(), right.data() + n * width, T{0});
    BidiagonalConquest<T> conquest(d, e, U ? left.data() : nullptr, right.data(), width, n);
    const std::vector<ptrdiff_t> order = conquest.solve(0, n, false);
    for (ptrdiff_t i = 0; i < n; ++i) {
        const ptrdiff_t from = order[n - 1 - i];
        values[i] = d[from];
        if (!U) continue;
        std::copy_n(left.data() + from * width, n, U + i * ld);
        std::copy_n(right.data() + from * width, n, V + i * ld);
    }
}

template void bidiagonal_svd<float>(float*, float*, float*, ptrdiff_t, float*, const float*, ptrdiff_t);
template void bidiagonal_svd<double>(double*, double*, double*, ptrdiff_t, double*, const double*, ptrdiff_t);

}  // namespace mmlcore
