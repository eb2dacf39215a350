#include "kernels/gemm.h"

#include <algorithm>
#include <type_traits>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/gemv.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

// The five loops around the micro-kernel (gemm_tile.h), from the outside in:
//
//   5  columns of C in blocks of NC                        blocked
//   4    the sum over k in blocks of KC: pack a block of B   blocked
//   3      rows of C in blocks of MC: pack a block of A        rows_in_blocks
//   2        panels of B, NR columns each                        block_of_tiles
//   1          panels of A, MR rows each                           block_of_tiles

namespace mmlcore {
namespace {

ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// Which part of C is computed and written.
enum class Part { full, lower, upper };

// One product in flight: what the loops share.
template <class T>
struct Product {
    T* C;
    ptrdiff_t ldc;
    Operand<T> A, B;
    ptrdiff_t m, n, k;
    T alpha, beta;
    Epilogue<T> epilogue;
    Part part;
};

// The slice of the product that one block of B serves.
template <class T>
struct Slice {
    ptrdiff_t jc, nc, pc, kc;
    bool first, last;  // of the blocks along k
    const T* panels;   // of B, panel_stride apart; null: B is read where it lies
    ptrdiff_t panel_stride;
};

constexpr double kSmall = 30e3;  // ns: nothing to share out

// ---- reading in place or packing --------------------------------------------------------------------------------

// Lines of a view that lie a multiple of 2 KB apart fall into two sets of the first-level cache and drive each other
// out: such an operand is packed even where the product is small.
template <class T>
bool lines_collide(ptrdiff_t stride) {
    return stride * static_cast<ptrdiff_t>(sizeof(T)) % 2048 == 0;
}

// Packing B pays when enough tiles read each panel of it: measured, docs/performance.md.
template <class T>
bool reads_b_in_place(const Product<T>& g) {
    if (g.B.panels || g.B.view.col != 1) return false;
    if (!kMaskedLoads && g.n % lanes<Vec<T>> != 0) return false;
    return g.m <= 4 * Tile<T>::MR || (g.m <= Tile<T>::MC && !lines_collide<T>(g.B.view.row));
}

// Packing A pays when enough tiles read each panel of it.
template <class T>
bool reads_a_in_place(const Product<T>& g) {
    if (g.A.panels) return false;
    constexpr ptrdiff_t kFewColumns = 128, kShort = 64;
    const MatrixView<T> A = g.A.view;
    return g.n <= kFewColumns && (g.k <= kShort || !lines_collide<T>(A.col == 1 ? A.row : A.col));
}

// A block of B into panels of kc rows.
template <class T>
void pack_b(T* panels, const Operand<T>& B, ptrdiff_t jc, ptrdiff_t nc, ptrdiff_t pc, ptrdiff_t kc) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const double cost_ns = static_cast<double>(nc * kc) * 0.2;
    const MatrixView<T> columns = B.view.transposed();
    if (columns.row == 1) {
        parallel_chunks(kc, 8, cost_ns, [=](ptrdiff_t begin, ptrdiff_t end) {
            pack_rows<T, NR>(panels, columns.from(jc, pc), nc, begin, end, kc);
        });
    } else {
        parallel_for(ceil_div(nc, NR), cost_ns, [=](ptrdiff_t panel) {
            const ptrdiff_t j = panel * NR;
            pack_panel<T, NR>(panels + j * kc, columns.from(jc + j, pc), std::min(NR, nc - j), kc);
        });
    }
}

// ---- loops 2 and 1 ----------------------------------------------------------------------------------------------

// What happens to the first tile of columns from j on.
template <class T>
Store<T> store_of(const Product<T>& g, const Slice<T>& s, ptrdiff_t j) {
    Store<T> finish{g.alpha, s.first ? g.beta : T{1}, Activation::linear, nullptr, nullptr, nullptr, nullptr};
    if (s.last) {
        finish.activation = g.epilogue.activation;
        finish.bias = g.epilogue.bias ? g.epilogue.bias + j : nullptr;
    }
    return finish;
}

// One tile that the diagonal crosses: computed aside, its part copied.
template <class T, class Left, class Right>
void tile_on_diagonal(const Product<T>& g, Left left, Right right, ptrdiff_t kc, ptrdiff_t i, ptrdiff_t j,
                      ptrdiff_t rows, ptrdiff_t columns, const Store<T>& finish) {
    T whole[Tile<T>::MR * Tile<T>::NR];
    const Store<T> aside{finish.alpha, 0, Activation::linear, nullptr, nullptr, nullptr, finish.ahead};
    tile_for<T, Left, Right>(rows, columns)(whole, Tile<T>::NR, left, right, kc, columns, aside);
    for (ptrdiff_t r = 0; r < rows; ++r) {
        const ptrdiff_t diagonal = std::clamp<ptrdiff_t>(i + r - j, -1, columns);
        const ptrdiff_t begin = g.part == Part::upper ? std::max<ptrdiff_t>(diagonal, 0) : 0;
        const ptrdiff_t end = g.part == Part::upper ? columns : std::min(diagonal + 1, columns);
        T* c = g.C + (i + r) * g.ldc + j;
        for (ptrdiff_t q = begin; q < end; ++q) {
            const T sum = whole[r * Tile<T>::NR + q];
            c[q] = finish.beta != 0 ? sum + finish.beta * c[q] : sum;
        }
    }
}

// Rows of a tile: MR, but where two tiles are enough and no panels are packed they share the rows evenly, because a
// tile of one or two rows waits for its own additions.
template <class T, class Left>
ptrdiff_t rows_of_tile(ptrdiff_t mc) {
    constexpr ptrdiff_t MR = Tile<T>::MR;
    const bool two = MR < mc && mc <= 2 * MR;
    return two && !std::is_same_v<Left, PackedLeft<T>> ? ceil_div(mc, 2) : MR;
}

// The tiles of columns [j, j + columns), one panel of B, and rows [ic, ic + mc).
template <class T, class LeftAt, class Right>
void tiles_of_panel(const Product<T>& g, const Slice<T>& s, ptrdiff_t ic, ptrdiff_t mc, ptrdiff_t j, ptrdiff_t columns,
                    LeftAt&& left_at, Right right, const T* ahead) {
    using Left = decltype(left_at(ptrdiff_t{0}));
    const ptrdiff_t step = rows_of_tile<T, Left>(mc);
    const Epilogue<T>& e = g.epilogue;
    Store<T> finish = store_of(g, s, j);
    finish.ahead = ahead;
    for (ptrdiff_t i = ic; i < ic + mc; i += step, finish.ahead += s.kc / kStepsPerLineAhead * (kLine / sizeof(T))) {
        const ptrdiff_t rows = std::min(step, ic + mc - i);
        if (s.last && e.row_bias) finish.row_bias = e.row_bias + i;
        if (s.last && e.preactivation) finish.preactivation = e.preactivation + i * g.ldc + j;
        if (g.part != Part::full) {
            const bool upper = g.part == Part::upper;
            const ptrdiff_t outside = upper ? i - (j + columns - 1) : j - (i + rows - 1);  // > 0: nothing of the part
            const bool inside = upper ? i + rows - 1 <= j : j + columns - 1 <= i;
            if (outside > 0) continue;
            if (!inside) {
                tile_on_diagonal(g, left_at(i), right, s.kc, i, j, rows, columns, finish);
                continue;
            }
        }
        tile_for<T, Left, Right>(rows, columns)(g.C + i * g.ldc + j, g.ldc, left_at(i), right, s.kc, columns, finish);
    }
}

// All tiles of rows [ic, ic + mc) and of the panels of B from j_begin to j_end (in panels).
template <class T, class LeftAt>
void block_of_tiles(const Product<T>& g, const Slice<T>& s, ptrdiff_t ic, ptrdiff_t mc, ptrdiff_t j_begin,
                    ptrdiff_t j_end, LeftAt&& left_at) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    for (ptrdiff_t panel = j_begin; panel < j_end; ++panel) {
        const ptrdiff_t j = s.jc + panel * NR;
        const ptrdiff_t columns = std::min(NR, s.jc + s.nc - j);
        const ptrdiff_t last = columns % lanes<Vec<T>>;
        if (s.panels) {
            const T* at = s.panels + panel * s.panel_stride;
            tiles_of_panel(g, s, ic, mc, j, columns, left_at, PackedRight<T>{at}, at + s.panel_stride);
        } else {
            const T* at = g.B.view.at(s.pc, j);
            if (last == 0)
                tiles_of_panel(g, s, ic, mc, j, columns, left_at, DirectRight<T>{at, g.B.view.row}, at);
            else
                tiles_of_panel(g, s, ic, mc, j, columns, left_at, DirectRightEdge<T>{at, g.B.view.row, last}, at);
        }
    }
}

// A product that is over before packing or sharing it out has paid: loops 2 and 1 on the operands where they lie.
template <class T>
bool runs_in_place(const Product<T>& g) {
    return reads_a_in_place(g) && reads_b_in_place(g) && g.k <= Tile<T>::KC && g.n <= Tile<T>::NC;
}

template <class T>
void run_in_place(const Product<T>& g) {
    const Slice<T> whole{0, g.n, 0, g.k, true, true, nullptr, 0};
    const MatrixView<T> A = g.A.view;
    block_of_tiles(g, whole, 0, g.m, 0, ceil_div(g.n, Tile<T>::NR),
                   [A](ptrdiff_t i) { return DirectLeft<T>{A.at(i, 0), A.row, A.col}; });
}

// ---- loop 3 -----------------------------------------------------------------------------------------------------

// Rows in blocks of MC, handed out dynamically; also split along n when rows are few. A block of A is packed by the
// thread that uses it.
template <class T>
void rows_in_blocks(const Product<T>& g, const Slice<T>& s, bool a_in_place, double cost_ns) {
    constexpr ptrdiff_t MR = Tile<T>::MR, NR = Tile<T>::NR;
    const ptrdiff_t panels = ceil_div(s.nc, NR);
    const int threads = detail::threads_for(ceil_div(g.m, MR) * panels, cost_ns);
    ptrdiff_t mc = std::min(Tile<T>::MC, ceil_div(g.m, MR) * MR);
    if (threads > 1) mc = std::min(mc, std::max<ptrdiff_t>(1, ceil_div(g.m, MR) / (4 * threads)) * MR);
    const ptrdiff_t row_blocks = ceil_div(g.m, mc);
    const ptrdiff_t wanted = threads > 1 ? ceil_div(3 * threads, row_blocks) : 1;
    const ptrdiff_t column_blocks = std::min(panels, wanted);

    parallel_for(row_blocks * column_blocks, cost_ns, [&](ptrdiff_t task) {
        const ptrdiff_t ic = task / column_blocks * mc, jb = task % column_blocks;
        const ptrdiff_t rows = std::min(mc, g.m - ic);
        const ptrdiff_t j_begin = panels * jb / column_blocks, j_end = panels * (jb + 1) / column_blocks;
        if (a_in_place) {
            const MatrixView<T> A = g.A.view.from(0, s.pc);
            block_of_tiles(g, s, ic, rows, j_begin, j_end,
                           [=](ptrdiff_t i) { return DirectLeft<T>{A.at(i, 0), A.row, A.col}; });
            return;
        }
        const Workspace<T> packed(g.A.panels ? 0 : ceil_div(rows, MR) * MR * s.kc + lanes<Vec<T>>);
        for (ptrdiff_t i = 0; i < rows && !g.A.panels; i += MR)
            pack_panel<T, MR>(packed.data() + i * s.kc, g.A.view.from(ic + i, s.pc), std::min(MR, rows - i), s.kc);
        // A pre-packed operand has all rows and all of k, the block packed here only its own.
        const ptrdiff_t stride = g.A.panels ? g.k : s.kc, first = g.A.panels ? 0 : ic;
        const T* panels_of_a = g.A.panels ? g.A.panels + s.pc * MR : packed.data();
        block_of_tiles(g, s, ic, rows, j_begin, j_end,
                       [=](ptrdiff_t i) { return PackedLeft<T>{panels_of_a + (i - first) * stride}; });
    });
}

// ---- loops 5 and 4 ----------------------------------------------------------------------------------------------

// Each block of B is packed once for all rows. The blocks along k are equal: no thin last one.
template <class T>
void blocked(const Product<T>& g) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k_blocks = std::max<ptrdiff_t>(1, ceil_div(g.k, Tile<T>::KC));
    const ptrdiff_t kc_even = ceil_div(g.k, k_blocks);
    const bool a_in_place = reads_a_in_place(g), b_in_place = reads_b_in_place(g);
    for (ptrdiff_t jc = 0; jc < g.n; jc += Tile<T>::NC) {
        const ptrdiff_t nc = std::min(Tile<T>::NC, g.n - jc);
        const bool pack = !g.B.panels && !b_in_place;
        const Workspace<T> packed(pack ? ceil_div(nc, NR) * NR * kc_even + lanes<Vec<T>> : 0);
        for (ptrdiff_t block = 0; block < k_blocks; ++block) {
            const ptrdiff_t pc = block * kc_even, kc = std::min(kc_even, g.k - pc);
            Slice<T> slice{jc, nc, pc, kc, block == 0, block == k_blocks - 1, packed.data(), NR * kc};
            if (g.B.panels) {
                slice.panel_stride = NR * g.k;
                slice.panels = g.B.panels + jc * g.k + pc * NR;
            }
            if (pack) pack_b(packed.data(), g.B, jc, nc, pc, kc);
            rows_in_blocks(g, slice, a_in_place, gemm_cost_ns(g.m, nc, kc));
        }
    }
}

// How many of the last columns are computed one by one as matrix-vector products: a tile would spend a whole vector on
// these few.
template <class T>
ptrdiff_t columns_alone(MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    if (!gemv_applies(A)) return 0;
    if (n == 1) return 1;
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    const ptrdiff_t rest = n % W;
    return n > W && m * k >= 2048 && 8 * rest <= W ? rest : 0;
}

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(MatrixView<T> X, Side side, ptrdiff_t lines, ptrdiff_t k) {
    constexpr ptrdiff_t MR = Tile<T>::MR, NR = Tile<T>::NR;
    const ptrdiff_t width = side == Side::left ? MR : NR;
    ptrdiff_t size = 0;
    if (__builtin_mul_overflow(ceil_div(lines, width) * width, k, &size) ||
        __builtin_add_overflow(size, lanes<Vec<T>>, &size))
        throw std::bad_alloc();
    block_ = take_result_memory(bytes_of<T>(size));
    T* panels = static_cast<T*>(block_.memory);
    if (side == Side::right)
        pack_b(panels, Operand<T>(X), 0, lines, 0, k);
    else
        for (ptrdiff_t i = 0; i < lines; i += MR)
            pack_panel<T, MR>(panels + i * k, X.from(i, 0), std::min(MR, lines - i), k);
}

template <class T>
void gemm(T* C, ptrdiff_t ldc, Operand<T> A, Operand<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, T alpha, T beta,
          const Epilogue<T>& epilogue) {
    if (m == 0 || n == 0) return;
    const Epilogue<T>& e = epilogue;
    const bool views = !A.panels && !B.panels;
    if (views && alpha != 0 && !e.preactivation && !(e.bias && e.row_bias)) {
        if (m == 1 && gemv_applies(B.view)) {
            gemv<T>(C, 1, B.view.transposed(), A.view.data, A.view.col, n, k, alpha, beta, e.bias ? e.bias : e.row_bias,
                    e.bias ? 1 : 0, e.activation);
            return;
        }
        const ptrdiff_t alone = columns_alone<T>(A.view, m, n, k);
        for (ptrdiff_t j = n - alone; j < n; ++j)
            gemv<T>(C + j, ldc, A.view, B.view.at(0, j), B.view.row, m, k, alpha, beta,
                    e.bias ? e.bias + j : e.row_bias, e.bias ? 0 : 1, e.activation);
        n -= alone;
        if (n == 0) return;
    }
    Product<T> product{C, ldc, A, B, m, n, k, alpha, beta, epilogue, Part::full};
    if (gemm_cost_ns(m, n, k) < kSmall && alpha != 0 && runs_in_place(product)) {
        run_in_place(product);
        return;
    }
    if (alpha == 0) {  // 0 · A · B without reading them
        const MatrixView<T> nothing{nullptr, 0, 0};
        product.A = product.B = nothing;
        product.k = 0;
    }
    blocked(product);
}

template <class T>
void gemm_stacked(T* C, MatrixView<T> A, ptrdiff_t stack_a, MatrixView<T> B, ptrdiff_t stack_b, ptrdiff_t s,
                  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    if (s == 0 || m == 0 || n == 0) return;
    const double each = gemm_cost_ns(m, n, k);
    const Product<T> first{C, n, A, B, m, n, k, 1, 0, {}, Part::full};
    const bool in_place = each < kSmall && columns_alone<T>(A, m, n, k) == 0 && runs_in_place(first);
    auto one = [&](ptrdiff_t i) {
        const MatrixView<T> Ai{A.data + i * stack_a, A.row, A.col}, Bi{B.data + i * stack_b, B.row, B.col};
        if (!in_place) {
            gemm<T>(C + i * m * n, n, Ai, Bi, m, n, k);
            return;
        }
        Product<T> product = first;
        product.C = C + i * m * n, product.A.view = Ai, product.B.view = Bi;
        run_in_place(product);
    };
    // Few large products share the threads inside; many products share them among each other.
    if (s < 2 * thread_count() && each > 1e6) {
        for (ptrdiff_t i = 0; i < s; ++i) one(i);
        return;
    }
    const ptrdiff_t group = std::max<ptrdiff_t>(1, static_cast<ptrdiff_t>(5e3 / each));
    parallel_for(ceil_div(s, group), each * static_cast<double>(s), [&](ptrdiff_t task) {
        for (ptrdiff_t i = task * group; i < std::min(s, (task + 1) * group); ++i) one(i);
    });
}

template <class T>
void syrk(T* C, ptrdiff_t ldc, MatrixView<T> A, Triangle triangle, ptrdiff_t n, ptrdiff_t k, T alpha, T beta) {
    if (n == 0) return;
    const Part part = triangle == Triangle::upper ? Part::upper : Part::lower;
    blocked(Product<T>{C, ldc, A, A.transposed(), n, n, alpha == 0 ? 0 : k, alpha, beta, {}, part});
}

template <class T>
void gram(T* C, ptrdiff_t ldc, MatrixView<T> A, ptrdiff_t n, ptrdiff_t k) {
    constexpr ptrdiff_t kBlock = 16;  // the mirror image is written in blocks: both sides stay in the cache
    syrk(C, ldc, A, Triangle::upper, n, k);
    parallel_for(ceil_div(n, kBlock), static_cast<double>(n) * static_cast<double>(n) * 0.5, [=](ptrdiff_t block) {
        const ptrdiff_t i_begin = block * kBlock, i_end = std::min(n, i_begin + kBlock);
        for (ptrdiff_t j_begin = 0; j_begin < i_end; j_begin += kBlock)
            for (ptrdiff_t i = i_begin; i < i_end; ++i)
                for (ptrdiff_t j = j_begin; j < std::min(i, j_begin + kBlock); ++j) C[i * ldc + j] = C[j * ldc + i];
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                                  \
    template class PackedMatrix<T>;                                                                             \
    template void gemm<T>(T*, ptrdiff_t, Operand<T>, Operand<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, T, T,         \
                          const Epilogue<T>&);                                                                  \
    template void gemm_stacked<T>(T*, MatrixView<T>, ptrdiff_t, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                  ptrdiff_t, ptrdiff_t);                                                        \
    template void syrk<T>(T*, ptrdiff_t, MatrixView<T>, Triangle, ptrdiff_t, ptrdiff_t, T, T);                  \
    template void gram<T>(T*, ptrdiff_t, MatrixView<T>, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
