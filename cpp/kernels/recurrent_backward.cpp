// The way back of recurrent.h: a sweep that finds ∂L/∂a and ∂L/∂b of every step in place of the gates, and dx; then the
// gradients of the weights, one product each, whose right operand z is by now, panel for panel.

#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/recurrent_layout.h"
#include "kernels/reduce.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// ---- the sweep --------------------------------------------------------------------------------------------------

// The panels of uᵀ and, where dx is wanted, of wᵀ.
template <class T>
struct PanelsBackward {
    const T *u, *w;
};

// acc(rows × NR) = ∂L/∂b(t) · uᵀ for the units of one panel: z holds ∂L/∂a, and ∂L/∂b where that is another.
template <Cell cell, class T, class Meanwhile>
void through_u(T* acc, const SequenceLayout<T>& all, ptrdiff_t t, const T* panel, Rows<T> r, Meanwhile&& meanwhile) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    using C = CellOf<cell>;
    const ptrdiff_t k = blocks_of(all.units, NR) * NR;
    if constexpr (C::gates == C::saved) {
        panel_product(acc, NR, all.strips(0, t, r.first), panel, r.rows, C::gates * k, false, meanwhile);
    } else {  // z r n q: n's is q's
        panel_product(acc, NR, all.strips(0, t, r.first), panel, r.rows, 2 * k, false, meanwhile);
        panel_product(acc, NR, all.strips(3, t, r.first), panel + 2 * k * NR, r.rows, k, true, [](auto...) {});
    }
}

// dx(rows × inputs) = ∂L/∂a(t) · wᵀ, while ∂L/∂a is in the cache.
template <Cell cell, class T>
void through_w(T* dx, T* sums, const SequenceLayout<T>& all, ptrdiff_t t, const T* panels, ptrdiff_t inputs,
               Rows<T> r) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k = CellOf<cell>::gates * blocks_of(all.units, NR) * NR, whole = inputs / NR * NR;
    const Strips<const T> dz = all.strips(0, t, r.first);
    for (ptrdiff_t j = 0; j < whole; j += NR) {
        const T* ahead = dx + std::min(j + 2 * NR, inputs) - 1;  // the last of the next panel's
        panel_product(dx + j, inputs, dz, panels + j * k, r.rows, k, false,
                      [&](ptrdiff_t block, ptrdiff_t, ptrdiff_t row, ptrdiff_t count) {
                          for (ptrdiff_t i = row; block == 0 && i < row + count; ++i)
                              __builtin_prefetch(ahead + i * inputs, 1, 3);
                      });
    }
    if (whole == inputs) return;
    panel_product(sums, NR, dz, panels + whole * k, r.rows, k, false, [](auto...) {});
    for (ptrdiff_t row = 0; row < r.rows; ++row)
        std::copy_n(sums + row * NR, inputs - whole, dx + row * inputs + whole);
}

// Asks, while a block of ∂L/∂h_t is summed up, for what its units read and write at step t.
template <class C, class T>
void fetch_for_block(const SequenceLayout<T>& all, const T* dh, ptrdiff_t t, ptrdiff_t j, ptrdiff_t part,
                     ptrdiff_t parts, ptrdiff_t row, ptrdiff_t count) {
    const ptrdiff_t last = std::min(j + Tile<T>::NR, all.units) - 1;
    for (ptrdiff_t item = part; item < C::saved + 4; item += parts)
        for (ptrdiff_t i = row; i < row + count; ++i) {
            if (item < C::saved)
                __builtin_prefetch(all.gates(item, t, i, j), 1, 3);
            else if (item < C::saved + 3)
                fetch_state(all, item - C::saved, t, i, j);
            else if (dh)
                __builtin_prefetch(dh + (t * all.batch + i) * all.units + last, 0, 3);
        }
}

// The lanes behind the last unit take part in products, with zeros.
template <class C, class T>
void clear_behind(const SequenceLayout<T>& all, ptrdiff_t t, Rows<T> r) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t used = all.units % NR;
    for (ptrdiff_t k = 0; k < C::saved && used; ++k) {
        T* gates = all.gates(k, t, r.first, all.units - used);
        for (ptrdiff_t row = 0; row < r.rows; ++row) std::fill(gates + row * NR + used, gates + (row + 1) * NR, T{0});
    }
}

// What goes from step to step past u, in strips.
template <class T>
struct Carried {
    Strips<T> direct, dc;
    bool reads_direct;
};

// ∂L/∂a and ∂L/∂b of step t in place of the gates, for one block of units; sums: what came through u, or null.
template <class C, class T>
void block_backward(const SequenceLayout<T>& all, const T* sums, const Carried<T>& carried,
                    const RecurrentInputs<T>& in, const T* dh_of_outputs, Rows<T> r, ptrdiff_t t, ptrdiff_t j) {
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR, W = lanes<V>;
    const ptrdiff_t H = in.units;
    Spot<T> first = all.at(t, r.first, j);
    first.direct = carried.direct.from(0, j / NR).at, first.dc = carried.dc.from(0, j / NR).at;
    each_vector<T>(r.rows, j, H, [&](ptrdiff_t row, ptrdiff_t v, auto n) {
        const ptrdiff_t here = (r.first + row) * H + j + v * W;
        const Spot<T> spot = first.moved(row, v, H, NR, W);
        V dh = carried.reads_direct ? load_lanes<V>(spot.direct, n) : V{};
        if (sums) {
            V sum = load_lanes<V>(sums + row * NR + v * W, n);
            if (in.keep) sum *= load_lanes<V>(in.keep + here, n);
            dh += sum;
        }
        if (dh_of_outputs) dh += load_lanes<V>(dh_of_outputs + t * in.batch * H + here, n);
        if (in.mask && !in.mask[t * in.batch + r.first + row]) {
            store_lanes(spot.direct, dh, n);
            for (ptrdiff_t k = 0; k < C::saved; ++k) store_lanes(spot.z + k * spot.gate, V{}, n);
            return;
        }
        C::backward(dh, spot, n);
        if (!C::direct && in.mask) store_lanes(spot.direct, V{}, n);
    });
}

// ∂L/∂h before the first step.
template <class T>
void block_before(T* dh0, const T* sums, const Carried<T>& carried, const RecurrentInputs<T>& in, Rows<T> r,
                  ptrdiff_t j) {
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR, W = lanes<V>;
    each_vector<T>(r.rows, j, in.units, [&](ptrdiff_t row, ptrdiff_t v, auto n) {
        const ptrdiff_t here = (r.first + row) * in.units + j + v * W;
        V dh = carried.reads_direct ? load_lanes<V>(carried.direct.from(row, j / NR).at + v * W, n) : V{};
        if (sums) {
            V sum = load_lanes<V>(sums + row * NR + v * W, n);
            if (in.keep) sum *= load_lanes<V>(in.keep + here, n);
            dh += sum;
        }
        store_lanes(dh0 + here, dh, n);
    });
}

template <Cell cell, class T>
void backward_rows(const SequenceLayout<T>& all, PanelsBackward<T> panels, const RecurrentInputs<T>& in,
                   const RecurrentGradients<T>& to, const RecurrentOutputsGradient<T>& from, Rows<T> r) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t H = in.units, offset = r.first * H, k = blocks_of(H, NR) * NR;
    const Workspace<T> sums(r.rows * NR), direct(r.rows * k), dc(r.rows * k);
    Carried<T> carried{{direct.data(), r.rows * NR}, {dc.data(), r.rows * NR}, from.dh_last != nullptr};
    std::fill_n(direct.data(), r.rows * k, T{0});
    std::fill_n(dc.data(), r.rows * k, T{0});
    if (from.dh_last) copy_strips<T>(carried.direct, from.dh_last + offset, H, r.rows, H);
    if (from.dc_last) copy_strips<T>(carried.dc, from.dc_last + offset, H, r.rows, H);

    for (ptrdiff_t t = in.steps - 1; t >= (to.dh0 ? -1 : 0); --t) {
        const bool inner = t < in.steps - 1;
        if (inner) carried.reads_direct = C::direct || in.mask;
        const T* through = inner ? sums.data() : nullptr;
        for (ptrdiff_t j = 0; j < H; j += NR) {
            auto fetch = [&](ptrdiff_t part, ptrdiff_t parts, ptrdiff_t row, ptrdiff_t count) {
                if (t >= 0) fetch_for_block<C>(all, from.dh, t, j, part, parts, r.first + row, count);
            };
            if (inner) through_u<cell>(sums.data(), all, t + 1, panels.u + j * C::gates * k, r, fetch);
            if (t >= 0)
                block_backward<C>(all, through, carried, in, from.dh, r, t, j);
            else
                block_before(to.dh0, through, carried, in, r, j);
        }
        if (t < 0) continue;
        clear_behind<C>(all, t, r);
        if (to.dx)
            through_w<cell>(to.dx + (t * in.batch + r.first) * in.inputs, sums.data(), all, t, panels.w, in.inputs, r);
    }
    if (to.dc0) copy_strips<T, true>(carried.dc, to.dc0 + offset, H, r.rows, H);
}

template <Cell cell, class T>
void backward_sweep(const SequenceLayout<T>& all, const RecurrentInputs<T>& in, const RecurrentGradients<T>& to,
                    const RecurrentOutputsGradient<T>& from) {
    using C = CellOf<cell>;
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t padded = blocks_of(in.units, NR) * NR;
    const ptrdiff_t k = C::gates * padded, columns = to.dx ? blocks_of(in.inputs, NR) * NR : 0;
    const Workspace<T> u(k * padded + lanes<Vec<T>>), w(k * columns + lanes<Vec<T>>);
    pack_backward(u.data(), in.u, in.units, C::gates, in.units);
    if (to.dx) pack_backward(w.data(), in.w, in.inputs, C::gates, in.units);
    share_rows<T>(in.batch, recurrent_ns(cell, in.steps, in.batch, to.dx ? in.inputs : 0, in.units),
                  [&](Rows<T> r) { backward_rows<cell, T>(all, {u.data(), w.data()}, in, to, from, r); });
}

// ---- the gradients of the weights -------------------------------------------------------------------------------

// dweights(m × gates·units)[:, gates `first` … first + count) = Aᵀ · ∂L/∂sums, of the parts of z from `part` on.
template <class T>
void weights_of(T* dweights, const SequenceLayout<T>& all, MatrixView<T> transposed, ptrdiff_t m, ptrdiff_t gates,
                ptrdiff_t first, ptrdiff_t count, ptrdiff_t part) {
    const ptrdiff_t H = all.units, n = all.steps * all.batch;
    // Panels of whole units lie side by side like the gates; others have something behind each gate.
    const ptrdiff_t together = H % Tile<T>::NR == 0 ? count : 1;
    for (ptrdiff_t i = 0; i < count; i += together)
        gemm<T>(dweights + (first + i) * H, gates * H, transposed, Operand<T>::panels_at(all.gates(part + i, 0, 0, 0)),
                m, together * H, n);
}

// a_i = w[rows_i] + bias  =>  dw[r] = Σ_{rows_i = r} dz_i, panel by panel: the sums of all rows stay in the cache.
template <class T>
void weights_of_rows(T* dw, const SequenceLayout<T>& all, const RecurrentInputs<T>& in) {
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR, NV = Tile<T>::NV;
    const ptrdiff_t n = in.steps * in.batch, H = in.units, width = gates_of(in.cell) * H, blocks = blocks_of(H, NR);
    const Workspace<ptrdiff_t> places(n);
    for (ptrdiff_t i = 0; i < n; ++i) places.data()[i] = number_of(in, 0, i) * NR;
    const double cost_ns = static_cast<double>((n + in.inputs) * width) / 8;
    parallel_for(gates_of(in.cell) * blocks, cost_ns, [&](ptrdiff_t panel) {
        const Workspace<T> sums(in.inputs * NR);
        std::fill_n(sums.data(), in.inputs * NR, T{0});
        const T* dz = all.z + panel * all.panel();
        for (ptrdiff_t i = 0; i < n; ++i, dz += NR) {
            if (places.data()[i] < 0) continue;
            T* sum = sums.data() + places.data()[i];
            for (ptrdiff_t v = 0; v < NV; ++v)
                store(sum + v * lanes<V>, load<V>(sum + v * lanes<V>) + load<V>(dz + v * lanes<V>));
        }
        const ptrdiff_t j = panel % blocks * NR, column = panel / blocks * H + j;
        for (ptrdiff_t row = 0; row < in.inputs; ++row)
            std::copy_n(sums.data() + row * NR, std::min(NR, H - j), dw + row * width + column);
    });
}

// du = Σ_t (keep ⊙ h_{t-1})ᵀ ∂L/∂b
template <class T>
void weights_of_states(T* du, const SequenceLayout<T>& all, const RecurrentInputs<T>& in) {
    const ptrdiff_t n = in.steps * in.batch, H = in.units, G = gates_of(in.cell);
    const Workspace<T> kept(in.keep ? n * H : 0);
    for (ptrdiff_t t = 0; t < in.steps && in.keep; ++t)
        for (ptrdiff_t i = 0; i < in.batch * H; ++i)
            kept.data()[t * in.batch * H + i] = all.h[t * in.batch * H + i] * in.keep[i];
    const MatrixView<T> states{in.keep ? kept.data() : all.h, 1, H};
    if (in.cell != Cell::gru) return weights_of(du, all, states, H, G, 0, G, 0);
    weights_of(du, all, states, H, G, 0, 2, 0);
    weights_of(du, all, states, H, G, 2, 1, 3);
}

template <class T>
bool every_row_known(const RecurrentInputs<T>& in) {
    for (ptrdiff_t row = 0; row < in.steps * in.batch; ++row)
        if (number_of(in, 0, row) < 0) return false;
    return true;
}

// Each bias' gradient is the sum of ∂L/∂a, or of ∂L/∂b.
template <class T>
void biases(const RecurrentGradients<T>& to, const SequenceLayout<T>& all, const RecurrentInputs<T>& in) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t n = in.steps * in.batch, H = in.units, G = gates_of(in.cell), S = saved_of(in.cell);
    const ptrdiff_t blocks = blocks_of(H, NR);
    const Workspace<T> sums(S * blocks * NR), totals(S * H);
    if (in.rows && G == S && every_row_known(in)) {  // each dz_i is part of one row of dw
        reduce_sum(totals.data(), to.dw, 1, in.inputs, G * H);
    } else {
        reduce_sum(sums.data(), all.z, S * blocks, n, NR);
        for (ptrdiff_t k = 0; k < S; ++k) std::copy_n(sums.data() + k * blocks * NR, H, totals.data() + k * H);
    }
    if (to.dbias) std::copy_n(totals.data(), G * H, to.dbias);
    if (!to.drecurrent_bias) return;
    std::copy_n(totals.data(), G * H, to.drecurrent_bias);
    if (in.cell == Cell::gru) std::copy_n(totals.data() + 3 * H, H, to.drecurrent_bias + 2 * H);
}

}  // namespace

template <class T>
void recurrent_backward(const RecurrentGradients<T>& to, const RecurrentOutputsGradient<T>& from, T* z, const T* h,
                        const T* c, const RecurrentInputs<T>& in) {
    // h and c are read only: SequenceLayout serves both ways.
    const SequenceLayout<T> all(const_cast<T*>(h), const_cast<T*>(c), z, in);
    with_cell(in.cell, [&](auto cell) { backward_sweep<decltype(cell)::value, T>(all, in, to, from); });

    // a = x w + bias,  b = h_{t-1} u + recurrent_bias
    const ptrdiff_t G = gates_of(in.cell);
    if (in.rows)
        weights_of_rows(to.dw, all, in);
    else
        weights_of(to.dw, all, MatrixView<T>{in.x, 1, in.inputs}, in.inputs, G, 0, G, 0);
    weights_of_states(to.du, all, in);
    if (to.dbias || to.drecurrent_bias) biases(to, all, in);
}

#define MMLCORE_INSTANTIATE(T)                                                                                \
    template void recurrent_backward<T>(const RecurrentGradients<T>&, const RecurrentOutputsGradient<T>&, T*, \
                                        const T*, const T*, const RecurrentInputs<T>&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
