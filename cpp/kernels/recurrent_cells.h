// The arithmetic of one step of a recurrent cell, for one vector of units of one row of the batch (recurrent.h).
//
//   activate<k>(s)    s: a + b of gate k; of gru's n gate a (2) and b (3) by themselves. What becomes of z's part k.
//   forward(at, n)    from what activate gave; writes c and h, and gru's n
//   backward(dh, …)   dh: all that arrives at h_t; writes ∂L/∂s in place of the gates and what goes straight to
//                     h_{t-1}, of which only gru has something, and c_{t-1}
// n: how many lanes exist (lanes.h).
#pragma once

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/recurrent.h"

namespace mmlcore {

// Where a vector of units lies.
template <class T>
struct Spot {
    T* z;  // of the first gate; the others follow `gate` apart
    ptrdiff_t gate;
    T *h_before, *c_before, *h, *c;
    T *direct, *dc;  // what goes to h_{t-1} past u; ∂L/∂c, of this step and then of the one before

    // As many rows on in arrays of `units`, and vectors of W units.
    Spot moved(ptrdiff_t row, ptrdiff_t v, ptrdiff_t units, ptrdiff_t NR, ptrdiff_t W) const {
        const ptrdiff_t state = row * units + v * W, strip = row * NR + v * W;
        auto on = [](T* p, ptrdiff_t by) { return p ? p + by : nullptr; };
        return {z + strip, gate,         h_before + state,  on(c_before, state),
                h + state, on(c, state), on(direct, strip), on(dc, strip)};
    }
};

// σ(x) = 1 / (1 + e^-x) with one scaling and no branch: 2.5 units in the last place where it is above the smallest
// normal number, and that number's size below; NaN stays.
template <class V>
inline V gate(V x) {
    using M = detail::MathsOf<V>;
    constexpr lane_t<V> steepest = sizeof(lane_t<V>) == 4 ? 87 : 708;
    const V clamped = vmax(broadcast<V>(-steepest), vmin(broadcast<V>(steepest), -x));
    const auto [n, r] = detail::reduce_exp(clamped);
    const V p = (r + r * r * M::exp_tail(r)) + 1;
    return 1 / (1 + p * detail::power_of_two(n + M::round_magic));
}

template <Cell>
struct CellOf;

template <>
struct CellOf<Cell::lstm> {
    static constexpr int gates = 4, saved = 4;
    static constexpr bool direct = false;

    template <int k, class V>
    static V activate(V s) {
        return k == 2 ? vtanh(s) : gate(s);
    }

    template <class V, class T, class Lanes>
    static void forward(const Spot<T>& at, Lanes n) {
        auto gate = [&](int k) { return load_lanes<V>(at.z + k * at.gate, n); };
        const V c = gate(1) * load_lanes<V>(at.c_before, n) + gate(0) * gate(2);
        store_lanes(at.c, c, n);
        store_lanes(at.h, gate(3) * vtanh(c), n);
    }

    template <class T, class V, class Lanes>
    static void backward(V dh, const Spot<T>& at, Lanes n) {
        T *zi = at.z, *zf = zi + at.gate, *zg = zf + at.gate, *zo = zg + at.gate;
        const V i = load_lanes<V>(zi, n), f = load_lanes<V>(zf, n), g = load_lanes<V>(zg, n), o = load_lanes<V>(zo, n);
        // h = o ⊙ tanh(c),  c = f ⊙ c_before + i ⊙ g
        const V s = load_lanes<V>(at.h, n) / o;  // tanh c; σ is never 0 (gate)
        const V dc = load_lanes<V>(at.dc, n) + dh * o * (1 - s * s);
        store_lanes(zi, dc * g * (i * (1 - i)), n);
        store_lanes(zf, dc * load_lanes<V>(at.c_before, n) * (f * (1 - f)), n);
        store_lanes(zg, dc * i * (1 - g * g), n);
        store_lanes(zo, dh * s * (o * (1 - o)), n);
        store_lanes(at.dc, dc * f, n);
    }
};

template <>
struct CellOf<Cell::gru> {
    static constexpr int gates = 3, saved = 4;
    static constexpr bool direct = true;

    template <int k, class V>
    static V activate(V s) {
        return k < 2 ? gate(s) : s;
    }

    template <class V, class T, class Lanes>
    static void forward(const Spot<T>& at, Lanes n) {
        T *zz = at.z, *zr = zz + at.gate, *zn = zr + at.gate, *zq = zn + at.gate;
        const V z = load_lanes<V>(zz, n);
        const V candidate = vtanh(load_lanes<V>(zn, n) + load_lanes<V>(zr, n) * load_lanes<V>(zq, n));
        store_lanes(zn, candidate, n);
        store_lanes(at.h, z * load_lanes<V>(at.h_before, n) + (1 - z) * candidate, n);
    }

    template <class T, class V, class Lanes>
    static void backward(V dh, const Spot<T>& at, Lanes n) {
        T *zz = at.z, *zr = zz + at.gate, *zn = zr + at.gate, *zq = zn + at.gate;
        const V z = load_lanes<V>(zz, n), r = load_lanes<V>(zr, n), candidate = load_lanes<V>(zn, n);
        // h = z ⊙ before + (1 - z) ⊙ candidate,  candidate = tanh(a + r ⊙ q)
        const V da = dh * (1 - z) * (1 - candidate * candidate);
        store_lanes(zz, dh * (load_lanes<V>(at.h_before, n) - candidate) * (z * (1 - z)), n);
        store_lanes(zr, da * load_lanes<V>(zq, n) * (r * (1 - r)), n);
        store_lanes(zn, da, n);
        store_lanes(zq, da * r, n);
        store_lanes(at.direct, dh * z, n);
    }
};

template <bool relu>
struct SimpleCell {
    static constexpr int gates = 1, saved = 1;
    static constexpr bool direct = false;

    template <int k, class V>
    static V activate(V s) {
        return relu ? vmax(V{}, s) : vtanh(s);
    }

    template <class V, class T, class Lanes>
    static void forward(const Spot<T>& at, Lanes n) {
        store_lanes(at.h, load_lanes<V>(at.z, n), n);
    }

    template <class T, class V, class Lanes>
    static void backward(V dh, const Spot<T>& at, Lanes n) {
        const V h = load_lanes<V>(at.h, n);
        // h = f(z): f' = 1 - h², or 1 where h > 0
        store_lanes(at.z, relu ? (h > 0 ? dh : (h == h ? V{} : h)) : dh * (1 - h * h), n);
    }
};

template <>
struct CellOf<Cell::tanh> : SimpleCell<false> {};
template <>
struct CellOf<Cell::relu> : SimpleCell<true> {};

}  // namespace mmlcore
