#include "kernels/reduce.h"

#include <algorithm>
#include <limits>

#include "kernels/lanes.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kRows = 64;           // rows that are added without a tree
constexpr ptrdiff_t kTile = 1024;         // columns whose totals stay in the first-level cache
constexpr ptrdiff_t kNarrow = 128;        // columns below which several rows are taken as one
constexpr ptrdiff_t kPiece = 128 * 1024;  // elements of one task

// Elements of a contiguous row that are added without a tree: 16 to each lane of four vectors.
template <class T>
constexpr ptrdiff_t kBlock = 64 * lanes<Vec<T>>;

struct Sum {
    template <class T>
    static constexpr T identity = 0;
    template <class V>
    static V combine(V a, V b) {
        return a + b;
    }
};

struct Max {
    template <class T>
    static constexpr T identity = -std::numeric_limits<T>::infinity();
    template <class V>
    static V combine(V a, V b) {
        const V larger = a > b ? a : b;  // b where either is NaN
        return a == a ? larger : a;
    }
};

// ---- rows that lie contiguous ----

// Four independent results of combine(result, vector), so that they do not wait for each other, then one.
template <class T, class Combine>
T reduce_vectors(const T* x, ptrdiff_t n, T identity, Combine combine) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    const V nothing = broadcast<V>(identity);
    V a = nothing, b = nothing, c = nothing, d = nothing;
    ptrdiff_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        a = combine(a, load<V>(x + i));
        b = combine(b, load<V>(x + i + W));
        c = combine(c, load<V>(x + i + 2 * W));
        d = combine(d, load<V>(x + i + 3 * W));
    }
    for_each_vector<V>(i, n, [&](ptrdiff_t j, auto count) { a = combine(a, load_lanes(x + j, count, nothing)); });
    return fold_lanes(combine(combine(a, b), combine(c, d)), combine);
}

// n ≤ kBlock<T>
template <class T>
T reduce_block(Sum, const T* x, ptrdiff_t n) {
    if (n < lanes<Vec<T>>) {
        T even = 0, odd = 0;
        for (ptrdiff_t i = 0; i + 2 <= n; i += 2) even += x[i], odd += x[i + 1];
        return n % 2 ? even + odd + x[n - 1] : even + odd;
    }
    return reduce_vectors(x, n, Sum::identity<T>, [](Vec<T> a, Vec<T> b) { return a + b; });
}

// The quick maximum forgets a NaN; the sum does not, and adding is free while the block is on its way from memory.
template <class T>
T reduce_block(Max, const T* x, ptrdiff_t n) {
    using V = Vec<T>;
    constexpr int W = lanes<V>;
    const V nothing = broadcast<V>(Max::identity<T>);
    V top[4] = {nothing, nothing, nothing, nothing}, sum[4] = {};
    ptrdiff_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
        for (int u = 0; u < 4; ++u) {
            const V v = load<V>(x + i + u * W);
            top[u] = vmax(v, top[u]);
            sum[u] += v;
        }
    for_each_vector<V>(i, n, [&](ptrdiff_t j, auto count) {
        const V v = load_lanes(x + j, count, nothing);
        top[0] = vmax(v, top[0]);
        sum[0] += v;
    });
    const T total = sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
    if (total != total)  // a NaN, or infinities of both signs
        return reduce_vectors(x, n, Max::identity<T>, [](V a, V b) { return Max::combine(a, b); });
    return fold_lanes(vmax(vmax(top[0], top[1]), vmax(top[2], top[3])), [](V a, V b) { return vmax(a, b); });
}

template <class Op, class T>
T reduce_contiguous(const T* x, ptrdiff_t n) {
    if (n <= kBlock<T>) return reduce_block(Op{}, x, n);
    const ptrdiff_t half = (n / kBlock<T> + 1) / 2 * kBlock<T>;
    const T first = reduce_contiguous<Op>(x, half);
    const T second = reduce_contiguous<Op>(x + half, n - half);
    return Op::combine(first, second);
}

// ---- columns: totals[j] over rows of x that are `stride` apart ----

template <class Op, class T>
void combine_into(T* totals, const T* others, ptrdiff_t width) {
    using V = Vec<T>;
    for_each_vector<V>(0, width, [=](ptrdiff_t j, auto count) {
        store_lanes(totals + j, Op::combine(load_lanes<V>(totals + j, count), load_lanes<V>(others + j, count)), count);
    });
}

// 1 ≤ rows ≤ kRows: four rows at a time are added to the totals.
template <class Op, class T>
void reduce_few_rows(T* totals, const T* x, ptrdiff_t rows, ptrdiff_t stride, ptrdiff_t width) {
    using V = Vec<T>;
    std::copy_n(x, width, totals);
    ptrdiff_t row = 1;
    for (; row + 4 <= rows; row += 4) {
        const T* p = x + row * stride;
        for_each_vector<V>(0, width, [=](ptrdiff_t j, auto count) {
            auto at = [=](ptrdiff_t r) { return load_lanes<V>(p + r * stride + j, count); };
            const V four = Op::combine(Op::combine(at(0), at(1)), Op::combine(at(2), at(3)));
            store_lanes(totals + j, Op::combine(load_lanes<V>(totals + j, count), four), count);
        });
    }
    for (; row < rows; ++row) combine_into<Op>(totals, x + row * stride, width);
}

// The second half goes to `spare`: width elements for every halving of rows.
template <class Op, class T>
void reduce_rows(T* totals, const T* x, ptrdiff_t rows, ptrdiff_t stride, ptrdiff_t width, T* spare) {
    if (rows <= kRows) return reduce_few_rows<Op>(totals, x, rows, stride, width);
    const ptrdiff_t half = (rows / kRows + 1) / 2 * kRows;
    reduce_rows<Op>(totals, x, half, stride, width, spare);
    reduce_rows<Op>(spare, x + half * stride, rows - half, stride, width, spare + width);
    combine_into<Op>(totals, spare, width);
}

ptrdiff_t spare_size(ptrdiff_t rows, ptrdiff_t width) {
    ptrdiff_t halvings = 1;
    for (; rows > kRows; rows = rows / 2 + kRows / 2) ++halvings;
    return halvings * width;
}

// Rows of few columns: as many of them as fill kNarrow columns are taken as one wide row.
template <class Op, class T>
void reduce_narrow(T* totals, const T* x, ptrdiff_t rows, ptrdiff_t inner) {
    const ptrdiff_t together = (kNarrow + inner - 1) / inner, wide = together * inner;
    const ptrdiff_t wide_rows = rows / together, rest = rows % together;
    const Workspace<T> space(wide + inner + spare_size(wide_rows, wide));
    T *spare = space.data(), *rest_totals = spare + wide;
    if (wide_rows > 0) {
        reduce_rows<Op>(spare, x, wide_rows, wide, wide, rest_totals + inner);
        reduce_few_rows<Op>(totals, spare, together, inner, inner);
    }
    if (rest > 0) {
        reduce_few_rows<Op>(wide_rows > 0 ? rest_totals : totals, x + wide_rows * wide, rest, inner, inner);
        if (wide_rows > 0) combine_into<Op>(totals, rest_totals, inner);
    }
}

// ---- any view ----

// totals(width) over `rows` rows of x(rows, inner), rows ≥ 1, of which `width` columns are wanted.
template <class Op, class T>
void reduce_piece(T* totals, const T* x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t width) {
    if (inner == 1) {
        totals[0] = reduce_contiguous<Op>(x, rows);
    } else if (inner < kNarrow) {
        reduce_narrow<Op>(totals, x, rows, inner);
    } else {
        const Workspace<T> spare(spare_size(rows, kTile));
        for (ptrdiff_t j = 0; j < width; j += kTile)
            reduce_rows<Op>(totals + j, x + j, rows, inner, std::min(kTile, width - j), spare.data());
    }
}

// Tasks are (outer, piece of the middle, block of columns); the pieces' results are reduced in turn.
template <class Op, class T>
void reduce(T* out, const T* x, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner) {
    if (outer * inner == 0) return;
    if (middle == 0) {
        std::fill_n(out, outer * inner, Op::template identity<T>);
        return;
    }
    const ptrdiff_t columns = std::min(inner, 16 * kTile);
    const ptrdiff_t rows = std::min(middle, std::max(4 * kRows, kPiece / columns));
    const ptrdiff_t pieces = (middle + rows - 1) / rows, blocks = (inner + columns - 1) / columns;
    const Workspace<T> results_of_pieces(pieces == 1 ? 0 : outer * pieces * inner);
    T* partial = pieces == 1 ? out : results_of_pieces.data();

    const ptrdiff_t grain = std::max<ptrdiff_t>(1, 8192 / (rows * columns));
    const double ns = reduce_ns(static_cast<double>(outer) * middle * inner * sizeof(T));
    parallel_chunks(outer * pieces * blocks, grain, ns, [=](ptrdiff_t begin, ptrdiff_t end) {
        ptrdiff_t block = begin % blocks, slab = begin / blocks, piece = slab % pieces, o = slab / pieces;
        for (ptrdiff_t task = begin; task < end; ++task) {
            const ptrdiff_t first_column = block * columns, first_row = piece * rows;
            reduce_piece<Op>(partial + slab * inner + first_column, x + (o * middle + first_row) * inner + first_column,
                             std::min(rows, middle - first_row), inner, std::min(columns, inner - first_column));
            if (++block < blocks) continue;
            block = 0;
            ++slab;
            if (++piece < pieces) continue;
            piece = 0;
            ++o;
        }
    });
    if (pieces == 1) return;
    for (ptrdiff_t o = 0; o < outer; ++o)
        reduce_piece<Op>(out + o * inner, partial + o * pieces * inner, pieces, inner, inner);
}

}  // namespace

template <class T>
void reduce_sum(T* out, const T* x, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner) {
    reduce<Sum>(out, x, outer, middle, inner);
}

template <class T>
void reduce_mean(T* out, const T* x, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner) {
    reduce<Sum>(out, x, outer, middle, inner);
    for (ptrdiff_t i = 0; i < outer * inner; ++i) out[i] /= static_cast<T>(middle);
}

template <class T>
void reduce_max(T* out, const T* x, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner) {
    reduce<Max>(out, x, outer, middle, inner);
}

#define MMLCORE_INSTANTIATE(T)                                                   \
    template void reduce_sum<T>(T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);  \
    template void reduce_mean<T>(T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    template void reduce_max<T>(T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
