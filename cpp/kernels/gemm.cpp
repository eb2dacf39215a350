#include "kernels/gemm.h"

#include <algorithm>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/gemv.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// One product in flight: what the loops share.
template <class T>
struct Product {
    T* C;
    ptrdiff_t ldc;
    MatrixView<T> A, B;
    ptrdiff_t m, n, k;
    T alpha, beta;
    Epilogue<T> epilogue;
    Part part;
};

// The slice of the product that one packed block of B serves.
struct Slice {
    ptrdiff_t jc, nc, pc, kc;
    bool first, last;  // of the blocks along k
};

// Loops 2 and 1: all tiles of rows [ic, ic + mc) and the panels of B from j_begin to j_end (in panels).
template <class T>
void block_of_tiles(const Product<T>& g, const Slice& s, const T* packed_a, const T* packed_b, ptrdiff_t ic,
                    ptrdiff_t mc, ptrdiff_t j_begin, ptrdiff_t j_end) {
    constexpr int MR = Tile<T>::MR, NR = Tile<T>::NR;
    for (ptrdiff_t jp = j_begin; jp < j_end; ++jp) {
        const ptrdiff_t j = s.jc + jp * NR;
        const ptrdiff_t columns = std::min<ptrdiff_t>(NR, s.jc + s.nc - j);
        Store<T> finish{g.alpha, s.first ? g.beta : T{1}, nullptr, Activation::linear, packed_b + (jp + 1) * NR * s.kc};
        if (s.last) {
            finish.bias = g.epilogue.bias ? g.epilogue.bias + j : nullptr;
            finish.activation = g.epilogue.activation;
        }
        for (ptrdiff_t ir = 0; ir < mc; ir += MR) {
            const ptrdiff_t rows = std::min<ptrdiff_t>(MR, mc - ir);
            if (g.part == Part::upper && ic + ir > j + columns - 1) break;
            tile_for<T>(rows, columns)(g.C + (ic + ir) * g.ldc + j, g.ldc, packed_a + ir * s.kc,
                                       packed_b + jp * NR * s.kc, s.kc, columns, finish);
            finish.ahead += s.kc / kStepsPerLineAhead * (kLine / sizeof(T));
        }
    }
}

// Loop 3: rows in blocks of MC, each packed by the thread that uses it; also split along n when rows are few.
template <class T>
void rows_in_blocks(const Product<T>& g, const Slice& s, const T* packed_b, double cost_ns) {
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
        T* packed_a = scratch<T>(Scratch::packed_a, ceil_div(rows, MR) * MR * s.kc + lanes<Vec<T>>);
        for (ptrdiff_t ir = 0; ir < rows; ir += MR)
            pack_panel<T, MR>(packed_a + ir * s.kc, {g.A.at(ic + ir, s.pc), g.A.row, g.A.col}, std::min(MR, rows - ir),
                              s.kc);
        block_of_tiles(g, s, packed_a, packed_b, ic, rows, panels * jb / column_blocks,
                       panels * (jb + 1) / column_blocks);
    });
}

// A block of B into panels; element (j, p) of the view is B(p, j).
template <class T>
void pack_b(T* packed, MatrixView<T> B, ptrdiff_t nc, ptrdiff_t kc) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const double cost_ns = static_cast<double>(nc * kc) * 0.2;
    if (B.row == 1) {
        parallel_chunks(kc, 8, cost_ns,
                        [=](ptrdiff_t begin, ptrdiff_t end) { pack_rows<T, NR>(packed, B, nc, begin, end, kc); });
    } else {
        parallel_for(ceil_div(nc, NR), cost_ns, [=](ptrdiff_t panel) {
            const ptrdiff_t j = panel * NR;
            pack_panel<T, NR>(packed + j * kc, {B.at(j, 0), B.row, B.col}, std::min(NR, nc - j), kc);
        });
    }
}

// Loops 5 and 4: columns in blocks of NC, the sum over k in blocks of KC; each block of B is packed once for all rows.
template <class T>
void blocked(const Product<T>& g) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k_blocks = std::max<ptrdiff_t>(1, ceil_div(g.k, Tile<T>::KC));
    const ptrdiff_t kc_even = ceil_div(g.k, k_blocks);  // equal blocks: no thin last one
    for (ptrdiff_t jc = 0; jc < g.n; jc += Tile<T>::NC) {
        const ptrdiff_t nc = std::min(Tile<T>::NC, g.n - jc);
        const ptrdiff_t panels = ceil_div(nc, NR);
        for (ptrdiff_t block = 0; block < k_blocks; ++block) {
            const ptrdiff_t pc = block * kc_even, kc = std::min(kc_even, g.k - pc);
            const Slice slice{jc, nc, pc, kc, block == 0, block == k_blocks - 1};
            T* packed_b = scratch<T>(Scratch::packed_b, panels * NR * kc + lanes<Vec<T>>);
            pack_b(packed_b, {g.B.at(pc, jc), g.B.col, g.B.row}, nc, kc);
            rows_in_blocks(g, slice, packed_b, gemm_cost_ns(g.m, nc, kc));
        }
    }
}

}  // namespace

template <class T>
void gemm(T* C, ptrdiff_t ldc, MatrixView<T> A, MatrixView<T> B, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, T alpha, T beta,
          const Epilogue<T>& epilogue, Part part) {
    if (m == 0 || n == 0) return;
    if (alpha == 0) k = 0;
    if (part == Part::full && n == 1 && gemv_applies(A)) {
        gemv<T>(C, ldc, A, B.data, B.row, m, k, alpha, beta, epilogue.bias, 0, epilogue.activation);
        return;
    }
    if (part == Part::full && m == 1 && gemv_applies(B)) {
        gemv<T>(C, 1, B.transposed(), A.data, A.col, n, k, alpha, beta, epilogue.bias, 1, epilogue.activation);
        return;
    }
    blocked(Product<T>{C, ldc, A, B, m, n, k, alpha, beta, epilogue, part});
}

template <class T>
void gemm_stacked(T* C, MatrixView<T> A, ptrdiff_t stack_a, MatrixView<T> B, ptrdiff_t stack_b, ptrdiff_t s,
                  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    auto one = [&](ptrdiff_t i) {
        gemm<T>(C + i * m * n, n, {A.data + i * stack_a, A.row, A.col}, {B.data + i * stack_b, B.row, B.col}, m, n, k);
    };
    if (s == 0 || m == 0 || n == 0) return;
    const double each = gemm_cost_ns(m, n, k);
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

#define MMLCORE_INSTANTIATE(T)                                                                                  \
    template void gemm<T>(T*, ptrdiff_t, MatrixView<T>, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, T, T,   \
                          const Epilogue<T>&, Part);                                                            \
    template void gemm_stacked<T>(T*, MatrixView<T>, ptrdiff_t, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                  ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
