#include "kernels/triangular.h"

#include <algorithm>
#include <cmath>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/lanes.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

// Triangles of a few hundred rows are solved tile by tile (substitute); above that the matrix product carries the work.

namespace mmlcore {
namespace {

// For few columns a small triangle is packed, because few read it.
constexpr ptrdiff_t kTriangle = 256, kTriangleOfFew = 32;

// A lower triangle, n at most kTriangle, arranged for substitution in blocks of MR rows: for each the panel of what
// stands left of its diagonal block, then the diagonal block. Rows beyond n are those of the identity.
template <class T>
class PackedTriangle {
  public:
    static constexpr ptrdiff_t MR = Tile<T>::MR;

    PackedTriangle(MatrixView<T> A, bool unit_diagonal, ptrdiff_t n)
        : blocks((n + MR - 1) / MR), memory_(offset(blocks) + 2 * blocks * MR + lanes<Vec<T>>) {
        for (ptrdiff_t b = 0; b < blocks; ++b) {
            const ptrdiff_t i = b * MR, rows = std::min(MR, n - i);
            T* panel = memory_.data() + offset(b);
            pack_panel<T, MR>(panel, A.from(i, 0), rows, i);
            for (ptrdiff_t r = 0; r < MR; ++r) {
                for (ptrdiff_t c = 0; c < MR; ++c)
                    panel[(i + r) * MR + c] = c < r && r < rows ? *A.at(i + r, i + c) : T{0};
                const T d = unit_diagonal || r >= rows ? T{1} : *A.at(i + r, i + r), inverse = T{1} / d;
                diagonal()[i + r] = d;
                diagonal()[blocks * MR + i + r] = inverse;
                divide = divide || (std::isinf(inverse) && d != 0);
            }
        }
    }

    const T* panel(ptrdiff_t block) const { return memory_.data() + offset(block); }
    T* diagonal() const { return memory_.data() + offset(blocks) + lanes<Vec<T>>; }  // pack_panel writes beyond its end
    const T* inverse() const { return diagonal() + blocks * MR; }

    const ptrdiff_t blocks;
    bool divide = false;  // some 1 / a_ii overflows: the diagonal is all but zero

  private:
    static ptrdiff_t offset(ptrdiff_t block) { return MR * MR * block * (block + 1) / 2; }

    const Workspace<T> memory_;
};

// Substitution for the columns of a panel, `Vectors` vectors of them: x_i = (b_i - Σ_p a_ip x_p) / a_ii, a tile of MR
// rows at a time. The sum over the rows before them runs as in a product, the rest stays in registers.
template <class T, int Vectors>
void substitute(T* panel, const PackedTriangle<T>& A) {
    using V = Vec<T>;
    constexpr int W = lanes<V>, MR = Tile<T>::MR, width = Vectors * W;
    for (ptrdiff_t block = 0; block < A.blocks; ++block) {
        const ptrdiff_t first = block * MR;
        T* rows = panel + first * width;
        V sum[MR][Vectors];
#pragma GCC unroll 16
        for (int i = 0; i < MR; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) sum[i][v] = load<V>(rows + i * width + v * W);

        const T *a = A.panel(block), *x = panel;
        for (ptrdiff_t p = 0; p < first; ++p, a += MR, x += width) {
            V row[Vectors];
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) row[v] = load<V>(x + v * W);
#pragma GCC unroll 16
            for (int i = 0; i < MR; ++i) {
                const V factor = broadcast<V>(a[i]);
#pragma GCC unroll 2
                for (int v = 0; v < Vectors; ++v) sum[i][v] -= factor * row[v];
            }
        }

#pragma GCC unroll 16
        for (int i = 0; i < MR; ++i) {
            const V diagonal = broadcast<V>(A.diagonal()[first + i]), inverse = broadcast<V>(A.inverse()[first + i]);
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                sum[i][v] = A.divide ? sum[i][v] / diagonal : sum[i][v] * inverse;
                store(rows + i * width + v * W, sum[i][v]);
            }
#pragma GCC unroll 16
            for (int r = i + 1; r < MR; ++r) {
                const V factor = broadcast<V>(a[r * MR + i]);
#pragma GCC unroll 2
                for (int v = 0; v < Vectors; ++v) sum[r][v] -= factor * sum[i][v];
            }
        }
    }
}

// Right-hand sides as columns: row i of all of them lies at X + i * ld.
template <class T>
struct AsColumns {
    T* X;
    ptrdiff_t ld;

    AsColumns from(ptrdiff_t row, ptrdiff_t column = 0) const { return {X + row * ld + column, ld}; }

    // The first `columns` of them, at most a panel's width, into a panel and back.
    template <int Vectors>
    void read(T* panel, ptrdiff_t n, ptrdiff_t columns) const {
        using V = Vec<T>;
        constexpr ptrdiff_t W = lanes<V>, width = Vectors * W;
        for (ptrdiff_t i = 0; i < n; ++i) {
            if constexpr (Vectors == 2) store(panel + i * width, load<V>(X + i * ld));
            const T* last = X + i * ld + width - W;
            store(panel + (i + 1) * width - W,
                  columns == width ? load<V>(last) : load_first<V>(last, columns - width + W));
        }
    }
    template <int Vectors>
    void write(const T* panel, ptrdiff_t n, ptrdiff_t columns) const {
        using V = Vec<T>;
        constexpr ptrdiff_t W = lanes<V>, width = Vectors * W;
        for (ptrdiff_t i = 0; i < n; ++i) {
            if constexpr (Vectors == 2) store(X + i * ld, load<V>(panel + i * width));
            const V x = load<V>(panel + (i + 1) * width - W);
            T* last = X + i * ld + width - W;
            columns == width ? store(last, x) : store_first(last, x, columns - width + W);
        }
    }

    // X2 -= A21 X1
    void subtract(MatrixView<T> A21, ptrdiff_t h, ptrdiff_t n, ptrdiff_t m) const {
        gemm<T>(X + h * ld, ld, A21, {X, ld, 1}, n - h, m, h, -1, 1);
    }
};

// Right-hand sides as rows: the i-th number of all of them lies at X + i.
template <class T>
struct AsRows {
    T* X;
    ptrdiff_t ld;

    AsRows from(ptrdiff_t row, ptrdiff_t column = 0) const { return {X + column * ld + row, ld}; }

    template <int Vectors>
    void read(T* panel, ptrdiff_t n, ptrdiff_t columns) const {
        if (columns == Vectors * lanes<Vec<T>>) {
            pack_panel<T, Vectors * lanes<Vec<T>>>(panel, {X, ld, 1}, columns, n);
            return;
        }
        for (ptrdiff_t i = 0; i < n; ++i)
            for (ptrdiff_t c = 0; c < Vectors * lanes<Vec<T>>; ++c)
                panel[i * Vectors * lanes<Vec<T>> + c] = c < columns ? X[c * ld + i] : T{0};
    }
    template <int Vectors>
    void write(const T* panel, ptrdiff_t n, ptrdiff_t columns) const {
        using V = Vec<T>;
        constexpr ptrdiff_t W = lanes<V>, width = Vectors * W;
        ptrdiff_t i = 0;
        for (; i + W <= n && columns == width; i += W)
            for (ptrdiff_t first = 0; first < width; first += W) {
                V block[W];
#pragma GCC unroll 16
                for (ptrdiff_t r = 0; r < W; ++r) block[r] = load<V>(panel + (i + r) * width + first);
                detail::transpose(block);
#pragma GCC unroll 16
                for (ptrdiff_t r = 0; r < W; ++r) store(X + (first + r) * ld + i, block[r]);
            }
        for (; i < n; ++i)
            for (ptrdiff_t c = 0; c < columns; ++c) X[c * ld + i] = panel[i * width + c];
    }

    // X2ᵀ -= X1ᵀ A21ᵀ
    void subtract(MatrixView<T> A21, ptrdiff_t h, ptrdiff_t n, ptrdiff_t m) const {
        gemm<T>(X + h, ld, {X, ld, 1}, A21.transposed(), m, n - h, h, -1, 1);
    }
};

// The first `columns` of the right-hand sides, at most `Vectors` vectors of them.
template <int Vectors, class T, class Sides>
void solve_panel(Sides X, const PackedTriangle<T>& A, ptrdiff_t n, ptrdiff_t columns) {
    constexpr ptrdiff_t width = Vectors * lanes<Vec<T>>;
    alignas(64) T panel[(kTriangle + Tile<T>::MR) * width];
    X.template read<Vectors>(panel, n, columns);
    std::fill(panel + n * width, panel + A.blocks * Tile<T>::MR * width, T{0});
    substitute<T, Vectors>(panel, A);
    X.template write<Vectors>(panel, n, columns);
}

// n at most kTriangle.
template <class T, class Sides>
void solve_triangle(Sides X, MatrixView<T> A, bool unit_diagonal, ptrdiff_t n, ptrdiff_t m) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    const PackedTriangle<T> triangle(A, unit_diagonal, n);
    const double cost_ns = static_cast<double>(n + 8) * static_cast<double>(n) * static_cast<double>(m) / 50;
    parallel_chunks(m, 2 * W, cost_ns, [&](ptrdiff_t begin, ptrdiff_t end) {
        ptrdiff_t j = begin;
        for (; end - j > W; j += 2 * W) solve_panel<2>(X.from(0, j), triangle, n, std::min(2 * W, end - j));
        if (j < end) solve_panel<1>(X.from(0, j), triangle, n, end - j);
    });
}

// A = [A11 0; A21 A22]: one half, its share taken from the other half's right-hand side, the other half.
template <class T, class Sides>
void solve_lower(Sides X, MatrixView<T> A, bool unit_diagonal, ptrdiff_t n, ptrdiff_t m) {
    const ptrdiff_t most = m > lanes<Vec<T>> ? kTriangle : kTriangleOfFew;
    if (n <= most) {
        solve_triangle(X, A, unit_diagonal, n, m);
        return;
    }
    const ptrdiff_t h = (n / 2 + kTriangleOfFew - 1) / kTriangleOfFew * kTriangleOfFew;
    solve_lower(X, A, unit_diagonal, h, m);
    X.subtract(A.from(h, 0), h, n, m);
    solve_lower(X.from(h), A.from(h, h), unit_diagonal, n - h, m);
}

}  // namespace

template <class T>
void solve_triangular(T* X, ptrdiff_t ldx, MatrixView<T> A, Triangle triangle, bool unit_diagonal, ptrdiff_t n,
                      ptrdiff_t m) {
    if (n == 0 || m == 0) return;
    if (triangle == Triangle::lower)
        solve_lower(AsColumns<T>{X, ldx}, A, unit_diagonal, n, m);
    else  // an upper triangle read from its end is a lower one
        solve_lower(AsColumns<T>{X + (n - 1) * ldx, -ldx}, MatrixView<T>{A.at(n - 1, n - 1), -A.row, -A.col},
                    unit_diagonal, n, m);
}

template <class T>
void solve_lower_from_right(T* X, ptrdiff_t ldx, MatrixView<T> A, ptrdiff_t n, ptrdiff_t m) {
    if (n > 0 && m > 0) solve_lower(AsRows<T>{X, ldx}, A, false, n, m);
}

#define MMLCORE_INSTANTIATE(T)                                                                             \
    template void solve_triangular<T>(T*, ptrdiff_t, MatrixView<T>, Triangle, bool, ptrdiff_t, ptrdiff_t); \
    template void solve_lower_from_right<T>(T*, ptrdiff_t, MatrixView<T>, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
