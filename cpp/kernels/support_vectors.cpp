#include "kernels/support_vectors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/sequence.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The rows that are still visited: a row whose dual variable rests on a bound, and whose gradient points well beyond
// it, is left out until the others have converged.
class Visited {
  public:
    Visited(std::ptrdiff_t n, std::int64_t seed) : items_(n), n_(n), count_(n), sequence_(seed) {
        std::iota(items_.data(), items_.data() + n, std::ptrdiff_t{0});
    }
    void shuffle() { sequence_.shuffle(items_.data(), count_); }
    std::ptrdiff_t count() const { return count_; }
    std::ptrdiff_t operator[](std::ptrdiff_t position) const { return items_.data()[position]; }
    void leave_out(std::ptrdiff_t position) { std::swap(items_.data()[position], items_.data()[--count_]); }
    bool complete() const { return count_ == n_; }
    void restore() { count_ = n_; }

  private:
    Workspace<std::ptrdiff_t> items_;
    std::ptrdiff_t n_, count_;
    Sequence sequence_;
};

// Q_ii = ‖x_i‖² + what the squared loss adds.
void diagonal(double* q, const double* X, const double* c, bool squared, std::ptrdiff_t n, std::ptrdiff_t d) {
    for (std::ptrdiff_t i = 0; i < n; ++i) q[i] = dot(X + i * d, X + i * d, d) + (squared && c[i] > 0 ? 0.5 / c[i] : 0);
}

}  // namespace

DualResult support_vector_classifier(double* w, double* a, const double* X, const double* y, const double* c,
                                     bool squared, std::ptrdiff_t n, std::ptrdiff_t d, const DualDescent& how) {
    const Workspace<double> q(n);
    diagonal(q.data(), X, c, squared, n, d);
    Visited rows(n, how.seed);
    double above = kInfinity, below = -kInfinity;  // of the projected gradients of the sweep before
    DualResult done{0, false};
    while (done.sweeps < how.max_iter) {
        ++done.sweeps;
        const bool everything = rows.complete();
        rows.shuffle();
        double highest = -kInfinity, lowest = kInfinity;
        for (std::ptrdiff_t s = 0; s < rows.count();) {
            const std::ptrdiff_t i = rows[s];
            const double *x = X + i * d, bound = squared ? kInfinity : c[i];
            if (c[i] == 0 || q.data()[i] == 0) {  // a row of zeros: nothing holds a_i back, and w does not change
                if (c[i] > 0) a[i] = bound;
                rows.leave_out(s);
                continue;
            }
            const double gradient = y[i] * dot(x, w, d) - 1 + (squared ? a[i] * 0.5 / c[i] : 0);
            double projected = gradient;
            if (a[i] == 0) {
                if (gradient > above) {
                    rows.leave_out(s);
                    continue;
                }
                projected = std::min(gradient, 0.0);
            } else if (a[i] == bound) {
                if (gradient < below) {
                    rows.leave_out(s);
                    continue;
                }
                projected = std::max(gradient, 0.0);
            }
            highest = std::max(highest, projected);
            lowest = std::min(lowest, projected);
            if (std::abs(projected) > 1e-14 && q.data()[i] > 0) {
                const double before = a[i];
                a[i] = std::min(std::max(before - gradient / q.data()[i], 0.0), bound);
                add_scaled(w, x, (a[i] - before) * y[i], d);
            }
            ++s;
        }
        if (!(highest - lowest > how.tol)) {
            done.converged = everything;
            if (done.converged) break;
            rows.restore();
            above = kInfinity;
            below = -kInfinity;
            continue;
        }
        above = highest > 0 ? highest : kInfinity;
        below = lowest < 0 ? lowest : -kInfinity;
    }
    return done;
}

DualResult support_vector_regressor(double* w, double* a, const double* X, const double* y, const double* c,
                                    double epsilon, bool squared, std::ptrdiff_t n, std::ptrdiff_t d,
                                    const DualDescent& how) {
    const Workspace<double> q(n);
    diagonal(q.data(), X, c, squared, n, d);
    Visited rows(n, how.seed);
    double first = 0;
    DualResult done{0, false};
    while (done.sweeps < how.max_iter && !done.converged) {
        ++done.sweeps;
        rows.shuffle();
        double violation = 0;
        for (std::ptrdiff_t s = 0; s < rows.count(); ++s) {
            const std::ptrdiff_t i = rows[s];
            if (c[i] == 0 || q.data()[i] == 0) continue;
            const double *x = X + i * d, bound = squared ? kInfinity : c[i], before = a[i];
            const double gradient = dot(x, w, d) - y[i] + (squared ? before * 0.5 / c[i] : 0);
            const double up = gradient + epsilon, down = gradient - epsilon;  // slopes to the right and to the left
            double broken = 0;
            if (before < bound) broken = std::max(broken, -(before >= 0 ? up : down));
            if (before > -bound) broken = std::max(broken, before <= 0 ? down : up);
            violation += broken;
            // the minimiser of ½ q t² + gradient t + ε |before + t|
            double after = 0;
            if (up < q.data()[i] * before)
                after = before - up / q.data()[i];
            else if (down > q.data()[i] * before)
                after = before - down / q.data()[i];
            after = std::min(std::max(after, -bound), bound);
            if (after == before) continue;
            a[i] = after;
            add_scaled(w, x, after - before, d);
        }
        if (done.sweeps == 1) first = violation;
        done.converged = violation <= how.tol * first;
    }
    return done;
}

}  // namespace mmlcore
