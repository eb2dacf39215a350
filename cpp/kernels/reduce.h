// Sums, means and maxima over the middle of x, viewed as (outer, middle, inner), row-major: out is (outer, inner).
//
// Sums add in a tree over blocks (pairwise), so the error grows with log(middle), not with middle; the tree depends on
// the sizes alone, so the result does not depend on the number of threads. A NaN anywhere makes its result NaN.
// Instantiated for float and double.
#pragma once

#include <cstddef>

namespace mmlcore {

// out = Σ x; 0 where middle = 0.
template <class T>
void reduce_sum(T* out, const T* x, std::ptrdiff_t outer, std::ptrdiff_t middle, std::ptrdiff_t inner);

// out = Σ x / middle, middle > 0.
template <class T>
void reduce_mean(T* out, const T* x, std::ptrdiff_t outer, std::ptrdiff_t middle, std::ptrdiff_t inner);

// out = max x, middle > 0.
template <class T>
void reduce_max(T* out, const T* x, std::ptrdiff_t outer, std::ptrdiff_t middle, std::ptrdiff_t inner);

// Estimated time of any of them on one thread, for x of so many bytes.
constexpr double reduce_ns(double bytes) {
    return bytes / 20;
}

}  // namespace mmlcore
