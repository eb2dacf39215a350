// The code of a variational auto-encoder: draws, their gradient, and the divergence from the classes' centres. One
// thread.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "kernels/latent.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
struct Problem {
    ptrdiff_t n, d;
    std::vector<T> code, dcode, z, noise, centres, kl, value;
    std::vector<std::int64_t> labels;

    explicit Problem(const benchmark::State& state) : n(state.range(0)), d(state.range(1)), kl(1), value(1) {
        const auto size = static_cast<std::size_t>(n * d);
        for (std::size_t i = 0; i < 2 * size; ++i) code.push_back(static_cast<T>((i * 37 % 101) * 0.02 - 1));
        for (std::size_t i = 0; i < size; ++i) noise.push_back(static_cast<T>((i * 53 % 89) * 0.04 - 2));
        for (ptrdiff_t i = 0; i < n; ++i) labels.push_back(i % 11 - 1);
        dcode.resize(2 * size);
        z.resize(size);
        centres.resize(static_cast<std::size_t>(10 * d));
        mmlcore::set_thread_count(1);
    }
    void report(benchmark::State& state) const { state.SetItemsProcessed(state.iterations() * n * d); }
};

template <class T>
void sample_code(benchmark::State& state) {
    Problem<T> p(state);
    for (auto _ : state) {
        mmlcore::sample_code(p.z.data(), p.code.data(), p.noise.data(), p.n, p.d);
        benchmark::ClobberMemory();
    }
    p.report(state);
}

template <class T>
void sample_code_backward(benchmark::State& state) {
    Problem<T> p(state);
    for (auto _ : state) {
        mmlcore::sample_code_backward(p.dcode.data(), p.z.data(), p.code.data(), p.noise.data(), p.n, p.d);
        benchmark::ClobberMemory();
    }
    p.report(state);
}

template <class T>
void code_divergence(benchmark::State& state) {
    Problem<T> p(state);
    const double beta[2] = {1, 50};
    const mmlcore::CodeDivergence<T> divergence{p.code.data(), nullptr, p.labels.data(), p.centres.data(), beta, p.n,
                                                p.d,           10};
    for (auto _ : state) {
        divergence.run(p.kl.data(), p.value.data(), p.dcode.data());
        benchmark::ClobberMemory();
    }
    p.report(state);
}

void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "d"})->Args({128, 2})->Args({128, 64});
}

BENCHMARK_TEMPLATE(sample_code, float)->Apply(shapes);
BENCHMARK_TEMPLATE(sample_code_backward, float)->Apply(shapes);
BENCHMARK_TEMPLATE(code_divergence, float)->Apply(shapes);
BENCHMARK_TEMPLATE(code_divergence, double)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
