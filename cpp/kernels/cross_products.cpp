#include "kernels/cross_products.h"

#include <algorithm>
#include <cmath>

#include "kernels/threads.h"
#include "kernels/vectors.h"

namespace mmlcore {
namespace {

// A tile of S stays in registers while it meets the rows of a block.
constexpr ptrdiff_t kTileRows = kVectorBytes == 64 ? 12 : 4, kTileVectors = kVectorBytes == 64 ? 2 : 3;
constexpr ptrdiff_t kBlockRows = 128;  // of which a tile reads two pieces of each: they stay in the first cache
constexpr ptrdiff_t kNarrow = 512;     // from here on, the general product is as fast
constexpr ptrdiff_t kWideRows = 1024;
constexpr ptrdiff_t kMostTasks = 16;

template <class T>
constexpr ptrdiff_t kTileCols = kTileVectors * lanes<Vec<T>>;

constexpr ptrdiff_t round_up(ptrdiff_t n, ptrdiff_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

// The columns that the tiles of S reach.
template <class T>
ptrdiff_t padded_columns(ptrdiff_t p) {
    return std::max(round_up(p, kTileRows), round_up(p, kTileCols<T>));
}

template <class T>
struct Rows {
    MatrixView<T> X, Y;
    const T *w, *s;
    ptrdiff_t d, k;
};

template <class T>
void copy_shifted(T* Z, ptrdiff_t ld, MatrixView<T> X, const T* s, const T* roots, ptrdiff_t rows, ptrdiff_t d) {
    if (X.col == 1) {
        for (ptrdiff_t i = 0; i < rows; ++i) {
            const T *from = X.at(i, 0), root = roots[i];
            T* to = Z + i * ld;
            for (ptrdiff_t j = 0; j < d; ++j) to[j] = (from[j] - s[j]) * root;
        }
        return;
    }
    for (ptrdiff_t j = 0; j < d; ++j)
        for (ptrdiff_t i = 0; i < rows; ++i) Z[i * ld + j] = (*X.at(i, j) - s[j]) * roots[i];
}

// Z (rows × ld): the rows √w [x - s_x, y - s_y, 1] from row `first` on, zeros behind.
template <class T>
void fill_block(T* Z, ptrdiff_t ld, const Rows<T>& data, ptrdiff_t first, ptrdiff_t rows) {
    const ptrdiff_t p = data.d + data.k + 1;
    const Workspace<T> kept(rows);
    T* roots = kept.data();
    for (ptrdiff_t i = 0; i < rows; ++i) roots[i] = data.w ? std::sqrt(data.w[first + i]) : T{1};
    copy_shifted<T>(Z, ld, {data.X.at(first, 0), data.X.row, data.X.col}, data.s, roots, rows, data.d);
    if (data.k > 0)
        copy_shifted<T>(Z + data.d, ld, {data.Y.at(first, 0), data.Y.row, data.Y.col}, data.s + data.d, roots, rows,
                        data.k);
    for (ptrdiff_t i = 0; i < rows; ++i) {
        Z[i * ld + p - 1] = roots[i];
        std::fill(Z + i * ld + p, Z + (i + 1) * ld, T{0});
    }
}

// A (tile of leading dimension ld) += the products of the columns i … and j … of Z.
template <class T>
void add_tile(double* A, ptrdiff_t lda, const T* Z, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t i, ptrdiff_t j) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    V sum[kTileRows][kTileVectors] = {};
    for (ptrdiff_t r = 0; r < rows; ++r) {
        const T *left = Z + r * ld + i, *right = Z + r * ld + j;
        V b[kTileVectors];
        for (ptrdiff_t v = 0; v < kTileVectors; ++v) b[v] = load<V>(right + v * W);
#pragma GCC unroll 12
        for (ptrdiff_t m = 0; m < kTileRows; ++m) {
            const V a = broadcast<V>(left[m]);
#pragma GCC unroll 3
            for (ptrdiff_t v = 0; v < kTileVectors; ++v) sum[m][v] += a * b[v];
        }
    }
    for (ptrdiff_t m = 0; m < kTileRows; ++m)
        for (ptrdiff_t v = 0; v < kTileVectors; ++v)
            for (ptrdiff_t l = 0; l < W; ++l) A[m * lda + v * W + l] += static_cast<double>(sum[m][v][l]);
}

// The upper triangle of A (P × P) += ZᵀZ.
template <class T>
void add_products(double* A, ptrdiff_t P, const T* Z, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t p) {
    for (ptrdiff_t i = 0; i < p; i += kTileRows)
        for (ptrdiff_t j = i / kTileCols<T> * kTileCols<T>; j < p; j += kTileCols<T>)
            add_tile(A + i * P + j, P, Z, ld, rows, i, j);
}

template <class T>
void narrow(double* S, const Rows<T>& data, ptrdiff_t n, ptrdiff_t p) {
    const ptrdiff_t P = padded_columns<T>(p), ld = padded_row<T>(P), blocks = (n + kBlockRows - 1) / kBlockRows;
    // Each task has sums of its own: fewer of them where these are large beside the rows.
    const ptrdiff_t tasks = std::min({kMostTasks, blocks, std::max<ptrdiff_t>(4, n / (4 * p))});
    const Workspace<double> sums(tasks * P * P);
    parallel_for(tasks, cross_products_ns(n, p), [&](ptrdiff_t task) {
        const Workspace<T> Z(kBlockRows * ld);
        double* A = sums.data() + task * P * P;
        std::fill(A, A + P * P, 0.0);
        for (ptrdiff_t block = blocks * task / tasks; block < blocks * (task + 1) / tasks; ++block) {
            const ptrdiff_t first = block * kBlockRows, rows = std::min(kBlockRows, n - first);
            fill_block(Z.data(), ld, data, first, rows);
            add_products(A, P, Z.data(), ld, rows, p);
        }
    });
    for (ptrdiff_t task = 0; task < tasks; ++task)
        for (ptrdiff_t i = 0; i < p; ++i)
            for (ptrdiff_t j = i; j < p; ++j) S[i * p + j] += sums.data()[task * P * P + i * P + j];
}

template <class T>
void wide(double* S, const Rows<T>& data, ptrdiff_t n, ptrdiff_t p) {
    const ptrdiff_t ld = padded_row<T>(p);
    const Workspace<T> Z(std::min(n, kWideRows) * ld), products(p * p);
    for (ptrdiff_t first = 0; first < n; first += kWideRows) {
        const ptrdiff_t rows = std::min(kWideRows, n - first), grain = 32;
        parallel_chunks(rows, grain, static_cast<double>(rows) * static_cast<double>(p) * 0.5,
                        [&](ptrdiff_t begin, ptrdiff_t end) {
                            fill_block(Z.data() + begin * ld, ld, data, first + begin, end - begin);
                        });
        syrk<T>(products.data(), p, {Z.data(), 1, ld}, Triangle::upper, p, rows);
        for (ptrdiff_t i = 0; i < p; ++i)
            for (ptrdiff_t j = i; j < p; ++j) S[i * p + j] += static_cast<double>(products.data()[i * p + j]);
    }
}

}  // namespace

template <class T>
void cross_products(double* S, MatrixView<T> X, MatrixView<T> Y, const T* w, const T* s, ptrdiff_t n, ptrdiff_t d,
                    ptrdiff_t k) {
    const ptrdiff_t p = d + k + 1;
    const Rows<T> data{X, Y, w, s, d, k};
    std::fill(S, S + p * p, 0.0);
    (p <= kNarrow ? narrow<T> : wide<T>)(S, data, n, p);
    for (ptrdiff_t i = 0; i < p; ++i)
        for (ptrdiff_t j = 0; j < i; ++j) S[i * p + j] = S[j * p + i];
}

template void cross_products<float>(double*, MatrixView<float>, MatrixView<float>, const float*, const float*,
                                    ptrdiff_t, ptrdiff_t, ptrdiff_t);
template void cross_products<double>(double*, MatrixView<double>, MatrixView<double>, const double*, const double*,
                                     ptrdiff_t, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
