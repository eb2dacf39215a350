#include "kernels/recurrent.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/gemm.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/recurrent_cells.h"
#include "kernels/reduce.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kFewRows = 3;  // a batch of fewer is a handful of matrix-vector products: u is read where it lies

ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// ---- the product of a step --------------------------------------------------------------------------------------

// acc(rows × NR) (+)= A(rows × k) · panel(k × NR). The sum runs in blocks whose part of the panel stays in the
// first-level cache for all rows; tiles share the rows evenly.
template <class T>
void panel_product(T* acc, ptrdiff_t stride, const T* A, ptrdiff_t lda, const T* panel, ptrdiff_t rows, ptrdiff_t k,
                   bool add) {
    constexpr ptrdiff_t NR = Tile<T>::NR, kPanelBytes = 16 << 10;
    constexpr ptrdiff_t longest = kPanelBytes / (NR * sizeof(T));
    const ptrdiff_t blocks = std::max<ptrdiff_t>(1, ceil_div(k, longest));
    const ptrdiff_t tiles = ceil_div(rows, static_cast<ptrdiff_t>(Tile<T>::MR));
    for (ptrdiff_t block = 0; block < blocks; ++block) {
        const ptrdiff_t begin = k * block / blocks, length = k * (block + 1) / blocks - begin;
        const T* part = panel + begin * NR;
        const Store<T> finish{
            1, static_cast<T>(add || block > 0), Activation::linear, nullptr, nullptr, nullptr, part + length * NR};
        for (ptrdiff_t tile = 0; tile < tiles; ++tile) {
            const ptrdiff_t row = rows * tile / tiles, count = rows * (tile + 1) / tiles - row;
            tile_for<T, DirectLeft<T>, PackedRight<T>>(count, NR)(acc + row * stride, stride,
                                                                  {A + row * lda + begin, lda, 1}, {part}, length, NR,
                                                                  finish);
        }
    }
}

// u as panels of NR units, gate by gate: panel (gate, block) begins at (gate · blocks + block) · NR · units.
template <class T>
void pack_forward(T* panels, const T* u, ptrdiff_t gates, ptrdiff_t units) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t whole = ceil_div(units, NR) * NR * units;
    for (ptrdiff_t gate = 0; gate < gates; ++gate)
        pack_rows<T, NR>(panels + gate * whole, {u + gate * units, 1, gates * units}, units, 0, units, units);
}

// uᵀ(gates·units × units) as panels of NR units; room for one vector behind the last.
template <class T>
void pack_backward(T* panels, const T* u, ptrdiff_t gates, ptrdiff_t units) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k = gates * units;
    for (ptrdiff_t j = 0; j < units; j += NR)
        pack_panel<T, NR>(panels + j * k, {u + j * k, k, 1}, std::min(NR, units - j), k);
}

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

template <Cell cell, class T>
void forward_rows(const Layout<T>& all, const T* panels, const RecurrentInputs<T>& in, Rows<T> r) {
    using C = CellOf<cell>;
    using V = Vec<T>;
    constexpr ptrdiff_t NR = Tile<T>::NR, G = C::gates, NV = Tile<T>::NV;
    const ptrdiff_t H = in.units, blocks = ceil_div(H, NR), stride = panels ? G * NR : G * H;
    const Workspace<T> sums(r.rows * stride), kept(in.keep ? r.rows * H : 0);
    for (ptrdiff_t t = 0; t < in.steps; ++t) {
        const T* before = all.at(t, r.first, 0).h_before;
        if (in.keep) {
            for (ptrdiff_t i = 0; i < r.rows * H; ++i) kept.data()[i] = before[i] * in.keep[r.first * H + i];
            before = kept.data();
        }
        if (!panels) gemm<T>(sums.data(), stride, {before, H, 1}, {in.u, G * H, 1}, r.rows, G * H, H);
        for (ptrdiff_t block = 0; block < blocks; ++block) {
            const ptrdiff_t j = block * NR;
            for (ptrdiff_t gate = 0; gate < G && panels; ++gate)
                panel_product(sums.data() + gate * NR, stride, before, H, panels + (gate * blocks + block) * NR * H, r.rows,
                              H, false);
            const T* first_sum = panels ? sums.data() : sums.data() + j;
            const ptrdiff_t between_gates = panels ? NR : H;
            each_spot<T>(r, j, H, [&](ptrdiff_t row, ptrdiff_t unit, ptrdiff_t v, auto n) {
                const Spot<T> spot = all.at(t, r.first + row, unit);
                if (in.mask && !in.mask[t * in.batch + r.first + row]) {
                    store_lanes(spot.h, load_lanes<V>(spot.h_before, n), n);
                    if (spot.c) store_lanes(spot.c, load_lanes<V>(spot.c_before, n), n);
                    return;
                }
                V b[G];
                const T* sum = first_sum + row * stride + v * lanes<V>;
                for (ptrdiff_t gate = 0; gate < G; ++gate) {
                    b[gate] = load_lanes<V>(sum + gate * between_gates, n);
                    if (in.recurrent_bias) b[gate] += load_lanes<V>(in.recurrent_bias + gate * H + unit, n);
                }
                C::forward(b, spot, n);
            });
        }
    }
    static_assert(NV * lanes<V> == NR);
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

template <Cell cell, class T>
void backward_rows(const Layout<T>& all, const T* panels, const RecurrentInputs<T>& in,
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
            if (inner)
                through_u<cell>(sums.data(), all.at(t + 1, r.first, 0).z, panels + j * C::gates * H, H, r.rows);
            each_spot<T>(r, j, H, [&](ptrdiff_t row, ptrdiff_t unit, ptrdiff_t v, auto n) {
                const ptrdiff_t here = row * H + unit;
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
    }
    if (to.dc0) std::copy_n(dc.data(), size, to.dc0 + offset);
}

// body(Rows) over the batch, on as many threads as that pays for.
template <class T, class Body>
void share_rows(ptrdiff_t batch, double cost_ns, Body&& body) {
    const ptrdiff_t parts = detail::threads_for(ceil_div(batch, ptrdiff_t{4}), cost_ns);
    parallel_for(parts, cost_ns, [&](ptrdiff_t part) {
        const ptrdiff_t first = batch * part / parts;
        body(Rows<T>{first, batch * (part + 1) / parts - first});
    });
}

template <Cell cell, class T>
void forward_sweep(const Layout<T>& all, const RecurrentInputs<T>& in) {
    using C = CellOf<cell>;
    const ptrdiff_t padded = ceil_div(in.units, static_cast<ptrdiff_t>(Tile<T>::NR)) * Tile<T>::NR;
    const bool pack = in.batch >= kFewRows && in.steps > 1;
    const Workspace<T> panels(pack ? C::gates * padded * in.units : 0);
    if (pack) pack_forward(panels.data(), in.u, C::gates, in.units);
    share_rows<T>(in.batch, static_cast<double>(in.steps) * gemm_cost_ns(in.batch, C::gates * in.units, in.units),
                  [&](Rows<T> r) { forward_rows<cell, T>(all, pack ? panels.data() : nullptr, in, r); });
}

template <Cell cell, class T>
void backward_sweep(const Layout<T>& all, const RecurrentInputs<T>& in, const RecurrentGradients<T>& to,
                    const RecurrentOutputsGradient<T>& from) {
    using C = CellOf<cell>;
    const ptrdiff_t padded = ceil_div(in.units, static_cast<ptrdiff_t>(Tile<T>::NR)) * Tile<T>::NR;
    const Workspace<T> panels(C::gates * padded * in.units + lanes<Vec<T>>);
    pack_backward(panels.data(), in.u, C::gates, in.units);
    share_rows<T>(in.batch, static_cast<double>(in.steps) * gemm_cost_ns(in.batch, C::gates * in.units, in.units),
                  [&](Rows<T> r) { backward_rows<cell, T>(all, panels.data(), in, to, from, r); });
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

// z_i = w[rows_i] + bias
template <class T>
void inputs_from_rows(T* z, ptrdiff_t ldz, const RecurrentInputs<T>& in) {
    using V = Vec<T>;
    const ptrdiff_t n = in.steps * in.batch, width = gates_of(in.cell) * in.units;
    parallel_chunks(n, 16, static_cast<double>(n * width) / 4, [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t i = begin; i < end; ++i) {
            const T row = in.rows[i];
            const bool known = row >= 0 && row < static_cast<T>(in.inputs);
            const T* from = known ? in.w + static_cast<ptrdiff_t>(row) * width : nullptr;
            for_each_vector<V>(0, width, [&](ptrdiff_t j, auto count) {
                const V a = known ? load_lanes<V>(from + j, count) : broadcast<V>(std::numeric_limits<T>::quiet_NaN());
                store_lanes(z + i * ldz + j, in.bias ? a + load_lanes<V>(in.bias + j, count) : a, count);
            });
        }
    });
}

// z_i = w[rows_i] + bias  =>  dw[r] = Σ_{rows_i = r} dz_i
template <class T>
void weights_of_rows(T* dw, const T* dz, ptrdiff_t ldz, const RecurrentInputs<T>& in) {
    using V = Vec<T>;
    const ptrdiff_t n = in.steps * in.batch, width = gates_of(in.cell) * in.units;
    parallel_chunks(width, 128, static_cast<double>((n + in.inputs) * width) / 4, [=](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t r = 0; r < in.inputs; ++r) std::fill(dw + r * width + begin, dw + r * width + end, T{0});
        for (ptrdiff_t i = 0; i < n; ++i) {
            const T row = in.rows[i];
            if (!(row >= 0 && row < static_cast<T>(in.inputs))) continue;
            T* sum = dw + static_cast<ptrdiff_t>(row) * width;
            for_each_vector<V>(begin, end, [&](ptrdiff_t j, auto count) {
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
    const ptrdiff_t n = in.steps * in.batch, width = gates_of(in.cell) * in.units, ld = saved_of(in.cell) * in.units;
    if (in.rows)
        inputs_from_rows(z, ld, in);
    else
        gemm<T>(z, ld, {in.x, in.inputs, 1}, {in.w, width, 1}, n, width, in.inputs, 1, 0, {in.bias});
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
    if (to.dx) gemm<T>(to.dx, in.inputs, dz, {in.w, 1, width}, n, in.inputs, width);

    // b = h_{t-1} u + recurrent_bias
    weights_of_states(to.du, z, h, in);
    if (!to.dbias && !to.drecurrent_bias) return;
    const Workspace<T> sums(ld);
    reduce_sum(sums.data(), z, 1, n, ld);
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

double recurrent_ns(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t inputs, ptrdiff_t units) {
    return static_cast<double>(steps) * gemm_cost_ns(batch, gates_of(cell) * units, inputs + units);
}

#define MMLCORE_INSTANTIATE(T)                                                                                      \
    template void recurrent_forward<T>(T*, T*, T*, const RecurrentInputs<T>&);                                      \
    template void recurrent_backward<T>(const RecurrentGradients<T>&, const RecurrentOutputsGradient<T>&, T*, const T*, \
                                        const T*, const RecurrentInputs<T>&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
