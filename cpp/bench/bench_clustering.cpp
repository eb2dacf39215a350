// Nearest centres and expectations of mixtures, beside plain loops. One thread.

#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/kmeans.h"
#include "kernels/mixture.h"
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

template <class T>
void centres(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1), k = state.range(2);
    const std::vector<T> x = normals<T>(n * d), c = normals<T>(k * d);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
    std::vector<double> sums(static_cast<std::size_t>(k * d)), counts(static_cast<std::size_t>(k));
    for (auto _ : state) {
        mmlcore::nearest_centres<T>(labels.data(), nullptr, sums.data(), counts.data(), x.data(), nullptr, c.data(), n,
                                    d, k);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}

template <class T>
void naive_centres(benchmark::State& state) {
    const ptrdiff_t n = state.range(0), d = state.range(1), k = state.range(2);
    const std::vector<T> x = normals<T>(n * d), c = normals<T>(k * d);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
    std::vector<double> sums(static_cast<std::size_t>(k * d));
    for (auto _ : state) {
        for (ptrdiff_t i = 0; i < n; ++i) {
            T nearest = INFINITY;
            for (ptrdiff_t j = 0; j < k; ++j) {
                T distance = 0;
                for (ptrdiff_t l = 0; l < d; ++l)
                    distance += (x[i * d + l] - c[j * d + l]) * (x[i * d + l] - c[j * d + l]);
                if (distance < nearest) nearest = distance, labels[i] = static_cast<std::int32_t>(j);
            }
            for (ptrdiff_t l = 0; l < d; ++l) sums[labels[i] * d + l] += x[i * d + l];
        }
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}

template <class T>
void candidates(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1), k = state.range(2);
    const std::vector<T> x = normals<T>(n * d), c = normals<T>(k * d), closest(static_cast<std::size_t>(n), T(d));
    std::vector<T> nearer(static_cast<std::size_t>(n * k));
    std::vector<double> potentials(static_cast<std::size_t>(k));
    for (auto _ : state) {
        mmlcore::distances_to_candidates<T>(nearer.data(), potentials.data(), x.data(), nullptr, c.data(),
                                            closest.data(), n, d, k);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}

// The diagonal of W is 1, below it 1/d.
template <class T>
std::vector<T> factors(ptrdiff_t K, ptrdiff_t d) {
    std::vector<T> W(static_cast<std::size_t>(K * d * d), T(0));
    for (ptrdiff_t k = 0; k < K; ++k)
        for (ptrdiff_t i = 0; i < d; ++i)
            for (ptrdiff_t j = 0; j <= i; ++j) W[(k * d + i) * d + j] = i == j ? T(1) : T(1) / static_cast<T>(d);
    return W;
}

template <class T, bool with_sums>
void expectation(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const ptrdiff_t n = state.range(0), d = state.range(1), K = state.range(2);
    const std::vector<T> x = normals<T>(n * d), means = normals<T>(K * d), W = factors<T>(K, d);
    const std::vector<T> scales(static_cast<std::size_t>(K), T(0));
    std::vector<double> counts(static_cast<std::size_t>(K)), first(static_cast<std::size_t>(K * d)),
        second(static_cast<std::size_t>(K * d * d));
    const mmlcore::MixtureSums sums{counts.data(), first.data(), second.data()};
    const mmlcore::Mixture<T> mixture{scales.data(), means.data(), W.data(), K, d, mmlcore::Whitening::full};
    double total = 0;
    for (auto _ : state) {
        mmlcore::mixture_expectation<T>(nullptr, nullptr, with_sums ? &sums : nullptr, &total, x.data(), nullptr, n,
                                        mixture);
        benchmark::DoNotOptimize(total);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}

void clusters(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d", "k"})->Args({1 << 14, 2, 8})->Args({200000, 16, 32})->Args({1 << 12, 784, 10});
}

void few(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d", "k"})->Args({200000, 16, 5});
}

void components(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d", "K"})->Args({1 << 14, 2, 4})->Args({160000, 16, 8})->Args({1 << 12, 64, 10});
}

BENCHMARK_TEMPLATE(centres, float)->Apply(clusters);
BENCHMARK_TEMPLATE(centres, double)->Apply(clusters);
BENCHMARK_TEMPLATE(naive_centres, double)->Apply(clusters);
BENCHMARK_TEMPLATE(candidates, double)->Apply(few);
BENCHMARK_TEMPLATE(expectation, float, true)->Apply(components);
BENCHMARK_TEMPLATE(expectation, double, true)->Apply(components);
BENCHMARK_TEMPLATE(expectation, double, false)->Apply(components);

}  // namespace

BENCHMARK_MAIN();
