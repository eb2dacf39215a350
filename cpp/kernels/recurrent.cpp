#include "kernels/recurrent.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"
#include "kernels/recurrent_cells.h"
#include "kernels/recurrent_step.h"
#include "kernels/reduce.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kFewRows = 3;  // a batch of fewer is a handful of matrix-vector products: u is read where it lies

// ---- the sweeps -------------------------------------------------------------------------------------------------

// One thread's rows [first, first + rows) of the batch.
template <class T>
struct Rows {
    ptrdiff_t first, rows;
};

// body(Spot, Vec lanes, row, column) for every vector of units [j, j + NR) of every row.
template <class T, class Body>
void each_spot(Rows<T> r, ptrdiff_t j, ptrdiff_t units, Body&& body) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    const ptrdiff_t end = std::min<ptrdiff_t>(j + Tile<T>::NR, units);
    for (ptrdiff_t row = 0; row < r.rows; ++row)
        for_each_vector<Vec<T>>(j, end, [&](ptrdiff_t unit, auto n) { body(row, unit, (unit - j) / W, n); });
}

// Where step t, row of the batch and unit lie.
template <class T>
struct Layout {
    T *h, *c, *z;
    ptrdiff_t batch, units, saved;

    Spot<T> at(ptrdiff_t t, ptrdiff_t row, ptrdiff_t unit) const {
        const ptrdiff_t before = (t * batch + row) * units + unit, now = before + batch * units;
        T* gates = z + (t * batch + row) * saved * units + unit;
        return {gates, units, h + before, c ? c + before : nullptr, h + now, c ? c + now : nullptr, nullptr, nullptr};
    }
};

// What the sums of a step are made of. Sum k of C::saved takes the gate k of both products; gru's n gate has a sum for
// each: number 2 for a, number 3 for b.
template <class C>
constexpr ptrdiff_t gate_of_b(ptrdiff_t sum) {
    return C::gates == C::saved ? sum : (sum < 2 ? sum : sum == 3 ? 2 : -1);
}

template <class C>
constexpr ptrdiff_t gate_of_a(ptrdiff_t sum) {
    return sum < C::gates ? sum : -1;
}

// sums(rows × saved·NR) for the units of one block, of [x_t, h_{t-1}] (rows × k).
template <class C, class T>
void sums_of_block(T* sums, const T* xh, const T* panels, const RecurrentInputs<T>& in, ptrdiff_t block,
                   ptrdiff_t rows) {
    constexpr ptrdiff_t NR = Tile<T>::NR, stride = C::saved * NR;
    const ptrdiff_t H = in.units, inputs = in.rows ? 0 : in.inputs, k = inputs + H;
    for (ptrdiff_t sum = 0; sum < C::saved; ++sum) {
        const ptrdiff_t a = gate_of_a<C>(sum), b = gate_of_b<C>(sum);
        const ptrdiff_t begin = a >= 0 ? 0 : inputs, end = b >= 0 ? k : inputs;
        const T* panel = panels + (block * C::gates + std::max(a, b)) * NR * k;
        panel_product(sums + sum * NR, stride, xh + begin, k, panel + begin * NR, rows, end - begin, false);
    }
}

// sums(rows × saved·units) for all units, of matrices read where they lie.
template <class C, class T>
void sums_in_place(T* sums, T* kept, const T* x, const T* before, const RecurrentInputs<T>& in, Rows<T> r) {
    const ptrdiff_t H = in.units, G = C::gates * H, ld = C::saved * H, rows = r.rows;
    const T add = in.rows ? 0 : 1;
    if (in.keep) {
        for (ptrdiff_t i = 0; i < rows * H; ++i) kept[i] = before[i] * in.keep[r.first * H + i];
        before = kept;
    }
    const MatrixView<T> h{before, H, 1}, u{in.u, G, 1};
    if (!in.rows) gemm<T>(sums, ld, {x, in.inputs, 1}, {in.w, G, 1}, rows, G, in.inputs);
    if constexpr (C::gates == C::saved) {
        gemm<T>(sums, ld, h, u, rows, G, H, 1, add);
    } else {
        gemm<T>(sums, ld, h, u, rows, 2 * H, H, 1, add);
        gemm<T>(sums + 3 * H, ld, h, u.from(0, 2 * H), rows, H, H);
        for (ptrdiff_t row = 0; row < rows && in.rows; ++row) std::fill_n(sums + row * ld + 2 * H, H, T{0});
    }
}

// The number of the row of w that stands for the one-hot vector of a row of the batch; -1: there is none.
template <class T>
ptrdiff_t number_of(const RecurrentInputs<T>& in, ptrdiff_t step, ptrdiff_t row) {
    const T number = in.rows[step * in.batch + row];
    return number >= 0 && number < static_cast<T>(in.inputs) ? static_cast<ptrdiff_t>(number) : -1;
}

// Where the rows of w lie for one block of units: a row `stride` after the row before, a gate `between` after another.
// In w itself they lie so far apart that they share a few sets of the cache; hence packed copies (pack_rows_of_w).
template <class T>
struct RowsOfW {
    const T* at;
    ptrdiff_t stride, between;
};

template <class T>
bool every_row_known(const RecurrentInputs<T>& in) {
    for (ptrdiff_t row = 0; row < in.steps * in.batch; ++row)
        if (number_of(in, 0, row) < 0) return false;
    return true;
}

// xh(rows × (inputs + units)) = [x_t, keep ⊙ h_{t-1}]
template <class T>
void put_together(T* xh, const T* x, const T* before, const RecurrentInputs<T>& in, Rows<T> r) {
    const ptrdiff_t H = in.units, inputs = x ? in.inputs : 0;
    for (ptrdiff_t row = 0; row < r.rows; ++row, xh += inputs + H) {
        std::copy_n(x + row * inputs, inputs, xh);
        if (!in.keep) {
            std::copy_n(before + row * H, H, xh + inputs);
            continue;
        }
        const T* keep = in.keep + (r.first + row) * H;
        for (ptrdiff_t i = 0; i < H; ++i) xh[inputs + i] = before[row * H + i] * keep[i];
    }
}

// Asks for what step t needs of a row of the batch in a block of units, in the cache of that level. The block may begin
// within a line: its last unit's is asked for, and its first line came with the block before.
template <class C, int level, class T>
[[gnu::always_inline]] inline void fetch_row(const Layout<T>& all, ptrdiff_t t, ptrdiff_t row, ptrdiff_t j,
                                             const T* dh) {
    const Spot<T> last = all.at(t, row, std::min(j + Tile<T>::NR, all.units) - 1);
    for (ptrdiff_t k = 0; k < C::saved; ++k) __builtin_prefetch(last.z + k * all.units, 1, 4 - level);
    __builtin_prefetch(last.h, 1, 4 - level);
    if (last.c) {
        __builtin_prefetch(last.c, 1, 4 - level);
        __builtin_prefetch(last.c_before, 0, 4 - level);
    }
    if (dh) __builtin_prefetch(dh + (last.h - all.h) - all.batch * all.units, 0, 4 - level);
}

// Rows lie too far apart for the hardware to foresee. They are asked for while a block's products are computed, and
// each again a few rows before its turn.
constexpr ptrdiff_t kRowsAhead = 4;

template <class C, class T>
void fetch_block(const Layout<T>& all, ptrdiff_t t, Rows<T> r, ptrdiff_t j, const T* dh) {
    for (ptrdiff_t row = 0; row < r.rows; ++row) fetch_row<C, 2>(all, t, r.first + row, j, dh);
}

// The same of the rows of w that add_rows_of_w will read.
template <class C, class T>
void fetch_rows_of_w(RowsOfW<T> w, const RecurrentInputs<T>& in, Rows<T> r, ptrdiff_t t) {
    for (ptrdiff_t row = r.first; row < r.first + r.rows; ++row) {
        const ptrdiff_t number = number_of(in, t, row);
        for (ptrdiff_t k = 0; k < C::gates && number >= 0; ++k)
            __builtin_prefetch(w.at + number * w.stride + k * w.between, 0, 2);
    }
}

// Where the sums of a block of units lie: those of a row `stride` after the row before, a gate's `between` after
// another's.
template <class T>
struct Sums {
    T* at;
    ptrdiff_t stride, between;
};

// sums += the rows of w that stand for one-hot vectors, for the units of one block.
template <class C, class T>
void add_rows_of_w(Sums<T> sums, RowsOfW<T> w, const RecurrentInputs<T>& in, Rows<T> r, ptrdiff_t t, ptrdiff_t j) {
    using V = Vec<T>;
    const ptrdiff_t units = std::min<ptrdiff_t>(Tile<T>::NR, in.units - j);
    for (ptrdiff_t row = 0; row < r.rows; ++row) {
        const ptrdiff_t number = number_of(in, t, r.first + row);
        for (ptrdiff_t k = 0; k < C::gates; ++k) {
            const T* from = w.at + number * w.stride + k * w.between;
            T* to = sums.at + row * sums.stride + k * sums.between;
            for_each_vector<V>(0, units, [&](ptrdiff_t i, auto n) {
                const V a =
                    number >= 0 ? load_lanes<V>(from + i, n) : broadcast<V>(std::numeric_limits<T>::quiet_NaN());
                store_lanes(to + i, load_lanes<V>(to + i, n) + a, n);
            });
        }
    }
}

// sums = the gates, for the units of one block. One gate after another: the constants of its function stay in
// registers, and the rows' chains of operations run side by side.
template <class C, class T, int... k>
void activate_sums(Sums<T> sums, const T* bias, ptrdiff_t units, Rows<T> r, ptrdiff_t j,
                   std::integer_sequence<int, k...>) {
    using V = Vec<T>;
    const ptrdiff_t end = std::min<ptrdiff_t>(j + Tile<T>::NR, units);
    auto one = [&](auto gate) {
        for_each_vector<V>(j, end, [&](ptrdiff_t i, auto n) {
            const V b = load_lanes<V>(bias + gate * units + i, n);
            T* sum = sums.at + gate * sums.between + i - j;
            for (ptrdiff_t row = 0; row < r.rows; ++row, sum += sums.stride)
                store_lanes(sum, C::template activate<gate>(load_lanes<V>(sum, n) + b), n);
        });
    };
    (one(std::integral_constant<int, k>{}), ...);
}

// Gates and states of step t, for the units of one block, from its sums.
template <class C, class T>
void block_forward(const Layout<T>& all, const RecurrentInputs<T>& in, Sums<T> sums, RowsOfW<T> w, const T* bias,
                   Rows<T> r, ptrdiff_t t, ptrdiff_t j) {
    using V = Vec<T>;
    if (in.rows) add_rows_of_w<C>(sums, w, in, r, t, j);
    activate_sums<C>(sums, bias, in.units, r, j, std::make_integer_sequence<int, C::saved>{});
    each_spot<T>(r, j, in.units, [&](ptrdiff_t row, ptrdiff_t unit, ptrdiff_t v, auto n) {
        const Spot<T> spot = all.at(t, r.first + row, unit);
        if (v == 0 && row + kRowsAhead < r.rows) fetch_row<C, 1, T>(all, t, r.first + row + kRowsAhead, j, nullptr);
        if (in.mask && !in.mask[t * in.batch + r.first + row]) {
            store_lanes(spot.h, load_lanes<V>(spot.h_before, n), n);
            if (spot.c) store_lanes(spot.c, load_lanes<V>(spot.c_before, n), n);
            return;
        }
        V s[C::saved];
        for (ptrdiff_t k = 0; k < C::saved; ++k)
            s[k] = load_lanes<V>(sums.at + row * sums.stride + k * sums.between + v * lanes<V>, n);
        C::forward(s, spot, n);
    });
}

// What is packed once for all steps: w above u or, of one-hot inputs, u, and the rows of w. Null: read where they lie.
template <class T>
struct PanelsForward {
    const T *u, *w;
};

template <Cell cell, class T>
void forward_rows(const Layout<T>& all, PanelsForward<T> panels, const RecurrentInputs<T>& in, Rows<T> r) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR, S = C::saved;
    const ptrdiff_t H = in.units, stride = panels.u ? S * NR : S * H, between = panels.u ? NR : H;
    const Workspace<T> sums(r.rows * stride), xh(r.rows * ((in.rows ? 0 : in.inputs) + H)), bias(S * H);
    for (ptrdiff_t k = 0; k < S; ++k) {
        const ptrdiff_t a = gate_of_a<C>(k), b = gate_of_b<C>(k);
        for (ptrdiff_t i = 0; i < H; ++i)
            bias.data()[k * H + i] = (a >= 0 && in.bias ? in.bias[a * H + i] : 0) +
                                     (b >= 0 && in.recurrent_bias ? in.recurrent_bias[b * H + i] : 0);
    }
    for (ptrdiff_t t = 0; t < in.steps; ++t) {
        const T* before = all.at(t, r.first, 0).h_before;
        const T* x = in.rows ? nullptr : in.x + (t * in.batch + r.first) * in.inputs;
        if (panels.u)
            put_together(xh.data(), x, before, in, r);
        else
            sums_in_place<C>(sums.data(), xh.data(), x, before, in, r);
        for (ptrdiff_t j = 0; j < H; j += NR) {
            const RowsOfW<T> w = panels.w ? RowsOfW<T>{panels.w + j * C::gates * in.inputs, C::gates * NR, NR}
                                          : RowsOfW<T>{in.w + j, C::gates * H, H};
            const Sums<T> here{panels.u ? sums.data() : sums.data() + j, stride, between};
            if (in.rows) fetch_rows_of_w<C>(w, in, r, t);
            if (panels.u) sums_of_block<C>(sums.data(), xh.data(), panels.u, in, j / NR, r.rows);
            block_forward<C, T>(all, in, here, w, bias.data(), r, t, j);
        }
    }
}

// acc(rows × NR) = ∂L/∂b(t) · uᵀ for the units of one panel: dz holds ∂L/∂a, and ∂L/∂b where that is another.
template <Cell cell, class T>
void through_u(T* acc, const T* dz, const T* panel, ptrdiff_t H, ptrdiff_t rows) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    using C = CellOf<cell>;
    if constexpr (C::gates == C::saved) {
        panel_product(acc, NR, dz, C::saved * H, panel, rows, C::gates * H, false);
    } else {  // z r n q: n's is q's
        panel_product(acc, NR, dz, C::saved * H, panel, rows, 2 * H, false);
        panel_product(acc, NR, dz + 3 * H, C::saved * H, panel + 2 * H * NR, rows, H, true);
    }
}

// dx(rows × inputs) = ∂L/∂a(t) · wᵀ, while ∂L/∂a is in the cache.
template <Cell cell, class T>
void through_w(T* dx, T* sums, const T* dz, const T* panels, const RecurrentInputs<T>& in, ptrdiff_t rows) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k = C::gates * in.units;
    const ptrdiff_t whole = in.inputs / NR * NR;
    for (ptrdiff_t j = 0; j < whole; j += NR)
        panel_product(dx + j, in.inputs, dz, C::saved * in.units, panels + j * k, rows, k, false);
    if (whole == in.inputs) return;
    panel_product(sums, NR, dz, C::saved * in.units, panels + whole * k, rows, k, false);
    for (ptrdiff_t row = 0; row < rows; ++row)
        std::copy_n(sums + row * NR, in.inputs - whole, dx + row * in.inputs + whole);
}

// The panels of uᵀ and, where dx is wanted, of wᵀ.
template <class T>
struct PanelsBackward {
    const T *u, *w;
};

template <Cell cell, class T>
void backward_rows(const Layout<T>& all, PanelsBackward<T> panels, const RecurrentInputs<T>& in,
                   const RecurrentGradients<T>& to, const RecurrentOutputsGradient<T>& from, Rows<T> r) {
    using C = CellOf<cell>;
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, offset = r.first * H, size = r.rows * H, step = in.batch * H;
    const Workspace<T> sums(r.rows * NR), direct(size), dc(size);
    const bool has_last = from.dh_last, has_dc = from.dc_last;
    std::fill_n(direct.data(), size, T{0});
    if (has_last) std::copy_n(from.dh_last + offset, size, direct.data());
    std::fill_n(dc.data(), size, T{0});
    if (has_dc) std::copy_n(from.dc_last + offset, size, dc.data());

    for (ptrdiff_t t = in.steps - 1; t >= -1; --t) {
        if (t < 0 && !to.dh0) break;
        for (ptrdiff_t j = 0; j < H; j += NR) {
            const bool inner = t < in.steps - 1;
            if (t >= 0) fetch_block<C>(all, t, r, j, from.dh);
            if (inner)
                through_u<cell>(sums.data(), all.at(t + 1, r.first, 0).z, panels.u + j * C::gates * H, H, r.rows);
            each_spot<T>(r, j, H, [&](ptrdiff_t row, ptrdiff_t unit, ptrdiff_t v, auto n) {
                const ptrdiff_t here = row * H + unit;
                if (v == 0 && t >= 0 && row + kRowsAhead < r.rows)
                    fetch_row<C, 1>(all, t, r.first + row + kRowsAhead, j, from.dh);
                V dh = load_lanes<V>(direct.data() + here, n);
                if (inner) {
                    V sum = load_lanes<V>(sums.data() + row * NR + v * lanes<V>, n);
                    if (in.keep) sum *= load_lanes<V>(in.keep + offset + here, n);
                    dh += sum;
                }
                if (t < 0) {
                    store_lanes(to.dh0 + offset + here, dh, n);
                    return;
                }
                if (from.dh) dh += load_lanes<V>(from.dh + t * step + offset + here, n);
                Spot<T> spot = all.at(t, r.first + row, unit);
                spot.direct = direct.data() + here, spot.dc = dc.data() + here;
                if (in.mask && !in.mask[t * in.batch + r.first + row]) {
                    store_lanes(spot.direct, dh, n);
                    for (ptrdiff_t k = 0; k < C::saved; ++k) store_lanes(spot.z + k * H, V{}, n);
                    return;
                }
                C::backward(dh, spot, n);
            });
        }
        if (t >= 0 && to.dx)
            through_w<cell>(to.dx + (t * in.batch + r.first) * in.inputs, sums.data(), all.at(t, r.first, 0).z,
                            panels.w, in, r.rows);
    }
    if (to.dc0) std::copy_n(dc.data(), size, to.dc0 + offset);
}

// body(Rows) over the batch, on as many threads as that pays for.
template <class T, class Body>
void share_rows(ptrdiff_t batch, double cost_ns, Body&& body) {
    const ptrdiff_t parts = detail::threads_for(blocks_of(batch, ptrdiff_t{4}), cost_ns);
    parallel_for(parts, cost_ns, [&](ptrdiff_t part) {
        const ptrdiff_t first = batch * part / parts;
        body(Rows<T>{first, batch * (part + 1) / parts - first});
    });
}

template <Cell cell, class T>
void forward_sweep(const Layout<T>& all, const RecurrentInputs<T>& in) {
    using C = CellOf<cell>;
    const ptrdiff_t padded = blocks_of(in.units, static_cast<ptrdiff_t>(Tile<T>::NR)) * Tile<T>::NR;
    const bool pack = in.batch >= kFewRows && in.steps > 1;
    const Workspace<T> u(pack ? C::gates * padded * ((in.x ? in.inputs : 0) + in.units) : 0);
    const bool pack_w = pack && in.rows && 8 * in.inputs <= in.steps * in.batch;  // each row is read often
    const Workspace<T> w(pack_w ? C::gates * padded * in.inputs : 0);
    if (pack) pack_forward(u.data(), in, C::gates);
    if (pack_w) pack_rows_of_w(w.data(), in, C::gates);
    const PanelsForward<T> panels{pack ? u.data() : nullptr, pack_w ? w.data() : nullptr};
    share_rows<T>(in.batch, recurrent_ns(cell, in.steps, in.batch, in.x ? in.inputs : 0, in.units),
                  [&](Rows<T> r) { forward_rows<cell, T>(all, panels, in, r); });
}

template <Cell cell, class T>
void backward_sweep(const Layout<T>& all, const RecurrentInputs<T>& in, const RecurrentGradients<T>& to,
                    const RecurrentOutputsGradient<T>& from) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t padded = blocks_of(in.units, NR) * NR;
    const ptrdiff_t k = C::gates * in.units, columns = to.dx ? blocks_of(in.inputs, NR) * NR : 0;
    const Workspace<T> u(k * padded + lanes<Vec<T>>), w(k * columns + lanes<Vec<T>>);
    pack_backward(u.data(), in.u, in.units, k);
    if (to.dx) pack_backward(w.data(), in.w, in.inputs, k);
    share_rows<T>(in.batch, recurrent_ns(cell, in.steps, in.batch, to.dx ? in.inputs : 0, in.units),
                  [&](Rows<T> r) { backward_rows<cell, T>(all, {u.data(), w.data()}, in, to, from, r); });
}

template <class F>
void with_cell(Cell cell, F&& f) {
    switch (cell) {
        case Cell::lstm:
            return f(std::integral_constant<Cell, Cell::lstm>{});
        case Cell::gru:
            return f(std::integral_constant<Cell, Cell::gru>{});
        case Cell::tanh:
            return f(std::integral_constant<Cell, Cell::tanh>{});
        case Cell::relu:
            return f(std::integral_constant<Cell, Cell::relu>{});
    }
}

// ---- one-hot inputs ---------------------------------------------------------------------------------------------

// a_i = w[rows_i] + bias  =>  dw[r] = Σ_{rows_i = r} dz_i, in blocks of columns whose sums stay in the
// second-level cache: a row of dz is a stretch of memory.
template <class T>
void weights_of_rows(T* dw, const T* dz, ptrdiff_t ldz, const RecurrentInputs<T>& in) {
    using V = Vec<T>;
    constexpr ptrdiff_t kBlock = 256;
    const ptrdiff_t n = in.steps * in.batch, width = gates_of(in.cell) * in.units;
    parallel_for(blocks_of(width, kBlock), static_cast<double>((n + in.inputs) * width) / 4, [=](ptrdiff_t block) {
        const ptrdiff_t begin = block * kBlock, end = std::min(width, begin + kBlock);
        for (ptrdiff_t r = 0; r < in.inputs; ++r) std::fill(dw + r * width + begin, dw + r * width + end, T{0});
        for (ptrdiff_t i = 0; i < n; ++i) {
            const ptrdiff_t row = number_of(in, 0, i);
            if (row < 0) continue;
            T* sum = dw + row * width;
            const T* ahead = dz + std::min(i + 2, n - 1) * ldz;
            for_each_vector<V>(begin, end, [&](ptrdiff_t j, auto count) {
                __builtin_prefetch(ahead + j);
                store_lanes(sum + j, load_lanes<V>(sum + j, count) + load_lanes<V>(dz + i * ldz + j, count), count);
            });
        }
    });
}

// du = Σ_t (keep ⊙ h_{t-1})ᵀ ∂L/∂b
template <class T>
void weights_of_states(T* du, const T* dz, const T* h, const RecurrentInputs<T>& in) {
    const ptrdiff_t n = in.steps * in.batch, H = in.units, G = gates_of(in.cell), ld = saved_of(in.cell) * H;
    const Workspace<T> kept(in.keep ? n * H : 0);
    for (ptrdiff_t t = 0; t < in.steps && in.keep; ++t)
        for (ptrdiff_t i = 0; i < in.batch * H; ++i)
            kept.data()[t * in.batch * H + i] = h[t * in.batch * H + i] * in.keep[i];
    const MatrixView<T> states{in.keep ? kept.data() : h, 1, H};
    if (in.cell != Cell::gru) {
        gemm<T>(du, G * H, states, {dz, ld, 1}, H, G * H, n);
        return;
    }
    gemm<T>(du, G * H, states, {dz, ld, 1}, H, 2 * H, n);
    gemm<T>(du + 2 * H, G * H, states, {dz + 3 * H, ld, 1}, H, H, n);
}

}  // namespace

template <class T>
void recurrent_forward(T* h, T* c, T* z, const RecurrentInputs<T>& in) {
    const Layout<T> all{h, c, z, in.batch, in.units, saved_of(in.cell)};
    with_cell(in.cell, [&](auto cell) { forward_sweep<decltype(cell)::value, T>(all, in); });
}

template <class T>
void recurrent_backward(const RecurrentGradients<T>& to, const RecurrentOutputsGradient<T>& from, T* z, const T* h,
                        const T* c, const RecurrentInputs<T>& in) {
    const ptrdiff_t n = in.steps * in.batch, H = in.units, width = gates_of(in.cell) * H, ld = saved_of(in.cell) * H;
    // h and c are read only: Layout serves both ways.
    const Layout<T> all{const_cast<T*>(h), const_cast<T*>(c), z, in.batch, H, saved_of(in.cell)};
    with_cell(in.cell, [&](auto cell) { backward_sweep<decltype(cell)::value, T>(all, in, to, from); });

    // a = x w + bias
    const MatrixView<T> dz{z, ld, 1};
    if (in.rows)
        weights_of_rows(to.dw, z, ld, in);
    else
        gemm<T>(to.dw, width, {in.x, 1, in.inputs}, dz, in.inputs, width, n);

    // b = h_{t-1} u + recurrent_bias
    weights_of_states(to.du, z, h, in);
    if (!to.dbias && !to.drecurrent_bias) return;
    const Workspace<T> sums(ld);
    const bool of_dw = in.rows && width == ld && every_row_known(in);  // each dz_i is part of one row of dw
    of_dw ? reduce_sum(sums.data(), to.dw, 1, in.inputs, width) : reduce_sum(sums.data(), z, 1, n, ld);
    if (to.dbias) std::copy_n(sums.data(), width, to.dbias);
    if (to.drecurrent_bias) {
        std::copy_n(sums.data(), width, to.drecurrent_bias);
        if (in.cell == Cell::gru) std::copy_n(sums.data() + 3 * H, H, to.drecurrent_bias + 2 * H);
    }
}

void exchange_axes(char* y, const char* x, ptrdiff_t a, ptrdiff_t b, ptrdiff_t bytes, bool reverse, bool steps_last) {
    parallel_chunks(b, 1, static_cast<double>(a * b) * (5 + static_cast<double>(bytes) / 10),
                    [=](ptrdiff_t begin, ptrdiff_t end) {
                        for (ptrdiff_t j = begin; j < end; ++j)
                            for (ptrdiff_t i = 0; i < a; ++i) {
                                const ptrdiff_t from_i = reverse && !steps_last ? a - 1 - i : i;
                                const ptrdiff_t from_j = reverse && steps_last ? b - 1 - j : j;
                                std::memcpy(y + (j * a + i) * bytes, x + (from_i * b + from_j) * bytes,
                                            static_cast<std::size_t>(bytes));
                            }
                    });
}

template <class T>
void copy_columns(T* y, T* x, ptrdiff_t column, ptrdiff_t n, ptrdiff_t wide, ptrdiff_t narrow, bool out) {
    for (ptrdiff_t i = 0; i < n; ++i) {
        T *part = y + i * wide + column, *row = x + i * narrow;
        out ? std::copy_n(part, narrow, row) : std::copy_n(row, narrow, part);
    }
}

double recurrent_ns(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t inputs, ptrdiff_t units) {
    return static_cast<double>(steps) * gemm_cost_ns(batch, gates_of(cell) * units, inputs + units);
}

#define MMLCORE_INSTANTIATE(T)                                                                                \
    template void copy_columns<T>(T*, T*, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, bool);                  \
    template void recurrent_forward<T>(T*, T*, T*, const RecurrentInputs<T>&);                                \
    template void recurrent_backward<T>(const RecurrentGradients<T>&, const RecurrentOutputsGradient<T>&, T*, \
                                        const T*, const T*, const RecurrentInputs<T>&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
