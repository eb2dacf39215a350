// Softmax with cross-entropy and its gradient over rows of c logits, beside plain loops. One thread.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/softmax.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
struct Problem {
    ptrdiff_t n, c;
    std::vector<T> logits, p, loss, g;
    std::vector<std::int64_t> labels;

    explicit Problem(const benchmark::State& state) : n(state.range(0)), c(state.range(1)) {
        const auto rows = static_cast<std::size_t>(n), size = static_cast<std::size_t>(n * c);
        for (std::size_t i = 0; i < size; ++i) logits.push_back(static_cast<T>((i * 37 % 101) * 0.1));
        for (std::size_t i = 0; i < rows; ++i) labels.push_back(static_cast<std::int64_t>(i) % c);
        p.resize(size);
        loss.resize(rows);
        g.assign(rows, T(1) / static_cast<T>(n));
        mmlcore::set_thread_count(1);
    }
    void report(benchmark::State& state) const {
        state.SetItemsProcessed(state.iterations() * n * c);
        state.SetBytesProcessed(state.iterations() * 2 * n * c * static_cast<int64_t>(sizeof(T)));
    }
};

template <class T>
void cross_entropy(benchmark::State& state) {
    Problem<T> problem(state);
    for (auto _ : state) {
        mmlcore::cross_entropy(problem.loss.data(), problem.p.data(), problem.logits.data(), problem.labels.data(),
                               problem.n, problem.c);
        benchmark::ClobberMemory();
    }
    problem.report(state);
}

template <class T>
void cross_entropy_backward(benchmark::State& state) {
    Problem<T> problem(state);
    for (auto _ : state) {
        mmlcore::cross_entropy_backward(problem.p.data(), problem.logits.data(), problem.labels.data(),
                                        problem.g.data(), problem.n, problem.c);
        benchmark::ClobberMemory();
    }
    problem.report(state);
}

template <class T>
void softmax_backward(benchmark::State& state) {
    Problem<T> problem(state);
    mmlcore::softmax(problem.p.data(), problem.logits.data(), problem.n, problem.c);
    std::vector<T> dx(problem.p.size());
    for (auto _ : state) {
        mmlcore::softmax_backward(dx.data(), problem.logits.data(), problem.p.data(), problem.n, problem.c);
        benchmark::ClobberMemory();
    }
    problem.report(state);
}

template <class T>
void cross_entropy_naive(benchmark::State& state) {
    Problem<T> problem(state);
    for (auto _ : state) {
        for (ptrdiff_t i = 0; i < problem.n; ++i) {
            const T* z = problem.logits.data() + i * problem.c;
            T* p = problem.p.data() + i * problem.c;
            const T largest = *std::max_element(z, z + problem.c);
            T sum = 0;
            for (ptrdiff_t j = 0; j < problem.c; ++j) sum += p[j] = std::exp(z[j] - largest);
            for (ptrdiff_t j = 0; j < problem.c; ++j) p[j] /= sum;
            problem.loss[static_cast<std::size_t>(i)] = std::log(sum) + largest - z[problem.labels[i]];
        }
        benchmark::ClobberMemory();
    }
    problem.report(state);
}

void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "c"})->Args({128, 10})->Args({128, 1000})->Args({64, 30000});
}

BENCHMARK_TEMPLATE(cross_entropy, float)->Apply(shapes);
BENCHMARK_TEMPLATE(cross_entropy, double)->Apply(shapes);
BENCHMARK_TEMPLATE(cross_entropy_naive, float)->Apply(shapes);
BENCHMARK_TEMPLATE(cross_entropy_backward, float)->Apply(shapes);
BENCHMARK_TEMPLATE(softmax_backward, float)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
