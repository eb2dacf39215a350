// Where the arrays of a recurrent layer (recurrent.h) keep what a step reads and writes, for the sweeps through time.
#pragma once

#include <algorithm>
#include <type_traits>

#include "kernels/lanes.h"
#include "kernels/recurrent_cells.h"
#include "kernels/recurrent_step.h"
#include "kernels/threads.h"

namespace mmlcore {

// One thread's rows [first, first + rows) of the batch.
template <class T>
struct Rows {
    ptrdiff_t first, rows;
};

// Step t, row of the batch, unit.
template <class T>
struct SequenceLayout {
    static constexpr ptrdiff_t NR = Tile<T>::NR;
    T *h, *c, *z;
    ptrdiff_t steps, batch, units;

    SequenceLayout(T* h_, T* c_, T* z_, const RecurrentInputs<T>& in)
        : h(h_), c(c_), z(z_), steps(in.steps), batch(in.batch), units(in.units) {}

    // From a panel of z to the next, and from a gate's first to the next gate's.
    ptrdiff_t panel() const { return steps * batch * NR; }
    ptrdiff_t gate() const { return blocks_of(units, NR) * panel(); }

    T* gates(ptrdiff_t k, ptrdiff_t t, ptrdiff_t row, ptrdiff_t j) const {
        return z + k * gate() + j / NR * panel() + (t * batch + row) * NR;
    }
    Strips<const T> strips(ptrdiff_t k, ptrdiff_t t, ptrdiff_t row) const { return {gates(k, t, row, 0), panel()}; }

    Spot<T> at(ptrdiff_t t, ptrdiff_t row, ptrdiff_t j) const {
        const ptrdiff_t before = (t * batch + row) * units + j, now = before + batch * units;
        return {gates(0, t, row, j),   gate(),  h + before, c ? c + before : nullptr, h + now,
                c ? c + now : nullptr, nullptr, nullptr};
    }
};

// body(row, v, lanes) for every vector v of the units [j, j + NR) of every row.
template <class T, class Body>
void each_vector(ptrdiff_t rows, ptrdiff_t j, ptrdiff_t units, Body&& body) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    const ptrdiff_t width = std::min<ptrdiff_t>(Tile<T>::NR, units - j);
    for (ptrdiff_t row = 0; row < rows; ++row)
        for_each_vector<Vec<T>>(0, width, [&](ptrdiff_t i, auto n) { body(row, i / W, n); });
}

// Asks for one row's line of h, c or c before the step (0, 1, 2), of the units [j, j + NR). Where it begins within a
// line the last unit's is asked for: the first came with the block before.
template <class T>
inline void fetch_state(const SequenceLayout<T>& all, ptrdiff_t which, ptrdiff_t t, ptrdiff_t row, ptrdiff_t j) {
    const ptrdiff_t last = std::min(j + Tile<T>::NR, all.units) - 1;
    const ptrdiff_t before = (t * all.batch + row) * all.units + last, now = before + all.batch * all.units;
    if (which == 0)
        __builtin_prefetch(all.h + now, 1, 3);
    else if (which == 1 && all.c)
        __builtin_prefetch(all.c + now, 1, 3);
    else if (all.c)
        __builtin_prefetch(all.c + before, 0, 3);
}

// The number of the row of w that stands for the one-hot vector of a row of the batch; -1: there is none.
template <class T>
ptrdiff_t number_of(const RecurrentInputs<T>& in, ptrdiff_t step, ptrdiff_t row) {
    const T number = in.rows[step * in.batch + row];
    return number >= 0 && number < static_cast<T>(in.inputs) ? static_cast<ptrdiff_t>(number) : -1;
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

}  // namespace mmlcore
