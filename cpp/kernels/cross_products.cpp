#include "kernels/cross_products.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/threads.h"
#include "kernels/vectors.h"

namespace mmlcore {
namespace {

// The columns of a block of rows lie in panels; a tile of S stays in registers while it meets two panels' rows.
constexpr int kTileRows = kVectorBytes == 64 ? 8 : 4, kPanelVectors = kVectorBytes == 32 ? 3 : 2;
constexpr ptrdiff_t kBlockRows = 100;  // two panels of so many rows stay in the first cache
constexpr ptrdiff_t kFillRows = 16;    // as many as pass through the first cache on their way into the panels
constexpr ptrdiff_t kWideRows = 1024;
constexpr ptrdiff_t kMostTasks = 16;
constexpr ptrdiff_t kLineBytes = 64;

// From here on the general product is faster: the sums have outgrown the cache, those of float32, which are added in
// double, earlier.
template <class T>
constexpr ptrdiff_t kNarrow = sizeof(T) == 8 ? 512 : 128;

template <class T>
constexpr ptrdiff_t kPanel = kPanelVectors * lanes<Vec<T>>;  // columns

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

// The roots of the weights of the rows from `first` on.
template <class T>
void fill_roots(T* roots, const T* w, ptrdiff_t first, ptrdiff_t rows) {
    for (ptrdiff_t i = 0; i < rows; ++i) roots[i] = w ? std::sqrt(w[first + i]) : T{1};
}

// Z (rows × ld): the rows √w [x - s_x, y - s_y, 1] from row `first` on, zeros behind.
template <class T>
void fill_block(T* Z, ptrdiff_t ld, const Rows<T>& data, const T* roots, ptrdiff_t first, ptrdiff_t rows) {
    const ptrdiff_t p = data.d + data.k + 1;
    if (data.d > 0) copy_shifted<T>(Z, ld, {data.X.at(first, 0), data.X.row, data.X.col}, data.s, roots, rows, data.d);
    if (data.k > 0)
        copy_shifted<T>(Z + data.d, ld, {data.Y.at(first, 0), data.Y.row, data.Y.col}, data.s + data.d, roots, rows,
                        data.k);
    for (ptrdiff_t i = 0; i < rows; ++i) {
        Z[i * ld + p - 1] = roots[i];
        std::fill(Z + i * ld + p, Z + (i + 1) * ld, T{0});
    }
}

// The first `panels` panels of the same rows, Z[(panel · kBlockRows + row) · kPanel + column], of contiguous columns.
template <class T>
void fill_whole_panels(T* Z, const Rows<T>& data, ptrdiff_t panels, const T* roots, ptrdiff_t first, ptrdiff_t rows) {
    using V = Vec<T>;
    constexpr ptrdiff_t C = kPanel<T>, W = lanes<V>;
    for (ptrdiff_t i = 0; i < rows; ++i) {
        const T *x = data.X.at(first + i, 0), *s = data.s;
        const V root = broadcast<V>(roots[i]);
        T* z = Z + i * C;
        for (ptrdiff_t panel = 0; panel < panels; ++panel, x += C, s += C, z += kBlockRows * C)
#pragma GCC unroll 3
            for (int v = 0; v < kPanelVectors; ++v)
                store<V>(z + v * W, (load<V>(x + v * W) - load<V>(s + v * W)) * root);
    }
}

// All panels. What is no whole panel of X passes through `lines` (kFillRows × the panels' columns).
template <class T>
void fill_panels(T* Z, ptrdiff_t panels, T* lines, const Rows<T>& data, ptrdiff_t first, ptrdiff_t rows) {
    constexpr ptrdiff_t C = kPanel<T>;
    T roots[kBlockRows];
    fill_roots(roots, data.w, first, rows);
    const ptrdiff_t whole = data.X.col == 1 ? data.d / C : 0, left = panels - whole;
    fill_whole_panels(Z, data, whole, roots, first, rows);
    const Rows<T> rest{data.X.from(0, whole * C), data.Y, data.w, data.s + whole * C, data.d - whole * C, data.k};
    for (ptrdiff_t begin = 0; begin < rows; begin += kFillRows) {
        const ptrdiff_t count = std::min(kFillRows, rows - begin);
        fill_block(lines, left * C, rest, roots + begin, first + begin, count);
        for (ptrdiff_t i = 0; i < count; ++i)
            for (ptrdiff_t panel = 0; panel < left; ++panel)
                std::memcpy(Z + ((whole + panel) * kBlockRows + begin + i) * C, lines + (i * left + panel) * C,
                            sizeof(T) * C);
    }
}

// A (kTileRows × Vectors vectors, leading dimension lda) += the products of columns that begin in two panels at `left`
// and `right`.
template <int Vectors, class T>
void add_tile(double* A, ptrdiff_t lda, const T* left, const T* right, ptrdiff_t rows) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    V sum[kTileRows][Vectors] = {};
    for (int m = 0; m < kTileRows; ++m) {  // A comes from afar while the sum runs
        __builtin_prefetch(A + m * lda, 1, 3);
        __builtin_prefetch(A + m * lda + Vectors * W - 1, 1, 3);
    }
    for (ptrdiff_t r = 0; r < rows; ++r, left += kPanel<T>, right += kPanel<T>) {
        V b[Vectors];
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) {
            b[v] = load<V>(right + v * W);
            keep_in_register(b[v]);
        }
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

// Lines of memory that are fetched into the second-level cache, some at a time, while something else is computed.
class Ahead {
  public:
    Ahead(const void* from, ptrdiff_t bytes) : at_(static_cast<const char*>(from)), end_(at_ + bytes) {}

    void fetch(ptrdiff_t bytes) {
        for (const char* stop = at_ + std::min(bytes, end_ - at_); at_ < stop; at_ += kLineBytes)
            __builtin_prefetch(at_, 0, 2);
    }

  private:
    const char *at_, *end_;
};

// The upper triangle of A (P × P) += ZᵀZ, of which p columns count.
template <class T>
void add_products(double* A, ptrdiff_t P, const T* Z, ptrdiff_t rows, ptrdiff_t p, Ahead ahead, ptrdiff_t ahead_step) {
    constexpr ptrdiff_t C = kPanel<T>, W = lanes<Vec<T>>;
    for (ptrdiff_t right = 0; right < p; right += C)
        for (ptrdiff_t left = 0; left <= right; left += C)
            for (ptrdiff_t i = left; i < std::min(p, left + C); i += kTileRows) {
                // On the diagonal nothing below it; at the end nothing behind the last column.
                const ptrdiff_t j = std::max(right, i / W * W), vectors = (std::min(right + C, p) - j + W - 1) / W;
                const T *of_left = Z + left * kBlockRows + (i - left), *of_right = Z + right * kBlockRows + (j - right);
                ahead.fetch(ahead_step);
                (vectors == 1   ? add_tile<1, T>
                 : vectors == 2 ? add_tile<2, T>
                                : add_tile<kPanelVectors, T>)(A + i * P + j, P, of_left, of_right, rows);
            }
}

template <class T>
void narrow(double* S, const Rows<T>& data, ptrdiff_t n, ptrdiff_t p) {
    const ptrdiff_t panels = (p + kPanel<T> - 1) / kPanel<T>, P = panels * kPanel<T>;
    const ptrdiff_t blocks = (n + kBlockRows - 1) / kBlockRows;
    // Each task has sums of its own: fewer of them where these are large beside the rows.
    const ptrdiff_t tasks = std::min({kMostTasks, blocks, std::max<ptrdiff_t>(4, n / (4 * p))});
    const Workspace<double> sums(tasks * P * P);
    // Fetched ahead where what lies between the rows is little beside them.
    const bool dense = data.X.col == 1 && data.X.row <= 2 * data.d;
    const ptrdiff_t row_bytes = dense ? data.X.row * static_cast<ptrdiff_t>(sizeof(T)) : 0;
    const ptrdiff_t tiles = panels * (panels + 1) / 2 * (kPanel<T> / kTileRows);
    parallel_for(tasks, cross_products_ns(n, p), [&](ptrdiff_t task) {
        const Workspace<T> Z(panels * kBlockRows * kPanel<T>), lines(kFillRows * P);
        double* A = sums.data() + task * P * P;
        std::fill(A, A + P * P, 0.0);
        for (ptrdiff_t block = blocks * task / tasks; block < blocks * (task + 1) / tasks; ++block) {
            const ptrdiff_t first = block * kBlockRows, rows = std::min(kBlockRows, n - first);
            const ptrdiff_t next = row_bytes > 0 ? std::min(kBlockRows, n - first - rows) * row_bytes : 0;
            fill_panels(Z.data(), panels, lines.data(), data, first, rows);
            add_products(A, P, Z.data(), rows, p, Ahead(data.X.at(first + rows, 0), next), next / tiles + kLineBytes);
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
                            const Workspace<T> roots(end - begin);
                            fill_roots(roots.data(), data.w, first + begin, end - begin);
                            fill_block(Z.data() + begin * ld, ld, data, roots.data(), first + begin, end - begin);
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
    (p <= kNarrow<T> ? narrow<T> : wide<T>)(S, data, n, p);
    for (ptrdiff_t i = 0; i < p; ++i)
        for (ptrdiff_t j = 0; j < i; ++j) S[i * p + j] = S[j * p + i];
}

template void cross_products<float>(double*, MatrixView<float>, MatrixView<float>, const float*, const float*,
                                    ptrdiff_t, ptrdiff_t, ptrdiff_t);
template void cross_products<double>(double*, MatrixView<double>, MatrixView<double>, const double*, const double*,
                                     ptrdiff_t, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
