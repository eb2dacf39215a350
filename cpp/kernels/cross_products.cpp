#include "kernels/cross_products.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/threads.h"
#include "kernels/vectors.h"

namespace mmlcore {
namespace {

// A tile of S stays in registers while it meets the rows of a block.
constexpr int kTileRows = kVectorBytes == 64 ? 8 : 4, kTileVectors = kVectorBytes == 64 ? 2 : 3;
constexpr ptrdiff_t kBlockRows = 128;  // of which a tile reads two pieces of each: they stay in the first cache
constexpr ptrdiff_t kNarrow = 128;     // from here on the sums outgrow the cache, and the general product is faster
constexpr ptrdiff_t kWideRows = 1024;
constexpr ptrdiff_t kMostTasks = 16;

constexpr ptrdiff_t round_up(ptrdiff_t n, ptrdiff_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

// The columns that the tiles of S reach.
template <class T>
ptrdiff_t padded_columns(ptrdiff_t p) {
    return std::max(round_up(p, kTileRows), round_up(p, lanes<Vec<T>>));
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

// A (kTileRows × Vectors vectors, leading dimension lda) += the products of the columns i … and j … of Z.
template <int Vectors, class T>
void add_tile(double* A, ptrdiff_t lda, const T* Z, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t i, ptrdiff_t j) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    V sum[kTileRows][Vectors] = {};
    for (ptrdiff_t r = 0; r < rows; ++r) {
        const T *left = Z + r * ld + i, *right = Z + r * ld + j;
        V b[Vectors];
        for (int v = 0; v < Vectors; ++v) b[v] = load<V>(right + v * W);
#pragma GCC unroll 8
        for (int m = 0; m < kTileRows; ++m) {
            const V a = broadcast<V>(left[m]);
#pragma GCC unroll 3
            for (int v = 0; v < Vectors; ++v) sum[m][v] += a * b[v];
        }
    }
    typedef double Doubles __attribute__((vector_size(W * sizeof(double))));
#pragma GCC unroll 8
    for (int m = 0; m < kTileRows; ++m)
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) {
            Doubles total;
            std::memcpy(&total, A + m * lda + v * W, sizeof total);
            total += __builtin_convertvector(sum[m][v], Doubles);
            std::memcpy(A + m * lda + v * W, &total, sizeof total);
        }
}

// Tiles of rows i … from column j on, `vectors` wide in all.
template <class T>
void add_row_of_tiles(double* A, ptrdiff_t P, const T* Z, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t i, ptrdiff_t j,
                      ptrdiff_t vectors) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    for (; vectors >= kTileVectors; vectors -= kTileVectors, j += kTileVectors * W)
        add_tile<kTileVectors>(A + i * P + j, P, Z, ld, rows, i, j);
    if (vectors == 2) add_tile<2>(A + i * P + j, P, Z, ld, rows, i, j);
    if (vectors == 1) add_tile<1>(A + i * P + j, P, Z, ld, rows, i, j);
}

// The upper triangle of A (P × P) += ZᵀZ.
template <class T>
void add_products(double* A, ptrdiff_t P, const T* Z, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t p) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    for (ptrdiff_t i = 0; i < p; i += kTileRows) {
        const ptrdiff_t first = i / W * W;
        add_row_of_tiles(A, P, Z, ld, rows, i, first, (p - first + W - 1) / W);
    }
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
