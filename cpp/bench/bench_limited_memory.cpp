// A direction of L-BFGS from ten pairs beside the two loops written plainly, and the products of a pair. One thread.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <random>
#include <vector>

#include "kernels/limited_memory.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kPairs = 10;

template <class T>
struct Ring {
    ptrdiff_t n;
    std::vector<T> s, y, g, d;
    std::vector<double> curvature;

    explicit Ring(ptrdiff_t n) : n(n), g(static_cast<std::size_t>(n)), d(g), curvature(kPairs) {
        std::mt19937_64 engine(0);
        std::normal_distribution<T> normal;
        for (T& value : g) value = normal(engine);
        for (ptrdiff_t k = 0; k < kPairs; ++k) {
            double product = 0;
            for (ptrdiff_t i = 0; i < n; ++i) {
                s.push_back(normal(engine));
                y.push_back(s.back() * (T(1) + T(i % 7)));
                product += static_cast<double>(s.back() * y.back());
            }
            curvature[static_cast<std::size_t>(k)] = product;
        }
        mmlcore::set_thread_count(1);
    }
    mmlcore::PairRing<T> pairs() const { return {s.data(), y.data(), curvature.data(), kPairs, kPairs, kPairs - 1}; }
    void report(benchmark::State& state, ptrdiff_t vectors) const {
        state.SetBytesProcessed(state.iterations() * n * vectors * static_cast<ptrdiff_t>(sizeof(T)));
    }
};

template <class T>
void direction(benchmark::State& state) {
    Ring<T> ring(state.range(0));
    for (auto _ : state) {
        mmlcore::limited_memory_direction<T>(ring.d.data(), ring.g.data(), ring.pairs(), 0.5, ring.n);
        benchmark::ClobberMemory();
    }
    ring.report(state, 4 * kPairs);
}

template <class T>
void direction_naive(benchmark::State& state) {
    Ring<T> ring(state.range(0));
    T* q = ring.d.data();
    const auto add = [&](const T* a, T factor) {
        for (ptrdiff_t i = 0; i < ring.n; ++i) q[i] += factor * a[i];
    };
    const auto product = [&](const T* a) {
        T sum = 0;
        for (ptrdiff_t i = 0; i < ring.n; ++i) sum += a[i] * q[i];
        return sum;
    };
    for (auto _ : state) {
        T alphas[kPairs];
        for (ptrdiff_t i = 0; i < ring.n; ++i) q[i] = -ring.g[static_cast<std::size_t>(i)];
        for (ptrdiff_t k = kPairs - 1; k >= 0; --k) {
            alphas[k] =
                product(ring.s.data() + k * ring.n) / static_cast<T>(ring.curvature[static_cast<std::size_t>(k)]);
            add(ring.y.data() + k * ring.n, -alphas[k]);
        }
        for (ptrdiff_t i = 0; i < ring.n; ++i) q[i] *= T(0.5);
        for (ptrdiff_t k = 0; k < kPairs; ++k) {
            const T beta =
                product(ring.y.data() + k * ring.n) / static_cast<T>(ring.curvature[static_cast<std::size_t>(k)]);
            add(ring.s.data() + k * ring.n, alphas[k] - beta);
        }
        benchmark::ClobberMemory();
    }
    ring.report(state, 4 * kPairs);
}

template <class T>
void pair(benchmark::State& state) {
    Ring<T> ring(state.range(0));
    for (auto _ : state)
        benchmark::DoNotOptimize(mmlcore::limited_memory_pair<T>(ring.s.data(), ring.y.data(), ring.g.data(),
                                                                 ring.d.data(), ring.d.data(), ring.g.data(), ring.n));
    ring.report(state, 6);
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgName("n")->Arg(100)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
}

BENCHMARK_TEMPLATE(direction, float)->Apply(sizes);
BENCHMARK_TEMPLATE(direction, double)->Apply(sizes);
BENCHMARK_TEMPLATE(direction_naive, double)->Apply(sizes);
BENCHMARK_TEMPLATE(pair, double)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
