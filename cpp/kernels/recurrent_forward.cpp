// The way forward of recurrent.h: block of units by block of units, a step's sums go where its gates will be, and
// become gates and states while they are in the first-level cache.

#include <algorithm>
#include <limits>

#include "kernels/gemm.h"
#include "kernels/recurrent_layout.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kFewRows = 3;  // a batch of fewer is a handful of matrix-vector products: u is read where it lies

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

// ---- products ---------------------------------------------------------------------------------------------------

// x_t and keep ⊙ h_{t-1} as left operands. Where x fills its strips, h follows without a gap: one sum for both.
template <class T>
struct StepOperands {
    Strips<const T> x, h;
    bool joined;
};

template <class T>
StepOperands<T> put_together(T* space, const T* x, const T* before, const RecurrentInputs<T>& in, Rows<T> r) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, inputs = x ? in.inputs : 0;
    const Strips<T> all{space, r.rows * NR}, h = all.from(0, blocks_of(inputs, NR));
    if (inputs) copy_strips<T>(all, x, inputs, r.rows, inputs);
    copy_strips<T>(h, before, H, r.rows, H);
    for (ptrdiff_t row = 0; in.keep && row < r.rows; ++row)
        for (ptrdiff_t i = 0; i < H; ++i) h.from(row, i / NR).at[i % NR] *= in.keep[(r.first + row) * H + i];
    return {{all.at, all.between}, {h.at, h.between}, inputs % NR == 0};
}

// The sums of gate k for the units of one block.
template <class C, class T, class Meanwhile>
void sums_of_gate(T* sums, ptrdiff_t k, const StepOperands<T>& A, const T* panels, const RecurrentInputs<T>& in,
                  ptrdiff_t block, ptrdiff_t rows, Meanwhile&& meanwhile) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, inputs = in.rows ? 0 : in.inputs;
    const ptrdiff_t a = gate_of_a<C>(k), b = gate_of_b<C>(k);
    const T* panel = panels + (block * C::gates + std::max(a, b)) * NR * (inputs + H);
    if (a >= 0 && b >= 0 && A.joined) return panel_product(sums, NR, A.x, panel, rows, inputs + H, false, meanwhile);
    if (a >= 0) panel_product(sums, NR, A.x, panel, rows, inputs, false, meanwhile);
    if (b >= 0) panel_product(sums, NR, A.h, panel + inputs * NR, rows, H, a >= 0, meanwhile);
}

// sums(rows × saved·units) for all units, of matrices read where they lie, into z.
template <class C, class T>
void sums_in_place(const SequenceLayout<T>& all, T* sums, T* kept, const T* x, ptrdiff_t t,
                   const RecurrentInputs<T>& in, Rows<T> r) {
    const ptrdiff_t H = in.units, G = C::gates * H, ld = C::saved * H, rows = r.rows;
    const T add = in.rows ? 0 : 1;
    const T* before = all.at(t, r.first, 0).h_before;
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
    for (ptrdiff_t k = 0; k < C::saved; ++k)
        copy_strips<T>({all.gates(k, t, r.first, 0), all.panel()}, sums + k * H, ld, rows, H);
}

// ---- one-hot inputs ---------------------------------------------------------------------------------------------

// Where the rows of w lie for one block of units: a row `stride` after the row before, a gate `between` after another.
// In w itself they lie so far apart that they share a few sets of the cache; hence packed copies (pack_rows_of_w).
template <class T>
struct RowsOfW {
    const T* at;
    ptrdiff_t stride, between;
};

// How far from `at` a step's rows of w begin. A number that stands for no row: 0, and `unknown` is set.
template <class T>
bool find_rows_of_w(ptrdiff_t* offsets, ptrdiff_t stride, const RecurrentInputs<T>& in, Rows<T> r, ptrdiff_t t) {
    bool unknown = false;
    for (ptrdiff_t row = 0; row < r.rows; ++row) {
        const ptrdiff_t number = number_of(in, t, r.first + row);
        unknown |= number < 0;
        offsets[row] = std::max<ptrdiff_t>(number, 0) * stride;
    }
    return unknown;
}

template <class C, class T>
void unknown_rows_are_nan(const SequenceLayout<T>& all, const RecurrentInputs<T>& in, Rows<T> r, ptrdiff_t t,
                          ptrdiff_t j) {
    for (ptrdiff_t row = r.first; row < r.first + r.rows; ++row)
        for (ptrdiff_t k = 0; k < C::gates && number_of(in, t, row) < 0; ++k)
            std::fill_n(all.gates(k, t, row, j), std::min<ptrdiff_t>(Tile<T>::NR, in.units - j),
                        std::numeric_limits<T>::quiet_NaN());
}

// ---- gates and states -------------------------------------------------------------------------------------------

// Gate k of one block, in place of its sums. Its function's constants stay in registers, and the rows' chains of
// operations run side by side. w: null, or of the gate's units, a row's at offsets[row].
template <class C, int k, class T>
void activate_gate(T* sums, const T* w, const ptrdiff_t* offsets, const T* bias, ptrdiff_t units, ptrdiff_t rows) {
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    for_each_vector<V>(0, std::min(NR, units), [&](ptrdiff_t i, auto n) {
        const V b = load_lanes<V>(bias + i, n);
        auto one = [&](T* sum, V s) { store_lanes(sum, C::template activate<k>(s + b), n); };
        T* sum = sums + i;
        if (w)
            for (ptrdiff_t row = 0; row < rows; ++row, sum += NR)
                one(sum, load_lanes<V>(sum, n) + load_lanes<V>(w + offsets[row] + i, n));
        else
            for (ptrdiff_t row = 0; row < rows; ++row, sum += NR) one(sum, load_lanes<V>(sum, n));
    });
}

template <class C, class T, int... k>
void activate_gates(const SequenceLayout<T>& all, RowsOfW<T> w, const ptrdiff_t* offsets, const T* bias, Rows<T> r,
                    ptrdiff_t t, ptrdiff_t j, std::integer_sequence<int, k...>) {
    auto rows_of = [&](ptrdiff_t gate) { return w.at && gate < C::gates ? w.at + gate * w.between : nullptr; };
    (activate_gate<C, k, T>(all.gates(k, t, r.first, j), rows_of(k), offsets, bias + k * all.units + j, all.units - j,
                            r.rows),
     ...);
}

template <class C, class T>
void states_of_block(const SequenceLayout<T>& all, const RecurrentInputs<T>& in, Rows<T> r, ptrdiff_t t, ptrdiff_t j) {
    using V = Vec<T>;
    const Spot<T> first = all.at(t, r.first, j);
    each_vector<T>(r.rows, j, in.units, [&](ptrdiff_t row, ptrdiff_t v, auto n) {
        const Spot<T> spot = first.moved(row, v, in.units, Tile<T>::NR, lanes<V>);
        if (in.mask && !in.mask[t * in.batch + r.first + row]) {
            store_lanes(spot.h, load_lanes<V>(spot.h_before, n), n);
            if (spot.c) store_lanes(spot.c, load_lanes<V>(spot.c_before, n), n);
            return;
        }
        C::template forward<V>(spot, n);
    });
}

// ---- the sweep --------------------------------------------------------------------------------------------------

// What is packed once for all steps: w above u or, of one-hot inputs, u, and the rows of w. Null: read where they lie.
template <class T>
struct PanelsForward {
    const T *u, *w;
};

// The bias of every sum.
template <class C, class T>
void add_biases(T* bias, const RecurrentInputs<T>& in) {
    for (ptrdiff_t k = 0; k < C::saved; ++k) {
        const ptrdiff_t a = gate_of_a<C>(k), b = gate_of_b<C>(k);
        for (ptrdiff_t i = 0; i < in.units; ++i)
            bias[k * in.units + i] = (a >= 0 && in.bias ? in.bias[a * in.units + i] : 0) +
                                     (b >= 0 && in.recurrent_bias ? in.recurrent_bias[b * in.units + i] : 0);
    }
}

// Asks, while gate k of a block is summed up, for the gate's place in the next block, and with the first ones for
// states. Memory has time then, and these lines lie where the hardware does not foresee them.
template <class C, class T>
void fetch_for_next(const SequenceLayout<T>& all, ptrdiff_t k, ptrdiff_t t, ptrdiff_t j, ptrdiff_t row,
                    ptrdiff_t count) {
    const bool here = j + Tile<T>::NR < all.units;
    const ptrdiff_t step = here ? t : t + 1, block = here ? j + Tile<T>::NR : 0;
    if (step == all.steps) return;
    const T* gates = all.gates(k, step, row, block);
    for (ptrdiff_t i = 0; i < count; ++i) {
        __builtin_prefetch(gates + i * Tile<T>::NR, 1, 3);
        for (ptrdiff_t state = k; state < 3; state += C::saved) fetch_state(all, state, step, row + i, block);
    }
}

template <Cell cell, class T>
void forward_rows(const SequenceLayout<T>& all, PanelsForward<T> panels, const RecurrentInputs<T>& in, Rows<T> r) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, columns = blocks_of(in.rows ? 0 : in.inputs, NR) * NR + blocks_of(H, NR) * NR;
    const Workspace<T> xh(r.rows * columns), sums(panels.u ? 0 : r.rows * C::saved * H), bias(C::saved * H);
    const Workspace<ptrdiff_t> offsets(in.rows ? r.rows : 0);
    add_biases<C>(bias.data(), in);
    for (ptrdiff_t t = 0; t < in.steps; ++t) {
        const T* x = in.rows ? nullptr : in.x + (t * in.batch + r.first) * in.inputs;
        StepOperands<T> operands{};
        if (panels.u)
            operands = put_together(xh.data(), x, all.at(t, r.first, 0).h_before, in, r);
        else
            sums_in_place<C>(all, sums.data(), xh.data(), x, t, in, r);
        const ptrdiff_t stride = C::gates * (panels.w ? NR : H);
        const bool unknown = in.rows && find_rows_of_w(offsets.data(), stride, in, r, t);
        for (ptrdiff_t j = 0; j < H; j += NR) {
            RowsOfW<T> w{nullptr, stride, panels.w ? NR : H};
            // Without inputs there is no row of w to read, not even in vain.
            if (in.rows && in.inputs > 0) w.at = panels.w ? panels.w + j * C::gates * in.inputs : in.w + j;
            for (ptrdiff_t k = 0; panels.u && k < C::saved; ++k)
                sums_of_gate<C>(all.gates(k, t, r.first, j), k, operands, panels.u, in, j / NR, r.rows,
                                [&](ptrdiff_t block, ptrdiff_t, ptrdiff_t row, ptrdiff_t count) {
                                    if (block == 0) fetch_for_next<C>(all, k, t, j, r.first + row, count);
                                });
            activate_gates<C>(all, w, offsets.data(), bias.data(), r, t, j,
                              std::make_integer_sequence<int, C::saved>{});
            if (unknown) unknown_rows_are_nan<C>(all, in, r, t, j);
            states_of_block<C>(all, in, r, t, j);
        }
    }
}

template <Cell cell, class T>
void forward_sweep(const SequenceLayout<T>& all, const RecurrentInputs<T>& in) {
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

}  // namespace

template <class T>
void recurrent_forward(T* h, T* c, T* z, const RecurrentInputs<T>& in) {
    const SequenceLayout<T> all(h, c, z, in);
    with_cell(in.cell, [&](auto cell) { forward_sweep<decltype(cell)::value, T>(all, in); });
}

template void recurrent_forward<float>(float*, float*, float*, const RecurrentInputs<float>&);
template void recurrent_forward<double>(double*, double*, double*, const RecurrentInputs<double>&);

}  // namespace mmlcore
