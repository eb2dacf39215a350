// One step of every optimiser over n parameters, and Adam as a plain loop. One thread.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/optimizers.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
struct Parameters {
    ptrdiff_t n;
    std::vector<T> theta, slots, g;
    std::vector<double> constants;
    double clock[2] = {0, 1};

    explicit Parameters(const benchmark::State& state) : n(state.range(0)) {
        const auto size = static_cast<std::size_t>(n);
        theta.assign(size, T(1));
        slots.assign(3 * size, T(0));
        g.assign(size, T(0.5));
        mmlcore::set_thread_count(1);
    }
    void report(benchmark::State& state, int vectors) const {
        state.SetItemsProcessed(state.iterations() * n);
        state.SetBytesProcessed(state.iterations() * n * vectors * static_cast<int64_t>(sizeof(T)));
    }
};

// Every rule of kernels/optimizer_rules.h, by its number; its own constants are 0.9.
template <class T>
void rule(benchmark::State& state) {
    Parameters<T> p(state);
    const auto& kernel = mmlcore::optimizer_kernels<T>()[static_cast<std::size_t>(state.range(1))];
    p.constants.assign(static_cast<std::size_t>(2 + kernel.constants), 0.9);
    p.constants[0] = p.constants[1] = 1e-3;
    const std::vector<mmlcore::Span> spans{{0, p.n}};
    for (auto _ : state) {
        kernel.run({p.theta.data(), p.slots.data(), p.n, p.g.data(), p.constants.data(), p.clock}, spans);
        benchmark::ClobberMemory();
    }
    state.SetLabel(kernel.name);
    p.report(state, 3 + 2 * kernel.slots);
}

template <class T>
void adam_naive(benchmark::State& state) {
    Parameters<T> p(state);
    T *theta = p.theta.data(), *m = p.slots.data(), *v = m + p.n;
    const T* g = p.g.data();
    for (auto _ : state) {
        const double t = p.clock[0] += 1;
        const T rate = static_cast<T>(1e-3 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)));
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

void rules(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "rule"});
    const auto count = static_cast<int64_t>(mmlcore::optimizer_kernels<float>().size());
    for (int64_t n : {1 << 12, 1 << 17, 1 << 22})
        for (int64_t i = 0; i < count; ++i) b->Args({n, i});
}

BENCHMARK_TEMPLATE(rule, float)->Apply(rules);
BENCHMARK_TEMPLATE(rule, double)->Apply(rules);
BENCHMARK_TEMPLATE(adam_naive, float)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
