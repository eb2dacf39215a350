// One struct for each optimiser: how a vector of parameters moves, given its gradient.
//
// To add one: write a struct and put it in OptimizerRules. The parallel loop, the table and the Python binding come
// from the list.
//
//   V is Vec<float> or Vec<double>.  `slots` is the number of vectors of state, `constants` that of the rule's own
//   constants c (the learning rate and the weight decay are everybody's).
//   Rule(rate, c, clock) computes in double what is the same for the whole vector; clock[0] counts the steps, this one
//   included, and clock[1] is what the rule keeps between steps, 1 before the first.
//   rule(theta, slot, g) returns the new θ and updates slot[0 … slots-1].
//
// Constants and defaults are Keras's. PyTorch differs where it adds ε outside a root instead of inside, or the other
// way round.
#pragma once

#include <cmath>

#include "kernels/math.h"
#include "kernels/simd.h"

namespace mmlcore {

// a = β a + (1-β) x, a running mean; rest = 1-β.
template <class V>
void average(V& a, lane_t<V> rest, V x) {
    a += rest * (x - a);
}

// θ -= η g
template <class V>
struct Sgd {
    static constexpr const char* name = "sgd";
    static constexpr int slots = 0, constants = 0;
    lane_t<V> rate;

    Sgd(double lr, const double*, double*) : rate(static_cast<lane_t<V>>(lr)) {}
    V operator()(V theta, V*, V g) const { return theta - rate * g; }
};

// v = μ v - (1-τ) η g, θ += v;  constants μ, τ. With τ = 0 the form of DRP and, but for the sign of v, of CS582;
// with τ = μ that of the Notes (6.6).
template <class V>
struct Momentum {
    static constexpr const char* name = "momentum";
    static constexpr int slots = 1, constants = 2;
    lane_t<V> rate, keep;

    Momentum(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>((1 - c[1]) * lr)), keep(static_cast<lane_t<V>>(c[0])) {}
    V operator()(V theta, V* slot, V g) const {
        slot[0] = keep * slot[0] - rate * g;
        return theta + slot[0];
    }
};

// v = μ v - (1-τ) η g, θ += μ v - (1-τ) η g;  constants μ, τ. Nesterov's gradient at the point that the momentum leads
// to, in terms of that point (Sutskever, Martens, Dahl, Hinton 2013, section 2; Bengio et al. 2012).
template <class V>
struct Nesterov {
    static constexpr const char* name = "nesterov";
    static constexpr int slots = 1, constants = 2;
    lane_t<V> rate, keep;

    Nesterov(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>((1 - c[1]) * lr)), keep(static_cast<lane_t<V>>(c[0])) {}
    V operator()(V theta, V* slot, V g) const {
        const V step = rate * g;
        slot[0] = keep * slot[0] - step;
        return theta + (keep * slot[0] - step);
    }
};

// s += g², θ -= η g/√(s + ε);  constant ε. Notes (6.16); Duchi, Hazan, Singer (2011).
template <class V>
struct Adagrad {
    static constexpr const char* name = "adagrad";
    static constexpr int slots = 1, constants = 1;
    lane_t<V> rate, epsilon;

    Adagrad(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>(lr)), epsilon(static_cast<lane_t<V>>(c[0])) {}
    V operator()(V theta, V* slot, V g) const {
        slot[0] += g * g;
        return theta - rate * g / vsqrt(slot[0] + epsilon);
    }
};

// s = ρ s + (1-ρ) g², d = √(u + ε)/√(s + ε) g, u = ρ u + (1-ρ) d², θ -= η d;  constants ρ, ε. Zeiler (2012), alg. 1.
template <class V>
struct Adadelta {
    static constexpr const char* name = "adadelta";
    static constexpr int slots = 2, constants = 2;
    lane_t<V> rate, rest, epsilon;

    Adadelta(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>(lr)),
          rest(static_cast<lane_t<V>>(1 - c[0])),
          epsilon(static_cast<lane_t<V>>(c[1])) {}
    V operator()(V theta, V* slot, V g) const {
        average(slot[0], rest, g * g);
        const V delta = vsqrt((slot[1] + epsilon) / (slot[0] + epsilon)) * g;
        average(slot[1], rest, delta * delta);
        return theta - rate * delta;
    }
};

// s = ρ s + (1-ρ) g², v = μ v + η g/√(s + ε), θ -= v;  constants ρ, μ, ε. Tieleman, Hinton (2012), lecture 6e.
template <class V>
struct Rmsprop {
    static constexpr const char* name = "rmsprop";
    static constexpr int slots = 2, constants = 3;
    lane_t<V> rate, rest, keep, epsilon;

    Rmsprop(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>(lr)),
          rest(static_cast<lane_t<V>>(1 - c[0])),
          keep(static_cast<lane_t<V>>(c[1])),
          epsilon(static_cast<lane_t<V>>(c[2])) {}
    V operator()(V theta, V* slot, V g) const {
        average(slot[0], rest, g * g);
        slot[1] = keep * slot[1] + rate * g / vsqrt(slot[0] + epsilon);
        return theta - slot[1];
    }
};

// Rmsprop with the variance s - a², a = ρ a + (1-ρ) g, in place of s. Graves (2013), (38)–(45).
template <class V>
struct RmspropCentered {
    static constexpr const char* name = "rmsprop_centered";
    static constexpr int slots = 3, constants = 3;
    lane_t<V> rate, rest, keep, epsilon;

    RmspropCentered(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>(lr)),
          rest(static_cast<lane_t<V>>(1 - c[0])),
          keep(static_cast<lane_t<V>>(c[1])),
          epsilon(static_cast<lane_t<V>>(c[2])) {}
    V operator()(V theta, V* slot, V g) const {
        average(slot[0], rest, g * g);
        average(slot[2], rest, g);
        const V variance = vmax(slot[0] - slot[2] * slot[2], V{});  // rounding may take it below 0
        slot[1] = keep * slot[1] + rate * g / vsqrt(variance + epsilon);
        return theta - slot[1];
    }
};

// What the descendants of Adam share: m = β1 m + (1-β1) g, v = β2 v + (1-β2) g², and the bias corrections.
template <class V>
struct Moments {
    static constexpr int slots = 2, constants = 3;
    lane_t<V> rest1, rest2, epsilon;
    double bias1, bias2;  // 1 - β^t

    Moments(const double* c, const double* clock)
        : rest1(static_cast<lane_t<V>>(1 - c[0])),
          rest2(static_cast<lane_t<V>>(1 - c[1])),
          epsilon(static_cast<lane_t<V>>(c[2])),
          bias1(1 - std::pow(c[0], clock[0])),
          bias2(1 - std::pow(c[1], clock[0])) {}
    void update(V* slot, V g) const {
        average(slot[0], rest1, g);
        average(slot[1], rest2, g * g);
    }
};

// θ -= η √(1-β2^t)/(1-β1^t) · m/(√v + ε);  constants β1, β2, ε. Kingma, Ba (2015), the end of section 2.
template <class V>
struct Adam : Moments<V> {
    static constexpr const char* name = "adam";
    lane_t<V> rate;

    Adam(double lr, const double* c, double* clock)
        : Moments<V>(c, clock), rate(static_cast<lane_t<V>>(lr * std::sqrt(this->bias2) / this->bias1)) {}
    V move(V theta, V m, V v) const { return theta - rate * m / (vsqrt(v) + this->epsilon); }
    V operator()(V theta, V* slot, V g) const {
        this->update(slot, g);
        return move(theta, slot[0], slot[1]);
    }
};

// Adam with the largest v so far. Reddi, Kale, Kumar (2018), algorithm 2, with Adam's bias corrections.
template <class V>
struct Amsgrad : Adam<V> {
    static constexpr const char* name = "amsgrad";
    static constexpr int slots = 3;

    using Adam<V>::Adam;
    V operator()(V theta, V* slot, V g) const {
        this->update(slot, g);
        slot[2] = slot[2] > slot[1] ? slot[2] : slot[1];
        return this->move(theta, slot[0], slot[2]);
    }
};

// u = max(β2 u, |g|), θ -= η/(1-β1^t) · m/(u + ε);  constants β1, β2, ε. Kingma, Ba (2015), algorithm 2.
template <class V>
struct Adamax : Moments<V> {
    static constexpr const char* name = "adamax";
    lane_t<V> rate, keep;

    Adamax(double lr, const double* c, double* clock)
        : Moments<V>(c, clock), rate(static_cast<lane_t<V>>(lr / this->bias1)), keep(static_cast<lane_t<V>>(c[1])) {}
    V operator()(V theta, V* slot, V g) const {
        average(slot[0], this->rest1, g);
        const V faded = keep * slot[1], size = vabs(g);
        slot[1] = faded > size ? faded : size;
        return theta - rate * slot[0] / (slot[1] + this->epsilon);
    }
};

// With μ_t = β1 (1 - 0.96^t/2) and π_t = μ_1 … μ_t (kept in clock[1]):
//   θ -= η (μ_{t+1} m/(1-π_{t+1}) + (1-μ_t) g/(1-π_t)) / (√(v/(1-β2^t)) + ε);  constants β1, β2, ε.
// Dozat (2016), algorithm 2.
template <class V>
struct Nadam : Moments<V> {
    static constexpr const char* name = "nadam";
    lane_t<V> of_mean, of_gradient, root;

    Nadam(double lr, const double* c, double* clock) : Moments<V>(c, clock) {
        const double present = c[0] * (1 - 0.5 * std::pow(0.96, clock[0]));
        const double next = c[0] * (1 - 0.5 * std::pow(0.96, clock[0] + 1));
        clock[1] *= present;
        of_mean = static_cast<lane_t<V>>(lr * next / (1 - clock[1] * next));
        of_gradient = static_cast<lane_t<V>>(lr * (1 - present) / (1 - clock[1]));
        root = static_cast<lane_t<V>>(1 / std::sqrt(this->bias2));
    }
    V operator()(V theta, V* slot, V g) const {
        this->update(slot, g);
        return theta - (of_mean * slot[0] + of_gradient * g) / (root * vsqrt(slot[1]) + this->epsilon);
    }
};

// θ -= η sign(β1 m + (1-β1) g), m = β2 m + (1-β2) g;  constants β1, β2. Chen et al. (2023), algorithm 2.
template <class V>
struct Lion {
    static constexpr const char* name = "lion";
    static constexpr int slots = 1, constants = 2;
    lane_t<V> rate, keep1, rest1, rest2;

    Lion(double lr, const double* c, double*)
        : rate(static_cast<lane_t<V>>(lr)),
          keep1(static_cast<lane_t<V>>(c[0])),
          rest1(static_cast<lane_t<V>>(1 - c[0])),
          rest2(static_cast<lane_t<V>>(1 - c[1])) {}
    V operator()(V theta, V* slot, V g) const {
        const V direction = keep1 * slot[0] + rest1 * g;
        const V move = broadcast<V>(rate);
        average(slot[0], rest2, g);
        // NaN stays
        return theta - (direction > V{} ? move : (direction < V{} ? -move : direction));
    }
};

template <template <class> class... Rules>
struct RuleList {};

using OptimizerRules =
    RuleList<Sgd, Momentum, Nesterov, Adagrad, Adadelta, Rmsprop, RmspropCentered, Adam, Amsgrad, Adamax, Nadam, Lion>;

}  // namespace mmlcore
