// Random numbers, Mahalanobis distances and the logistic loss of a linear model, beside plain loops. One thread.
// The normal distribution function, its logarithm and its inverse are among the kernels of bench_elementwise.

#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/linear_loss.h"
#include "kernels/mahalanobis.h"
#include "kernels/random.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
std::vector<T> normals(ptrdiff_t n) {
    std::mt19937_64 engine(0);
    std::normal_distribution<T> normal;
    std::vector<T> x(static_cast<std::size_t>(n));
    for (T& value : x) value = normal(engine);
    return x;
}

// 1 on the diagonal, 1/d below it.
template <class T>
std::vector<T> factor(ptrdiff_t d) {
    std::vector<T> L(static_cast<std::size_t>(d * d), T(0));
    for (ptrdiff_t i = 0; i < d; ++i) {
        for (ptrdiff_t j = 0; j < i; ++j) L[i * d + j] = T(1) / static_cast<T>(d);
        L[i * d + i] = T(1);
    }
    return L;
}

template <class T>
using Draw = void (*)(T*, double, double, std::uint64_t, const std::int64_t*, ptrdiff_t);

template <class T, Draw<T> draw>
void random(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    std::vector<T> y(static_cast<std::size_t>(state.range(0)));
    std::int64_t number = 0;
    for (auto _ : state) {
        draw(y.data(), 0.0, 1.0, 1, &number, state.range(0));
        ++number;
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class T>
void standard_normal(T* y, double loc, double scale, std::uint64_t key, const std::int64_t*, ptrdiff_t n) {
    std::mt19937_64 engine(key);
    std::normal_distribution<T> normal(static_cast<T>(loc), static_cast<T>(scale));
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = normal(engine);
}

template <class T>
using Distance = void (*)(T*, const T*, const T*, const T*, ptrdiff_t, ptrdiff_t);

template <class T, Distance<T> distance>
void mahalanobis(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<T> x = normals<T>(n * d), mean(static_cast<std::size_t>(d), T(0.1)), L = factor<T>(d);
    std::vector<T> q(static_cast<std::size_t>(n));
    for (auto _ : state) {
        distance(q.data(), x.data(), mean.data(), L.data(), n, d);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}

// z = L⁻¹ (x - μ) by substitution, point by point.
template <class T>
void naive_mahalanobis(T* q, const T* x, const T* mu, const T* L, ptrdiff_t n, ptrdiff_t d) {
    std::vector<T> z(static_cast<std::size_t>(d));
    for (ptrdiff_t i = 0; i < n; ++i) {
        q[i] = 0;
        for (ptrdiff_t j = 0; j < d; ++j) {
            T sum = x[i * d + j] - mu[j];
            for (ptrdiff_t k = 0; k < j; ++k) sum -= L[j * d + k] * z[k];
            z[j] = sum / L[j * d + j];
            q[i] += z[j] * z[j];
        }
    }
}

template <class T>
using Loss = void (*)(T*, T*, const T*, const T*, const T*, ptrdiff_t, ptrdiff_t);

template <class T, Loss<T> loss>
void linear(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1);
    const std::vector<T> x = normals<T>(n * d), w(static_cast<std::size_t>(d), T(0.05));
    std::vector<T> y(static_cast<std::size_t>(n)), gradient(static_cast<std::size_t>(d));
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = x[i * d] > 0 ? T(1) : T(-1);
    T value = 0;
    for (auto _ : state) {
        loss(&value, gradient.data(), x.data(), y.data(), w.data(), n, d);
        benchmark::DoNotOptimize(value);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * n * d * static_cast<int64_t>(sizeof(T)));
}

template <class T>
void naive_logistic(T* loss, T* gradient, const T* x, const T* y, const T* w, ptrdiff_t n, ptrdiff_t d) {
    *loss = 0;
    for (ptrdiff_t j = 0; j < d; ++j) gradient[j] = 0;
    for (ptrdiff_t i = 0; i < n; ++i) {
        T margin = 0;
        for (ptrdiff_t j = 0; j < d; ++j) margin += x[i * d + j] * w[j];
        const T e = std::exp(-y[i] * margin);
        *loss += std::log1p(e) / static_cast<T>(n);
        const T share = -y[i] * e / (1 + e) / static_cast<T>(n);
        for (ptrdiff_t j = 0; j < d; ++j) gradient[j] += share * x[i * d + j];
    }
}

void lengths(benchmark::internal::Benchmark* b) {
    b->ArgName("n")->Arg(1 << 12)->Arg(1 << 22);
}

void points(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d"})->Args({1 << 12, 2})->Args({1 << 17, 16})->Args({1 << 12, 64});
}

void rows(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d"})->Args({256, 100})->Args({10000, 100})->Args({100000, 10});
}

BENCHMARK_TEMPLATE(random, float, mmlcore::random_normal<float>)->Apply(lengths);
BENCHMARK_TEMPLATE(random, double, mmlcore::random_normal<double>)->Apply(lengths);
BENCHMARK_TEMPLATE(random, double, standard_normal<double>)->Apply(lengths);
BENCHMARK_TEMPLATE(random, float, mmlcore::random_uniform<float>)->Apply(lengths);
BENCHMARK_TEMPLATE(random, double, mmlcore::random_uniform<double>)->Apply(lengths);
BENCHMARK_TEMPLATE(mahalanobis, float, mmlcore::squared_mahalanobis<float>)->Apply(points);
BENCHMARK_TEMPLATE(mahalanobis, double, mmlcore::squared_mahalanobis<double>)->Apply(points);
BENCHMARK_TEMPLATE(mahalanobis, double, naive_mahalanobis<double>)->Apply(points);
BENCHMARK_TEMPLATE(linear, float, mmlcore::logistic_loss<float>)->Apply(rows);
BENCHMARK_TEMPLATE(linear, double, mmlcore::logistic_loss<double>)->Apply(rows);
BENCHMARK_TEMPLATE(linear, double, naive_logistic<double>)->Apply(rows);

}  // namespace

BENCHMARK_MAIN();
