// One step of SGD with momentum and of Adam over n parameters, beside a plain loop. One thread.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/optimizers.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
struct Parameters {
    ptrdiff_t n;
    std::vector<T> theta, m, v, g;
    std::int64_t step = 0;
    double lr = 1e-3;

    explicit Parameters(const benchmark::State& state) : n(state.range(0)) {
        const auto size = static_cast<std::size_t>(n);
        theta.assign(size, T(1));
        m.assign(size, T(0));
        v.assign(size, T(0));
        g.assign(size, T(0.5));
        mmlcore::set_thread_count(1);
    }
    void report(benchmark::State& state, int vectors) const {
        state.SetItemsProcessed(state.iterations() * n);
        state.SetBytesProcessed(state.iterations() * n * vectors * static_cast<int64_t>(sizeof(T)));
    }
};

template <class T>
void sgd(benchmark::State& state) {
    Parameters<T> p(state);
    for (auto _ : state) {
        mmlcore::sgd(p.theta.data(), p.v.data(), p.g.data(), &p.lr, 0.9, true, p.n);
        benchmark::ClobberMemory();
    }
    p.report(state, 5);
}

template <class T>
void adam(benchmark::State& state) {
    Parameters<T> p(state);
    for (auto _ : state) {
        mmlcore::adam(p.theta.data(), p.m.data(), p.v.data(), &p.step, p.g.data(), &p.lr, 0.9, 0.999, 1e-7, p.n);
        benchmark::ClobberMemory();
    }
    p.report(state, 7);
}

template <class T>
void adam_naive(benchmark::State& state) {
    Parameters<T> p(state);
    T *theta = p.theta.data(), *m = p.m.data(), *v = p.v.data();
    const T* g = p.g.data();
    for (auto _ : state) {
        const double t = static_cast<double>(++p.step);
        const T rate = static_cast<T>(p.lr * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)));
        for (ptrdiff_t i = 0; i < p.n; ++i) {
            m[i] = T(0.9) * m[i] + T(0.1) * g[i];
            v[i] = T(0.999) * v[i] + T(0.001) * g[i] * g[i];
            theta[i] -= rate * m[i] / (std::sqrt(v[i]) + T(1e-7));
        }
        benchmark::ClobberMemory();
    }
    p.report(state, 7);
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgName("n")->Arg(1 << 12)->Arg(1 << 17)->Arg(1 << 22);
}

BENCHMARK_TEMPLATE(sgd, float)->Apply(sizes);
BENCHMARK_TEMPLATE(adam, float)->Apply(sizes);
BENCHMARK_TEMPLATE(adam, double)->Apply(sizes);
BENCHMARK_TEMPLATE(adam_naive, float)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
