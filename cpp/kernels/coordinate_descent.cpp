#include "kernels/coordinate_descent.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/sequence.h"
#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

// The minimiser of ½ a t² - b t + l1 |t|.
double shrunk(double a, double b, double l1, bool positive) {
    if (b > l1) return (b - l1) / a;
    return b < -l1 && !positive ? (b + l1) / a : 0;
}

// What a sweep did: the largest step and the largest coordinate.
struct Moves {
    double step = 0, size = 0;

    void note(double before, double after) {
        step = std::max(step, std::abs(after - before));
        size = std::max(size, std::abs(after));
    }
    bool small(double tol) const { return size == 0 || step <= tol * size; }
    bool none() const { return step <= 1e-15 * size; }
};

// The duality gap from ‖r‖², rᵀy and Xᵀr - l2 β. With l2 > 0 the problem is the lasso on X, y with √l2 times the
// identity and zeros below, whose residual has ‖r‖² + l2 ‖β‖².
double gap_of(double rr, double ry, const double* gradient, const double* beta, std::ptrdiff_t d,
              const ElasticNet& net) {
    double largest = 0, ones = 0, twos = 0;
    for (std::ptrdiff_t j = 0; j < d; ++j) {
        largest = std::max(largest, net.positive ? gradient[j] : std::abs(gradient[j]));
        ones += std::abs(beta[j]);
        twos += beta[j] * beta[j];
    }
    if (net.l1 == 0) {  // a smooth problem: strong convexity, or the gradient itself
        const double squares = dot(gradient, gradient, d);
        return net.l2 > 0 ? squares / (2 * net.l2) : squares;
    }
    const double shrink = largest > net.l1 ? net.l1 / largest : 1;
    const double squares = rr + net.l2 * twos;
    return 0.5 * squares * (1 + shrink * shrink) + net.l1 * ones - shrink * ry;
}

// The steps of a block of coordinates: their gradients follow at once, all others behind the block, some rows of G at a
// time. Row by row the gradient would be read and written again for each.
class StepsOfBlock {
  public:
    static constexpr std::ptrdiff_t kMost = 32;

    StepsOfBlock(double* g, const double* G, std::ptrdiff_t d, std::ptrdiff_t begin, std::ptrdiff_t end)
        : g_(g), G_(G), d_(d), begin_(begin), end_(end) {}

    void step(std::ptrdiff_t j, double by) {
        add_scaled(g_ + begin_, G_ + j * d_ + begin_, by, end_ - begin_);
        rows_[count_] = G_ + j * d_;
        factors_[count_++] = by;
    }
    void finish() const {
        constexpr int kTogether = 4;
        int c = 0;
        for (; c + kTogether <= count_; c += kTogether) add<kTogether>(c);
        for (; c < count_; ++c) add<1>(c);
    }

  private:
    template <int C>
    void add(int first) const {
        using V = Vec<double>;
        V factor[C];
        for (int c = 0; c < C; ++c) factor[c] = broadcast<V>(factors_[first + c]);
        auto some = [&](std::ptrdiff_t i, auto here) {
            V sum = load_lanes<V>(g_ + i, here);
#pragma GCC unroll 4
            for (int c = 0; c < C; ++c) sum += factor[c] * load_lanes<V>(rows_[first + c] + i, here);
            store_lanes(g_ + i, sum, here);
        };
        for_each_vector<V>(0, begin_, some);
        for_each_vector<V>(end_, d_, some);
    }

    double* g_;
    const double* G_;
    std::ptrdiff_t d_, begin_, end_;
    int count_ = 0;
    const double* rows_[kMost];
    double factors_[kMost];
};

}  // namespace

Descent elastic_net_of_products(double* beta, double* g, const double* G, double yy, const double* q, std::ptrdiff_t d,
                                const ElasticNet& net) {
    const Workspace<double> work(d), squares(d);
    for (std::ptrdiff_t j = 0; j < d; ++j) squares.data()[j] = G[j * d + j];
    Sequence order(net.seed);
    Descent done{0, 0, false};
    while (done.sweeps < net.max_iter && !done.converged) {
        ++done.sweeps;
        Moves moves;
        auto visit = [&](std::ptrdiff_t j, auto&& step) {
            const double a = squares.data()[j], before = beta[j];
            if (a + net.l2 <= 0) return;
            const double after = shrunk(a + net.l2, g[j] + a * before, net.l1, net.positive);
            if (after != before) step(before - after);
            beta[j] = after;
            moves.note(before, after);
        };
        for (std::ptrdiff_t begin = 0; begin < d; begin += StepsOfBlock::kMost) {
            const std::ptrdiff_t end = std::min(d, begin + StepsOfBlock::kMost);
            StepsOfBlock block(g, G, d, begin, end);
            for (std::ptrdiff_t i = begin; i < end; ++i) {
                if (!order.random()) {
                    visit(i, [&](double by) { block.step(i, by); });
                    continue;
                }
                const std::ptrdiff_t j = order.below(d);
                visit(j, [&](double by) { add_scaled(g, G + j * d, by, d); });
            }
            block.finish();
        }
        if (!moves.small(net.tol) && done.sweeps < net.max_iter) continue;
        // ‖r‖² = yy - 2 βᵀq + βᵀGβ and G β = q - g
        double bq = 0, bg = 0;
        for (std::ptrdiff_t j = 0; j < d; ++j) {
            bq += beta[j] * q[j];
            bg += beta[j] * g[j];
            work.data()[j] = g[j] - net.l2 * beta[j];
        }
        done.gap = gap_of(std::max(yy - bq - bg, 0.0), yy - bq, work.data(), beta, d, net);
        done.converged = done.gap <= net.tol * yy || moves.none();
    }
    return done;
}

namespace {

// One sweep over the listed coordinates.
template <class Pick>
Moves sweep_columns(double* beta, double* r, const double* Xt, const double* squares, std::ptrdiff_t n,
                    std::ptrdiff_t count, const ElasticNet& net, Pick pick) {
    Moves moves;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::ptrdiff_t j = pick(i);
        const double *x = Xt + j * n, a = squares[j], before = beta[j];
        if (a + net.l2 <= 0) continue;
        const double after = shrunk(a + net.l2, dot(x, r, n) + a * before, net.l1, net.positive);
        if (after != before) {
            add_scaled(r, x, before - after, n);
            beta[j] = after;
        }
        moves.note(before, after);
    }
    return moves;
}

double column_gap(double* gradient, const double* beta, const double* r, const double* Xt, double yy, std::ptrdiff_t n,
                  std::ptrdiff_t d, const ElasticNet& net) {
    double ry = 0;  // rᵀy = rᵀ(r + X β)
    const double rr = dot(r, r, n);
    for (std::ptrdiff_t j = 0; j < d; ++j) {
        const double product = dot(Xt + j * n, r, n);
        ry += product * beta[j];
        gradient[j] = product - net.l2 * beta[j];
    }
    return gap_of(rr, std::min(ry + rr, yy + rr), gradient, beta, d, net);
}

}  // namespace

Descent elastic_net_of_columns(double* beta, double* r, const double* Xt, double yy, std::ptrdiff_t n, std::ptrdiff_t d,
                               const ElasticNet& net) {
    const Workspace<double> squares(d), gradient(d);
    for (std::ptrdiff_t j = 0; j < d; ++j) squares.data()[j] = dot(Xt + j * n, Xt + j * n, n);
    Sequence order(net.seed);
    std::vector<std::ptrdiff_t> active;
    Descent done{0, 0, false};
    while (done.sweeps < net.max_iter && !done.converged) {
        ++done.sweeps;
        const Moves all = sweep_columns(beta, r, Xt, squares.data(), n, d, net,
                                        [&](std::ptrdiff_t i) { return order.random() ? order.below(d) : i; });
        if (all.small(net.tol) || done.sweeps == net.max_iter) {
            done.gap = column_gap(gradient.data(), beta, r, Xt, yy, n, d, net);
            done.converged = done.gap <= net.tol * yy || all.none();
            if (done.converged) break;
        }
        active.clear();
        for (std::ptrdiff_t j = 0; j < d; ++j)
            if (beta[j] != 0) active.push_back(j);
        const auto count = static_cast<std::ptrdiff_t>(active.size());
        while (done.sweeps < net.max_iter) {
            ++done.sweeps;
            const Moves some = sweep_columns(beta, r, Xt, squares.data(), n, count, net, [&](std::ptrdiff_t i) {
                return active[static_cast<std::size_t>(order.random() ? order.below(count) : i)];
            });
            if (some.small(net.tol * 0.1)) break;
        }
    }
    if (!done.converged) done.gap = column_gap(gradient.data(), beta, r, Xt, yy, n, d, net);
    return done;
}

}  // namespace mmlcore
