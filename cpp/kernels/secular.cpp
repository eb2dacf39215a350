#include "kernels/secular.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/lanes.h"

namespace mmlcore {
namespace {

constexpr int kMostSteps = 100;

template <class T>
struct Sums {
    T value, slope, magnitude;  // Σ z²/(δ - μ), its derivative, Σ |z²/(δ - μ)|
};

// The terms j in [begin, end); all of them have the same sign.
template <class T>
Sums<T> sum_terms(const T* delta, const T* squares, T mu, ptrdiff_t begin, ptrdiff_t end) {
    using V = Vec<T>;
    const V shift = broadcast<V>(mu);
    V value{}, slope{};
    for_each_vector<V>(begin, end, [&](ptrdiff_t j, auto count) {
        const V weight = load_lanes<V>(squares + j, count);
        const V inverse = T{1} / (load_lanes<V>(delta + j, count, shift + T{1}) - shift);
        const V term = weight * inverse;
        value += term;
        slope += term * inverse;
    });
    const T total = sum_lanes(value);
    return {total, sum_lanes(slope), std::abs(total)};
}

// f near one interval: the poles up to i pull from below, the others from above.
template <class T>
struct Evaluation {
    T value, slope_below, slope_above, bound;
};

template <class T>
Evaluation<T> evaluate(const T* delta, const T* squares, T inverse_rho, T mu, ptrdiff_t i, ptrdiff_t k) {
    const Sums<T> below = sum_terms(delta, squares, mu, 0, i + 1), above = sum_terms(delta, squares, mu, i + 1, k);
    const T slope = below.slope + above.slope;
    const T magnitude = inverse_rho + 8 * (below.magnitude + above.magnitude) + std::abs(mu) * slope;
    return {inverse_rho + below.value + above.value, below.slope, above.slope,
            std::numeric_limits<T>::epsilon() * magnitude};
}

// Where c + S / (Δ_i - η) + R / (Δ_{i+1} - η) = 0, which has f's value, and its slopes on either side, at η = 0.
template <class T>
T interior_step(const Evaluation<T>& f, T gap_below, T gap_above) {
    const T c = f.value - gap_below * f.slope_below - gap_above * f.slope_above;
    const T product = gap_below * gap_above;
    const T a = (gap_below + gap_above) * f.value - product * (f.slope_below + f.slope_above);
    const T b = product * f.value;
    const T root = std::sqrt(std::max(a * a - 4 * b * c, T{0}));
    return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
}

}  // namespace

template <class T>
Root<T> secular_root(T* gaps, const Poles<T>& poles, const T* squares, T rho, ptrdiff_t i, ptrdiff_t k) {
    const bool last = i == k - 1;
    const T inverse_rho = 1 / rho;
    ptrdiff_t origin = i;
    T low = 0, high = 0;
    auto measure_from = [&](ptrdiff_t pole) {
        origin = pole;
        for (ptrdiff_t j = 0; j < k; ++j) gaps[j] = poles.difference(j, pole);
    };
    measure_from(i);
    if (k == 1) {
        gaps[0] = -rho * squares[0];
        return {0, rho * squares[0]};
    }
    if (last) {
        T sum = 0;
        for (ptrdiff_t j = 0; j < k; ++j) sum += squares[j];
        high = rho * sum;
    } else {
        const T half = gaps[i + 1] / 2;
        if (evaluate(gaps, squares, inverse_rho, half, i, k).value >= 0) {
            high = half;
        } else {
            measure_from(i + 1);
            low = -half;
        }
    }

    // Every step keeps the root between low and high; where the rational model leads out of there, the middle does.
    T mu = (low + high) / 2;
    for (int step = 0; step < kMostSteps; ++step) {
        const Evaluation<T> f = evaluate(gaps, squares, inverse_rho, mu, i, k);
        if (!(std::abs(f.value) > f.bound)) break;
        (f.value < 0 ? low : high) = mu;
        const T gap_below = gaps[i] - mu;
        T next;
        if (last)
            next = mu + gap_below * f.value / (f.value - gap_below * f.slope_below);
        else
            next = mu + interior_step(f, gap_below, gaps[i + 1] - mu);
        if (!(next > low && next < high)) next = (low + high) / 2;
        if (next == mu || next == low || next == high) break;
        mu = next;
    }
    for (ptrdiff_t j = 0; j < k; ++j) gaps[j] -= mu;
    return {origin, mu};
}

template <class T>
void consistent_weights(T* z, const T* gaps, ptrdiff_t ld, const Poles<T>& poles, ptrdiff_t k, ptrdiff_t begin,
                        ptrdiff_t end) {
    // z_j² = Π_i (λ_i - p_j) / Π_{i≠j} (p_i - p_j), every factor beside the pole next to it so that none is large.
    for (ptrdiff_t j = begin; j < end; ++j) z[j] = std::abs(gaps[(k - 1) * ld + j]);
    for (ptrdiff_t i = 0; i < k - 1; ++i) {
        const T* row = gaps + i * ld;
        const ptrdiff_t split = std::clamp(i + 1, begin, end);
        for (ptrdiff_t j = begin; j < split; ++j) z[j] *= row[j] / poles.difference(j, i + 1);
        for (ptrdiff_t j = split; j < end; ++j) z[j] *= row[j] / poles.difference(j, i);
    }
    for (ptrdiff_t j = begin; j < end; ++j) z[j] = std::sqrt(std::abs(z[j]));
}

#define MMLCORE_INSTANTIATE(T)                                                                \
    template Root<T> secular_root<T>(T*, const Poles<T>&, const T*, T, ptrdiff_t, ptrdiff_t); \
    template void consistent_weights<T>(T*, const T*, ptrdiff_t, const Poles<T>&, ptrdiff_t, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
