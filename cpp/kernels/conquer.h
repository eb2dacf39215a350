// What divide and conquer does with the bases of its two halves, for eigenvectors and for singular vectors alike.
//
// A basis lies in rows: row j of Z is a vector; before the halves are merged, the rows of the left half are zero in
// the right columns and the other way round. Merging takes the rows that deflation kept (k of them) to X · rows.
#pragma once

#include <vector>

#include "kernels/gemm.h"
#include "kernels/secular.h"

namespace mmlcore {

enum class Half : char { left, both, right };

// What deflation leaves of a merge: indices of rows.
struct Deflation {
    std::vector<ptrdiff_t> kept;      // by rising pole
    std::vector<ptrdiff_t> deflated;  // these rows and their values stay as they are
    std::vector<ptrdiff_t> position;  // of kept row j among them when those of one side stand together
    ptrdiff_t left = 0, both = 0;     // how many of the kept are of these sides

    // Fills `position`; sides[row].
    void group(const std::vector<Half>& sides);
};

// Z's rows 0 … k-1 become X · kept rows (X: k × k, columns in grouped order), the rows behind them the deflated ones.
// Z has left_width + right_width columns; spare is as large as Z, with the same leading dimension.
template <class T>
void replace_rows(T* Z, ptrdiff_t ld, const Deflation& deflation, const T* X, ptrdiff_t ldx, ptrdiff_t left_width,
                  ptrdiff_t right_width, T* spare, ptrdiff_t ld_spare);

// All roots at once: gaps (k × k, row i of root i), and |z| consistent with them.
template <class T>
std::vector<Root<T>> secular_roots(T* gaps, ptrdiff_t ld, const Poles<T>& poles, const std::vector<T>& squares, T rho);
template <class T>
std::vector<T> all_consistent_weights(const T* gaps, ptrdiff_t ld, const Poles<T>& poles, ptrdiff_t k);

// order (first + second indices into values, rising) from two rising parts.
template <class T>
std::vector<ptrdiff_t> merged_order(const T* values, const std::vector<ptrdiff_t>& first,
                                    const std::vector<ptrdiff_t>& second);

// The rising order of values of which all but rounding lets the first k rise, and the others stand in any order.
template <class T>
std::vector<ptrdiff_t> rising(const T* values, ptrdiff_t k, ptrdiff_t n);

// Beside a matrix's largest element, whatever is below this share of it counts as nothing: squares of gaps stay normal
// numbers.
template <class T>
constexpr T kNegligible = sizeof(T) == 4 ? T{1e-5f} : T(1e-105);

// Halves of at least this size may be worked on by different threads.
constexpr ptrdiff_t kParallelHalves = 64;

}  // namespace mmlcore
