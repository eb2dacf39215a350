#include "kernels/optimizers.h"

#include <algorithm>
#include <cmath>

#include "kernels/lanes.h"
#include "kernels/optimizer_rules.h"
#include "kernels/simd.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kGrain = 1024;
constexpr ptrdiff_t kNormBlock = 4096;  // squares added one after the other; the blocks' sums are added in turn

// The loops are functions of their own: the serial and the parallel call run the same instructions, so that the number
// of threads does not change a bit.

template <template <class> class Rule, class T>
[[gnu::noinline]] void move_range(const Rule<Vec<T>>& rule, const OptimizerStep<T>& step, T keep, ptrdiff_t begin,
                                  ptrdiff_t end) {
    using V = Vec<T>;
    constexpr int slots = Rule<V>::slots;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        V slot[slots > 0 ? slots : 1];
        for (int k = 0; k < slots; ++k) slot[k] = load_lanes<V>(step.slots + k * step.n + i, count);
        const V theta =
            rule(keep * load_lanes<V>(step.theta + i, count), slot, load_lanes<V>(step.gradient + i, count));
        for (int k = 0; k < slots; ++k) store_lanes(step.slots + k * step.n + i, slot[k], count);
        store_lanes(step.theta + i, theta, count);
    });
}

template <template <class> class Rule, class T>
void move(const OptimizerStep<T>& step, const std::vector<Span>& spans) {
    const double rate = step.constants[0], decay = step.constants[1];
    step.clock[0] += 1;
    const Rule<Vec<T>> rule(rate, step.constants + 2, step.clock);
    const T keep = static_cast<T>(1 - rate * decay);
    for (const Span span : spans) {
        const ptrdiff_t n = span.end - span.begin;
        parallel_chunks(n, kGrain, optimizer_ns<T>(n, 3 + 2 * Rule<Vec<T>>::slots),
                        [&, first = span.begin](ptrdiff_t begin, ptrdiff_t end) {
                            move_range<Rule, T>(rule, step, keep, first + begin, first + end);
                        });
    }
}

template <class T, template <class> class... Rules>
std::vector<OptimizerKernel<T>> table(RuleList<Rules...>) {
    return {{Rules<Vec<T>>::name, Rules<Vec<T>>::slots, Rules<Vec<T>>::constants, &move<Rules, T>}...};
}

template <class T>
[[gnu::noinline]] void clip_range(T* g, T limit, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        const V x = load_lanes<V>(g + i, count);
        store_lanes(g + i, x > limit ? broadcast<V>(limit) : (x < -limit ? broadcast<V>(-limit) : x), count);
    });
}

template <class T>
[[gnu::noinline]] void scale_range(T* g, T factor, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(
        begin, end, [=](ptrdiff_t i, auto count) { store_lanes(g + i, factor * load_lanes<V>(g + i, count), count); });
}

// Σ g². Of squares of g/largest if those of g would overflow or vanish.
template <class T>
double sum_of_squares(const T* g, Span span, T scale) {
    using V = Vec<T>;
    double total = 0;
    for (ptrdiff_t begin = span.begin; begin < span.end; begin += kNormBlock) {
        V part{};
        for_each_vector<V>(begin, std::min(begin + kNormBlock, span.end), [&](ptrdiff_t i, auto count) {
            const V x = scale * load_lanes<V>(g + i, count);
            part += x * x;
        });
        total += static_cast<double>(sum_lanes(part));
    }
    return total;
}

template <class T>
double norm(const T* g, const std::vector<Span>& spans) {
    auto total = [&](T scale) {
        double squares = 0;
        for (const Span span : spans) squares += sum_of_squares(g, span, scale);
        return squares;
    };
    const double squares = total(T(1));
    constexpr double low = sizeof(T) == 4 ? 1e-20 : 1e-280;
    if (squares > low && std::isfinite(squares)) return std::sqrt(squares);

    T largest = 0;
    for (const Span span : spans)
        for (ptrdiff_t i = span.begin; i < span.end; ++i) largest = std::max(largest, std::abs(g[i]));
    if (largest == 0 || !std::isfinite(largest) || std::isnan(squares)) return std::sqrt(squares);
    // a power of two, which scales without rounding, within the range of T
    const int exponent = std::clamp(std::ilogb(largest), sizeof(T) == 4 ? -120 : -1000, sizeof(T) == 4 ? 120 : 1000);
    return std::ldexp(std::sqrt(total(std::ldexp(T(1), -exponent))), exponent);
}

template <class T>
void scale_spans(T* g, double factor, const std::vector<Span>& spans) {
    for (const Span span : spans) {
        const ptrdiff_t n = span.end - span.begin;
        parallel_chunks(n, kGrain, optimizer_ns<T>(n, 2), [=](ptrdiff_t begin, ptrdiff_t end) {
            scale_range(g, static_cast<T>(factor), span.begin + begin, span.begin + end);
        });
    }
}

template <class T>
[[gnu::noinline]] void average_range(T* average, const T* theta, T share, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    for_each_vector<V>(begin, end, [=](ptrdiff_t i, auto count) {
        const V old = load_lanes<V>(average + i, count), now = load_lanes<V>(theta + i, count);
        store_lanes(average + i, share == 1 ? now : old + share * (now - old), count);
    });
}

}  // namespace

template <class T>
const std::vector<OptimizerKernel<T>>& optimizer_kernels() {
    static const std::vector<OptimizerKernel<T>> kernels = table<T>(OptimizerRules{});
    return kernels;
}

template <class T>
void clip_by_value(T* g, const double* limit, ptrdiff_t n) {
    parallel_chunks(n, kGrain, optimizer_ns<T>(n, 2),
                    [=](ptrdiff_t begin, ptrdiff_t end) { clip_range(g, static_cast<T>(*limit), begin, end); });
}

template <class T>
void clip_by_global_norm(T* g, const double* limit, const std::vector<Span>& spans) {
    const double length = norm(g, spans);
    if (length > *limit) scale_spans(g, *limit / length, spans);
}

template <class T>
void clip_by_norm(T* g, const double* limit, const std::vector<Span>& spans) {
    for (const Span span : spans) clip_by_global_norm(g, limit, {span});
}

template <class T>
void average_parameters(T* average, const T* theta, const double* momentum, const double* clock, ptrdiff_t n) {
    const double share = *clock <= 1 ? 1 : *momentum < 0 ? 1 / *clock : 1 - *momentum;
    parallel_chunks(n, kGrain, optimizer_ns<T>(n, 3), [=](ptrdiff_t begin, ptrdiff_t end) {
        average_range(average, theta, static_cast<T>(share), begin, end);
    });
}

#define MMLCORE_INSTANTIATE(T)                                                         \
    template const std::vector<OptimizerKernel<T>>& optimizer_kernels<T>();            \
    template void clip_by_value<T>(T*, const double*, ptrdiff_t);                      \
    template void clip_by_norm<T>(T*, const double*, const std::vector<Span>&);        \
    template void clip_by_global_norm<T>(T*, const double*, const std::vector<Span>&); \
    template void average_parameters<T>(T*, const T*, const double*, const double*, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
