// Every element-wise kernel, forward and backward, beside a loop over the standard library's function.
//
//   bench_elementwise_native --benchmark_filter='(exp|tanh)/float32'
//
// One thread; n = 4096 stays in the first-level cache, n = 4194304 streams from memory.

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/pairwise.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

template <class T>
std::vector<T> grid(ptrdiff_t n) {
    std::vector<T> x(static_cast<std::size_t>(n));
    for (ptrdiff_t i = 0; i < n; ++i)
        x[i] = static_cast<T>(0.1 + 3.0 * static_cast<double>(i) / static_cast<double>(n));
    return x;
}

template <class T>
void count_traffic(benchmark::State& state, int vectors) {
    const int64_t elements = state.iterations() * state.range(0);
    state.SetItemsProcessed(elements);
    state.SetBytesProcessed(elements * vectors * static_cast<int64_t>(sizeof(T)));
}

template <class T>
void forward(benchmark::State& state, const mmlcore::UnaryKernel<T>& kernel) {
    const std::vector<T> x = grid<T>(state.range(0));
    std::vector<T> y(x.size());
    for (auto _ : state) {
        kernel.forward(y.data(), x.data(), state.range(0));
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 2);
}

template <class T>
void backward(benchmark::State& state, const mmlcore::UnaryKernel<T>& kernel) {
    const std::vector<T> x = grid<T>(state.range(0)), dy = grid<T>(state.range(0));
    std::vector<T> y(x.size()), dx(x.size());
    kernel.forward(y.data(), x.data(), state.range(0));
    for (auto _ : state) {
        kernel.backward(dx.data(), dy.data(), x.data(), y.data(), state.range(0));
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 4);
}

// Both gradients of a function of two arrays.
template <class T>
void pair_backward(benchmark::State& state, const mmlcore::PairKernel<T>& kernel) {
    const ptrdiff_t n = state.range(0);
    const std::vector<T> x = grid<T>(n), y(x.rbegin(), x.rend());
    std::vector<T> dx(x.size()), dy(x.size());
    auto all = [](const std::vector<T>& v) { return mmlcore::Stepped<T>{v.data(), 1}; };
    for (auto _ : state) {
        kernel.backward(dx.data(), dy.data(), all(x), all(x), all(y), all(x), n);
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 6);
}

template <class T>
void softplus_and_slope(benchmark::State& state) {
    const std::vector<T> x = grid<T>(state.range(0));
    std::vector<T> y(x.size()), slope(x.size());
    for (auto _ : state) {
        mmlcore::softplus_and_slope(y.data(), slope.data(), x.data(), state.range(0));
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 3);
}

template <class T>
void log_add_exp(benchmark::State& state) {
    const std::vector<T> x = grid<T>(state.range(0)), y(x.rbegin(), x.rend());
    std::vector<T> z(x.size());
    for (auto _ : state) {
        mmlcore::logaddexp<T>(z.data(), {x.data(), 1}, {y.data(), 1}, state.range(0));
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 3);
}

template <class T>
void standard(benchmark::State& state, T (*f)(T)) {
    const std::vector<T> x = grid<T>(state.range(0));
    std::vector<T> y(x.size());
    for (auto _ : state) {
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = f(x[i]);
        benchmark::ClobberMemory();
    }
    count_traffic<T>(state, 2);
}

template <class T>
struct Standard {
    const char* name;
    T (*f)(T);
};

template <class T>
const Standard<T> kStandard[] = {
    {"exp", [](T x) { return std::exp(x); }},
    {"log", [](T x) { return std::log(x); }},
    {"sin", [](T x) { return std::sin(x); }},
    {"tanh", [](T x) { return std::tanh(x); }},
    {"sigmoid", [](T x) { return 1 / (1 + std::exp(-x)); }},
};

template <class T>
void add(const std::string& dtype) {
    auto sized = [](benchmark::internal::Benchmark* b) { b->ArgName("n")->Arg(1 << 12)->Arg(1 << 22); };
    for (const auto& kernel : mmlcore::unary_kernels<T>()) {
        const std::string label = kernel.name + ("/" + dtype);
        sized(benchmark::RegisterBenchmark(label.c_str(), forward<T>, kernel));
        sized(benchmark::RegisterBenchmark((kernel.name + ("_grad/" + dtype)).c_str(), backward<T>, kernel));
    }
    for (const auto& kernel : mmlcore::pair_kernels<T>())
        sized(benchmark::RegisterBenchmark((kernel.name + ("_grad/" + dtype)).c_str(), pair_backward<T>, kernel));
    sized(benchmark::RegisterBenchmark(("softplus_and_slope/" + dtype).c_str(), softplus_and_slope<T>));
    sized(benchmark::RegisterBenchmark(("logaddexp/" + dtype).c_str(), log_add_exp<T>));
    for (const auto& scalar : kStandard<T>)
        sized(benchmark::RegisterBenchmark((scalar.name + ("_std/" + dtype)).c_str(), standard<T>, scalar.f));
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    mmlcore::set_thread_count(1);
    add<float>("float32");
    add<double>("float64");
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
