// One step of an optimizer over the whole parameter vector θ(n), in place, in one pass over memory; and what happens to
// a gradient before it and to θ after it. Learning rate, constants and counters are read from memory when the kernel
// runs, so that a recorded step sees their present values. Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mmlcore {

// A part [begin, end) of θ: what is trained (the rest is frozen), or one weight.
struct Span {
    std::ptrdiff_t begin, end;
};

template <class T>
struct OptimizerStep {
    T* theta;
    T* slots;  // (slots, n): the rule's vectors of state, one after the other
    std::ptrdiff_t n;
    const T* gradient;
    const double* constants;  // learning rate η, weight decay λ, the rule's own
    double* clock;            // (2): steps so far, and what the rule keeps; see optimizer_rules.h
};

// Counts the step, then on every span: θ ← (1 - η λ) θ (decoupled weight decay: Loshchilov, Hutter 2019), and the rule.
template <class T>
struct OptimizerKernel {
    const char* name;
    int slots, constants;  // of the rule alone
    void (*run)(const OptimizerStep<T>& step, const std::vector<Span>& spans);
};

// One entry for each of OptimizerRules, in that order.
template <class T>
const std::vector<OptimizerKernel<T>>& optimizer_kernels();

// g = min(max(g, -limit), limit); NaN stays.
template <class T>
void clip_by_value(T* g, const double* limit, std::ptrdiff_t n);

// Every span of g whose Euclidean norm is above limit is scaled to that norm.
template <class T>
void clip_by_norm(T* g, const double* limit, const std::vector<Span>& spans);

// All spans together are scaled to the norm `limit` if theirs is above it.
template <class T>
void clip_by_global_norm(T* g, const double* limit, const std::vector<Span>& spans);

// Polyak averaging: average += (1 - momentum)(θ - average), or, where momentum is negative, the mean of all θ since the
// first step: average += (θ - average)/t. Where t = clock[0] is 1 the average becomes θ.
template <class T>
void average_parameters(T* average, const T* theta, const double* momentum, const double* clock, std::ptrdiff_t n);

// Estimated time of a step on one thread that reads and writes so many vectors of n: 100 GB/s from the caches of one
// core, 20 from memory. What fits into them is better left there than spread over two cores.
template <class T>
constexpr double optimizer_ns(std::ptrdiff_t n, int vectors) {
    const double bytes = static_cast<double>(n) * vectors * sizeof(T);
    return bytes / (bytes < 4e6 ? 100 : 20);
}

}  // namespace mmlcore
