// What linear estimators do with their data: products of columns beside a plain loop, the logistic loss, coordinate
// descent in the primal and in the dual. One thread.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/coordinate_descent.h"
#include "kernels/cross_products.h"
#include "kernels/logistic.h"
#include "kernels/support_vectors.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
std::vector<T> normals(ptrdiff_t n, unsigned seed = 0) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<T> normal;
    std::vector<T> x(static_cast<std::size_t>(n));
    for (T& value : x) value = normal(engine);
    return x;
}

template <class T>
void naive_products(double* S, mmlcore::MatrixView<T> X, mmlcore::MatrixView<T>, const T*, const T* s, ptrdiff_t n,
                    ptrdiff_t d, ptrdiff_t) {
    std::fill(S, S + (d + 1) * (d + 1), 0.0);
    for (ptrdiff_t i = 0; i < n; ++i)
        for (ptrdiff_t j = 0; j < d; ++j)
            for (ptrdiff_t l = j; l < d; ++l) S[j * (d + 1) + l] += (*X.at(i, j) - s[j]) * (*X.at(i, l) - s[l]);
}

template <class T>
using Products = void (*)(double*, mmlcore::MatrixView<T>, mmlcore::MatrixView<T>, const T*, const T*, ptrdiff_t,
                          ptrdiff_t, ptrdiff_t);

template <class T, Products<T> products>
void cross(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<T> x = normals<T>(n * d), shift(static_cast<std::size_t>(d), T(0));
    std::vector<double> S(static_cast<std::size_t>((d + 1) * (d + 1)));
    for (auto _ : state) {
        products(S.data(), {x.data(), d, 1}, {x.data(), 0, 1}, nullptr, shift.data(), n, d, 0);
        benchmark::ClobberMemory();
    }
    state.counters["flops"] =
        benchmark::Counter(static_cast<double>(n) * static_cast<double>(d) * static_cast<double>(d + 1),
                           benchmark::Counter::kIsIterationInvariantRate);
}

template <class T>
void logistic(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<T> x = normals<T>(n * d), theta = normals<T>(d + 1, 1);
    std::vector<T> t(static_cast<std::size_t>(n), T(1));
    std::vector<double> gradient(static_cast<std::size_t>(d + 1));
    for (auto _ : state) {
        benchmark::DoNotOptimize(mmlcore::weighted_logistic_loss<T>(gradient.data(), nullptr, {x.data(), d, 1},
                                                                    t.data(), nullptr, theta.data(), n, d));
    }
    state.SetBytesProcessed(state.iterations() * n * d * static_cast<ptrdiff_t>(sizeof(T)));
}

void lasso(benchmark::State& state) {
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<double> Xt = normals<double>(n * d), y = normals<double>(n, 1);
    double yy = 0;
    for (const double value : y) yy += value * value;
    for (auto _ : state) {
        std::vector<double> beta(static_cast<std::size_t>(d), 0.0), r = y;
        benchmark::DoNotOptimize(mmlcore::elastic_net_of_columns(
            beta.data(), r.data(), Xt.data(), yy, n, d, {std::sqrt(static_cast<double>(n)), 0, 1e-6, 1000, false, -1}));
    }
}

void support_vectors(benchmark::State& state) {
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<double> X = normals<double>(n * d), noise = normals<double>(n, 1),
                              c(static_cast<std::size_t>(n), 0.1);
    std::vector<double> y(static_cast<std::size_t>(n));
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = X[i * d] + noise[i] > 0 ? 1 : -1;
    for (auto _ : state) {
        std::vector<double> w(static_cast<std::size_t>(d), 0.0), a(static_cast<std::size_t>(n), 0.0);
        benchmark::DoNotOptimize(mmlcore::support_vector_classifier(w.data(), a.data(), X.data(), y.data(), c.data(),
                                                                    false, n, d, {1e-3, 1000, 0}));
    }
}

void tall(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d"})->Args({10000, 10})->Args({10000, 100})->Args({5000, 500})->Unit(benchmark::kMicrosecond);
}

void small(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d"})->Args({200, 2000})->Args({1000, 100})->Unit(benchmark::kMicrosecond);
}

BENCHMARK_TEMPLATE(cross, float, mmlcore::cross_products<float>)->Apply(tall);
BENCHMARK_TEMPLATE(cross, double, mmlcore::cross_products<double>)->Apply(tall);
BENCHMARK_TEMPLATE(cross, double, naive_products<double>)->Apply(tall);
BENCHMARK_TEMPLATE(logistic, float)->Apply(tall);
BENCHMARK_TEMPLATE(logistic, double)->Apply(tall);
BENCHMARK(lasso)->Apply(small);
BENCHMARK(support_vectors)->Apply(small);

}  // namespace

BENCHMARK_MAIN();
