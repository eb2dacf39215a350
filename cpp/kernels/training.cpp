#include "kernels/training.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024, kBlock = 4096;

template <class T>
constexpr double stream_ns(ptrdiff_t n) {
    return static_cast<double>(n) * 3 * sizeof(T) / 20;
}

// body(i, count) for vectors of [0, n), in parallel. The loop is a function of its own: the serial and the parallel
// call run the same instructions.
template <class T, class Body>
[[gnu::noinline]] void run_range(const Body& body, ptrdiff_t begin, ptrdiff_t end) {
    for_each_vector<Vec<T>>(begin, end, body);
}

template <class T, class Body>
void for_each(ptrdiff_t n, const Body& body) {
    parallel_chunks(n, kGrain, stream_ns<T>(n),
                    [&](ptrdiff_t begin, ptrdiff_t end) { run_range<T>(body, begin, end); });
}

// The row of a table that a number names, or -1.
template <class T>
ptrdiff_t row_of(T x, ptrdiff_t rows) {
    return x >= 0 && x < static_cast<T>(rows) ? static_cast<ptrdiff_t>(x) : -1;
}

}  // namespace

template <class T>
void accumulate(double* total, const T* value, double weight) {
    *total += weight * static_cast<double>(*value);
}

void append_rows(char* kept, const char* rows, std::int64_t* position, ptrdiff_t n, ptrdiff_t bytes) {
    std::memcpy(kept + *position * bytes, rows, static_cast<std::size_t>(n * bytes));
    *position += n;
}

void next_rate(double* constants, const double* rates, std::int64_t* position) {
    constants[0] = rates[(*position)++];
}

template <class T>
void multiply(T* out, const T* a, const T* b, ptrdiff_t n) {
    using V = Vec<T>;
    for_each<T>(n, [=](ptrdiff_t i, auto count) {
        store_lanes(out + i, load_lanes<V>(a + i, count) * load_lanes<V>(b + i, count), count);
    });
}

template <class T>
void add(T* out, const T* a, const T* b, ptrdiff_t n) {
    using V = Vec<T>;
    for_each<T>(n, [=](ptrdiff_t i, auto count) {
        store_lanes(out + i, load_lanes<V>(a + i, count) + load_lanes<V>(b + i, count), count);
    });
}

template <class T>
void affine(T* y, const T* x, double scale, double shift, ptrdiff_t n) {
    using V = Vec<T>;
    const T a = static_cast<T>(scale), b = static_cast<T>(shift);
    for_each<T>(n, [=](ptrdiff_t i, auto count) { store_lanes(y + i, a * load_lanes<V>(x + i, count) + b, count); });
}

template <class T>
void leaky_relu(T* y, const T* x, double slope, ptrdiff_t n) {
    leaky_relu_backward(y, x, x, slope, n);
}

template <class T>
void leaky_relu_backward(T* dx, const T* dy, const T* x, double slope, ptrdiff_t n) {
    using V = Vec<T>;
    const T below = static_cast<T>(slope);
    for_each<T>(n, [=](ptrdiff_t i, auto count) {
        const V v = load_lanes<V>(x + i, count), g = load_lanes<V>(dy + i, count);
        store_lanes(dx + i, v > 0 ? g : (v == v ? below * g : v), count);
    });
}

template <class T>
void penalize(T* value, T* g, const T* w, double l1, double l2, ptrdiff_t n) {
    using V = Vec<T>;
    const T a = static_cast<T>(l1), b = static_cast<T>(l2);
    double total = 0;
    for (ptrdiff_t begin = 0; begin < n; begin += kBlock) {
        V part{};
        for_each_vector<V>(begin, std::min(begin + kBlock, n), [&](ptrdiff_t i, auto count) {
            const V x = load_lanes<V>(w + i, count);
            part += a * vabs(x) + b * x * x;
            if (!g) return;
            const V sign = x > 0 ? broadcast<V>(a) : (x < 0 ? broadcast<V>(-a) : x);
            store_lanes(g + i, load_lanes<V>(g + i, count) + (sign + 2 * b * x), count);
        });
        total += static_cast<double>(sum_lanes(part));
    }
    *value += static_cast<T>(total);
}

template <class T>
void make_non_negative(T* w, ptrdiff_t n) {
    using V = Vec<T>;
    for_each<T>(n, [=](ptrdiff_t i, auto count) {
        const V x = load_lanes<V>(w + i, count);
        store_lanes(w + i, x < 0 ? V{} : x, count);
    });
}

template <class T>
void limit_column_norms(T* w, double limit, ptrdiff_t n, ptrdiff_t c) {
    using V = Vec<T>;
    const T bound = static_cast<T>(limit);
    for_each_vector<V>(0, c, [=](ptrdiff_t j, auto count) {
        V squares{};
        for (ptrdiff_t i = 0; i < n; ++i) {
            const V x = load_lanes<V>(w + i * c + j, count);
            squares += x * x;
        }
        const V length = vsqrt(squares);
        const V factor = length > bound ? bound / length : broadcast<V>(1);
        for (ptrdiff_t i = 0; i < n; ++i)
            store_lanes(w + i * c + j, load_lanes<V>(w + i * c + j, count) * factor, count);
    });
}

template <class T>
void look_up(T* y, const T* table, const T* x, ptrdiff_t n, ptrdiff_t rows, ptrdiff_t c) {
    for (ptrdiff_t i = 0; i < n; ++i) {
        const ptrdiff_t row = row_of(x[i], rows);
        if (row < 0)
            std::fill(y + i * c, y + (i + 1) * c, std::numeric_limits<T>::quiet_NaN());
        else
            std::copy(table + row * c, table + (row + 1) * c, y + i * c);
    }
}

template <class T>
void look_up_backward(T* dtable, const T* dy, const T* x, ptrdiff_t n, ptrdiff_t rows, ptrdiff_t c) {
    std::fill(dtable, dtable + rows * c, T(0));
    for (ptrdiff_t i = 0; i < n; ++i) {
        const ptrdiff_t row = row_of(x[i], rows);
        if (row >= 0)
            for (ptrdiff_t j = 0; j < c; ++j) dtable[row * c + j] += dy[i * c + j];
    }
}

template <class T>
bool all_finite(const T* x, ptrdiff_t n) {
    using V = Vec<T>;
    V total{};  // x - x is 0 for numbers, NaN for the others, and NaN stays
    for_each_vector<V>(0, n, [&](ptrdiff_t i, auto count) {
        const V v = load_lanes<V>(x + i, count);
        total += v - v;
    });
    return sum_lanes(total) == 0;
}

#define MMLCORE_INSTANTIATE(T)                                                                  \
    template void accumulate<T>(double*, const T*, double);                                     \
    template void multiply<T>(T*, const T*, const T*, ptrdiff_t);                               \
    template void add<T>(T*, const T*, const T*, ptrdiff_t);                                    \
    template void affine<T>(T*, const T*, double, double, ptrdiff_t);                           \
    template void leaky_relu<T>(T*, const T*, double, ptrdiff_t);                               \
    template void leaky_relu_backward<T>(T*, const T*, const T*, double, ptrdiff_t);            \
    template void penalize<T>(T*, T*, const T*, double, double, ptrdiff_t);                     \
    template void make_non_negative<T>(T*, ptrdiff_t);                                          \
    template void limit_column_norms<T>(T*, double, ptrdiff_t, ptrdiff_t);                      \
    template void look_up<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);          \
    template void look_up_backward<T>(T*, const T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    template bool all_finite<T>(const T*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
