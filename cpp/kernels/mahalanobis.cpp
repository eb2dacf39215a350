#include "kernels/mahalanobis.h"

#include <algorithm>

#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr int kVectors = 4;  // of points that are solved for together, a point in each lane

template <class T>
constexpr ptrdiff_t kPoints = kVectors * lanes<Vec<T>>;

// z (d × kPoints): the coordinates of `count` points less the mean, a point in each column; the others are zero.
template <class T>
void centred_columns(T* z, const T* x, const T* mu, ptrdiff_t count, ptrdiff_t d) {
    constexpr ptrdiff_t P = kPoints<T>;
    if (count < P) std::fill(z, z + d * P, T{0});
    for (ptrdiff_t p = 0; p < count; ++p)
        for (ptrdiff_t i = 0; i < d; ++i) z[i * P + p] = x[p * d + i] - mu[i];
}

// Rows i … i + Rows - 1 of z less what the rows above contribute: z_r -= Σ_{j<i} L_rj z_j.
template <int Rows, class T>
inline void subtract_rows_above(T* z, const T* L, ptrdiff_t i, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kPoints<T>, W = lanes<V>;
    V sum[Rows][kVectors];
    for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < kVectors; ++v) sum[r][v] = load<V>(z + (i + r) * P + v * W);
    for (ptrdiff_t j = 0; j < i; ++j) {
        V above[kVectors];
        for (int v = 0; v < kVectors; ++v) above[v] = load<V>(z + j * P + v * W);
        for (int r = 0; r < Rows; ++r) {
            const V factor = broadcast<V>(L[(i + r) * d + j]);
            for (int v = 0; v < kVectors; ++v) sum[r][v] -= factor * above[v];
        }
    }
    for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < kVectors; ++v) store(z + (i + r) * P + v * W, sum[r][v]);
}

// Row i less Σ_{first≤j<i} L_ij z_j, over L_ii; its squares are added to q (kPoints).
template <class T>
inline void finish_row(T* z, T* q, const T* L, T reciprocal, ptrdiff_t first, ptrdiff_t i, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kPoints<T>, W = lanes<V>;
    for (int v = 0; v < kVectors; ++v) {
        V row = load<V>(z + i * P + v * W);
        for (ptrdiff_t j = first; j < i; ++j) row -= broadcast<V>(L[i * d + j]) * load<V>(z + j * P + v * W);
        row *= reciprocal;
        store(z + i * P + v * W, row);
        store(q + v * W, load<V>(q + v * W) + row * row);
    }
}

// L z = z in place by forward substitution, two rows at a time; q = the squared lengths of the columns.
template <class T>
void solve_and_square(T* z, T* q, const T* L, const T* reciprocals, ptrdiff_t d) {
    std::fill(q, q + kPoints<T>, T{0});
    ptrdiff_t i = 0;
    for (; i + 2 <= d; i += 2) {
        subtract_rows_above<2>(z, L, i, d);
        finish_row(z, q, L, reciprocals[i], i, i, d);
        finish_row(z, q, L, reciprocals[i + 1], i, i + 1, d);
    }
    if (i < d) {
        subtract_rows_above<1>(z, L, i, d);
        finish_row(z, q, L, reciprocals[i], i, i, d);
    }
}

}  // namespace

template <class T>
void squared_mahalanobis(T* q, const T* x, const T* mu, const T* L, ptrdiff_t n, ptrdiff_t d) {
    constexpr ptrdiff_t P = kPoints<T>;
    const Workspace<T> reciprocals(d);
    for (ptrdiff_t i = 0; i < d; ++i) reciprocals.data()[i] = 1 / L[i * d + i];
    const T* over_diagonal = reciprocals.data();
    parallel_chunks(n, P, squared_mahalanobis_ns(n, d), [=](ptrdiff_t begin, ptrdiff_t end) {
        const Workspace<T> z(d * P + P);
        T* squares = z.data() + d * P;
        for (ptrdiff_t p = begin; p < end; p += P) {
            const ptrdiff_t count = std::min(P, end - p);
            centred_columns(z.data(), x + p * d, mu, count, d);
            solve_and_square(z.data(), squares, L, over_diagonal, d);
            std::copy(squares, squares + count, q + p);
        }
    });
}

template void squared_mahalanobis<float>(float*, const float*, const float*, const float*, ptrdiff_t, ptrdiff_t);
template void squared_mahalanobis<double>(double*, const double*, const double*, const double*, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
