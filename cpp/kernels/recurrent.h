// Recurrent layers over whole sequences. Time comes first, so that what a step reads and writes is one block of memory:
//
//   x (steps × batch × inputs)   h, c (1 + steps × batch × units), of which block 0 is the state before the first step
//   w (inputs × gates·units)   u (units × gates·units)   bias, recurrent_bias (gates·units)   z (gate_panels())
//
// With a = x_t w + bias and b = h_{t-1} u + recurrent_bias, split into gates of `units` columns:
//
//   tanh, relu  h_t = f(a + b)                                                                        Notes (10.1)
//   lstm        i, f, o = σ(a + b), g = tanh(a + b), in the order i f g o;
//               c_t = f ⊙ c_{t-1} + i ⊙ g,  h_t = o ⊙ tanh(c_t)                                      Notes 10.5
//   gru         in the order z r n: z, r = σ(a + b), n = tanh(a + r ⊙ b), h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n
//               (the reset gate after the product: J. Chung et al. 2014 as cuDNN, PyTorch and Keras compute it)
//
// w and u are packed once. A step adds up x_t w and h_{t-1} u for a block of units of all gates and applies the gates
// while these sums are in the first-level cache, in the place in z where they become the gates. It holds them in panels
// of as many units as the register tile is wide (gemm_tile.h), one gate after another, each panel with all steps and
// rows: what a step writes of a panel is one stretch of memory. On the way back a sweep finds ∂L/∂a and ∂L/∂b of every
// step, in place of z, and dx; the gradients of the weights are one product each, whose right operand lies there
// packed. Rows of the batch are independent: threads share them out and run through time on their own; the bits do not
// depend on how many.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

using std::ptrdiff_t;

enum class Cell { lstm, gru, tanh, relu };
constexpr int kCells = 4;

// Columns of u per unit.
constexpr ptrdiff_t gates_of(Cell cell) {
    return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
}

// Parts of z, each of all units: the gates; for gru also b of the gate n.
constexpr ptrdiff_t saved_of(Cell cell) {
    return cell == Cell::gru ? 4 : gates_of(cell);
}

// The shape of z: panels × (steps · batch) × units of a panel. Those behind the last unit mean nothing.
struct GatePanels {
    ptrdiff_t panels, rows, width;
};
template <class T>
GatePanels gate_panels(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t units);

// What both directions read. Exactly one of x and rows is given.
template <class T>
struct RecurrentInputs {
    Cell cell;
    ptrdiff_t steps, batch, units, inputs;
    const T* x;
    const T* rows;  // (steps × batch) numbers of rows of w: x as one-hot vectors. No such row: NaN.
    const T *w, *u, *bias, *recurrent_bias;  // the biases may be null; recurrent_bias is gru's
    const std::uint8_t* mask;                // (steps × batch), 0: the state stays as it was; or null
    const T* keep;  // (batch × units), multiplies h_{t-1} on its way to u (recurrent dropout); or null
};

// h[0] and c[0] are given, the rest of h, c (null unless lstm) and z is written.
template <class T>
void recurrent_forward(T* h, T* c, T* z, const RecurrentInputs<T>& in);

// What arrives. dh_last and dc_last belong to the state after the last step, dh to every step. Each may be null.
template <class T>
struct RecurrentOutputsGradient {
    const T *dh, *dh_last, *dc_last;
};

// Where the gradients go; all but dw and du may be null.
template <class T>
struct RecurrentGradients {
    T *dx, *dw, *du, *dbias, *drecurrent_bias, *dh0, *dc0;
};

// h, c and z as recurrent_forward left them; z is overwritten.
template <class T>
void recurrent_backward(const RecurrentGradients<T>& to, const RecurrentOutputsGradient<T>& from, T* z, const T* h,
                        const T* c, const RecurrentInputs<T>& in);

// y(b × a × bytes) = x(a × b × bytes) with the first two axes exchanged; reverse: the steps, which are the axis a (or b
// with steps_last), from the last to the first.
void exchange_axes(char* y, const char* x, ptrdiff_t a, ptrdiff_t b, ptrdiff_t bytes, bool reverse, bool steps_last);

// y(n × wide)[:, column … column + narrow) = x(n × narrow), or with out the other way round.
template <class T>
void copy_columns(T* y, T* x, ptrdiff_t column, ptrdiff_t n, ptrdiff_t wide, ptrdiff_t narrow, bool out);

// Estimated time of the way forward on one thread.
double recurrent_ns(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t inputs, ptrdiff_t units);

}  // namespace mmlcore
