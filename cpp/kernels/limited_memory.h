// What L-BFGS does with the pairs (s, y) of changes of the point and of the gradient that it remembers. Pairs lie in a
// ring of `capacity` rows: s and y (capacity × n, row-major), curvature (capacity) = y·s; the newest in row `newest`,
// older ones in the rows before it, the last row coming before the first. Instantiated for float and double.
#pragma once

#include <cstddef>

namespace mmlcore {

struct PairSums {
    double sy, ss, yy;
};

// A row of the ring: s (n) = x - x_before, y (n) = g - g_before; and their products.
template <class T>
PairSums limited_memory_pair(T* s, T* y, const T* x, const T* x_before, const T* g, const T* g_before,
                             std::ptrdiff_t n);

template <class T>
struct PairRing {
    const T *s, *y;
    const double* curvature;
    std::ptrdiff_t capacity, count, newest;
};

// d (n) = -H g, where H comes from scale · 1 by the updates of BFGS with `count` pairs, the oldest first: two loops,
// J. Nocedal, "Updating quasi-Newton matrices with limited storage" (1980).
template <class T>
void limited_memory_direction(T* d, const T* g, const PairRing<T>& pairs, double scale, std::ptrdiff_t n);

// Estimated times on one thread: memory that is read and written, most of it in the second-level cache.
template <class T>
constexpr double limited_memory_ns(std::ptrdiff_t n, std::ptrdiff_t vectors) {
    return static_cast<double>(n) * static_cast<double>(vectors) * sizeof(T) * 0.015;
}

}  // namespace mmlcore
