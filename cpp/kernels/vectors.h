// What the factorisations do with single vectors of contiguous memory: sums of products, steps along a direction,
// rotations, lengths.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/lanes.h"

namespace mmlcore {

using std::ptrdiff_t;

// out[c] = Σ_i columns[c · ld + i] x[i] for C columns at a time, so that x is loaded once for all of them.
template <int C, class T>
inline void dot_columns(T* out, const T* columns, ptrdiff_t ld, const T* x, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr int U = C == 1 ? 4 : C == 2 ? 2 : 1;  // independent sums, so that additions do not wait for each other
    constexpr int W = lanes<V>;
    V sum[C][U] = {};
    ptrdiff_t i = 0;
    for (; i + U * W <= n; i += U * W)
#pragma GCC unroll 4
        for (int u = 0; u < U; ++u) {
            const V xs = load<V>(x + i + u * W);
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) sum[c][u] += load<V>(columns + c * ld + i + u * W) * xs;
        }
    for (; i < n; i += W) {
        const ptrdiff_t count = std::min<ptrdiff_t>(W, n - i);
        const V xs = load_first<V>(x + i, count);
        for (int c = 0; c < C; ++c) sum[c][0] += load_first<V>(columns + c * ld + i, count) * xs;
    }
    for (int c = 0; c < C; ++c) {
        V total = sum[c][0];
        for (int u = 1; u < U; ++u) total += sum[c][u];
        out[c] = sum_lanes(total);
    }
}

template <class T>
inline T dot(const T* x, const T* y, ptrdiff_t n) {
    T sum;
    dot_columns<1>(&sum, x, 0, y, n);
    return sum;
}

// y += Σ_c factors[c] · columns[c · ld …] for C columns at a time.
template <int C, class T>
inline void add_columns(T* y, const T* columns, ptrdiff_t ld, const T* factors, ptrdiff_t n) {
    using V = Vec<T>;
    V f[C];
    for (int c = 0; c < C; ++c) f[c] = broadcast<V>(factors[c]);
    for_each_vector<V>(0, n, [&](ptrdiff_t i, auto count) {
        V sum = load_lanes<V>(y + i, count);
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum += f[c] * load_lanes<V>(columns + c * ld + i, count);
        store_lanes(y + i, sum, count);
    });
}

// y += factor · x
template <class T>
inline void add_scaled(T* y, const T* x, T factor, ptrdiff_t n) {
    add_columns<1>(y, x, 0, &factor, n);
}

// out[c] = Σ_i columns[c · ld + i] x[i], and y += Σ_c factors[c] columns[c · ld …], for any number of columns.
template <class T>
inline void dot_all_columns(T* out, const T* columns, ptrdiff_t ld, const T* x, ptrdiff_t n, ptrdiff_t count) {
    ptrdiff_t c = 0;
    for (; c + 4 <= count; c += 4) dot_columns<4>(out + c, columns + c * ld, ld, x, n);
    for (; c < count; ++c) dot_columns<1>(out + c, columns + c * ld, ld, x, n);
}

template <class T>
inline void add_all_columns(T* y, const T* columns, ptrdiff_t ld, const T* factors, ptrdiff_t n, ptrdiff_t count) {
    ptrdiff_t c = 0;
    for (; c + 4 <= count; c += 4) add_columns<4>(y, columns + c * ld, ld, factors + c, n);
    for (; c < count; ++c) add_columns<1>(y, columns + c * ld, ld, factors + c, n);
}

template <class T>
inline void scale(T* x, T factor, ptrdiff_t n) {
    using V = Vec<T>;
    const V f = broadcast<V>(factor);
    for_each_vector<V>(0, n,
                       [&](ptrdiff_t i, auto count) { store_lanes(x + i, f * load_lanes<V>(x + i, count), count); });
}

// (x, y) ← (c x + s y, c y - s x)
template <class T>
inline void rotate(T* x, T* y, T c, T s, ptrdiff_t n) {
    using V = Vec<T>;
    const V cs = broadcast<V>(c), sn = broadcast<V>(s);
    for_each_vector<V>(0, n, [&](ptrdiff_t i, auto count) {
        const V a = load_lanes<V>(x + i, count), b = load_lanes<V>(y + i, count);
        store_lanes(x + i, cs * a + sn * b, count);
        store_lanes(y + i, cs * b - sn * a, count);
    });
}

// r = ‖(x, y)‖ with x = c r, y = s r and c² + s² = 1, whatever the size of x and y.
template <class T>
struct Rotation {
    T c, s, r;
};

template <class T>
inline Rotation<T> rotation_of(T x, T y) {
    const T r = std::hypot(x, y);
    if (r == 0) return {1, 0, 0};
    constexpr T safe = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    if (r >= safe) return {x / r, y / r, r};
    const Rotation<T> enlarged = rotation_of(x / safe, y / safe);  // subnormal numbers have no digits to spare
    return {enlarged.c, enlarged.s, enlarged.r * safe};
}

template <class T>
inline T largest_magnitude(const T* x, ptrdiff_t n) {
    T largest = 0;
    for (ptrdiff_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
    return largest;
}

// The same, NaN where any element is not finite.
template <class T>
inline T largest_finite_magnitude(const T* x, ptrdiff_t n) {
    T largest = 0, zeros = 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        largest = std::max(largest, std::abs(x[i]));
        zeros += 0 * x[i];
    }
    return largest + zeros;
}

// ‖x‖, where the squares would over- or underflow by way of x / max|x|.
template <class T>
inline T length(const T* x, ptrdiff_t n) {
    const T squares = dot(x, x, n);
    constexpr T low = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    if (squares > low && squares < std::numeric_limits<T>::max()) return std::sqrt(squares);
    if (squares != squares) return squares;
    const T largest = largest_magnitude(x, n);
    if (!(largest > 0) || std::isinf(largest)) return largest;
    T sum = 0;
    for (ptrdiff_t i = 0; i < n; ++i) sum += (x[i] / largest) * (x[i] / largest);
    return largest * std::sqrt(sum);
}

// The power of two that brings `largest` into [½, 1); 1 for zero and for what is not finite.
template <class T>
inline T power_of_two_scale(T largest) {
    if (!(largest > 0) || std::isinf(largest)) return 1;
    int exponent = 0;
    std::frexp(largest, &exponent);
    return std::ldexp(T{1}, std::min(-exponent, std::numeric_limits<T>::max_exponent - 1));
}

}  // namespace mmlcore
