// Sums and maxima of contiguous rows and of columns, beside plain loops. One thread.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "kernels/reduce.h"
#include "kernels/threads.h"

namespace {

using std::ptrdiff_t;

struct Shape {
    ptrdiff_t outer, middle, inner;
    explicit Shape(const benchmark::State& state)
        : outer(state.range(0)), middle(state.range(1)), inner(state.range(2)) {}
    std::size_t size() const { return static_cast<std::size_t>(outer * middle * inner); }
};

template <class T>
using Kernel = void (*)(T*, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t);

template <class T, Kernel<T> kernel>
void reduce(benchmark::State& state) {
    mmlcore::set_thread_count(1);
    const Shape shape(state);
    const std::vector<T> x(shape.size(), T(0.1));
    std::vector<T> out(static_cast<std::size_t>(shape.outer * shape.inner));
    for (auto _ : state) {
        kernel(out.data(), x.data(), shape.outer, shape.middle, shape.inner);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(x.size()));
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(x.size() * sizeof(T)));
}

template <class T>
void naive_sum(T* out, const T* x, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner) {
    std::fill_n(out, outer * inner, T(0));
    for (ptrdiff_t o = 0; o < outer; ++o)
        for (ptrdiff_t m = 0; m < middle; ++m)
            for (ptrdiff_t i = 0; i < inner; ++i) out[o * inner + i] += x[(o * middle + m) * inner + i];
}

void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"outer", "middle", "inner"});
    b->Args({1, 8192, 1})->Args({1, 1 << 22, 1})->Args({10000, 10, 1});   // contiguous rows
    b->Args({1, 64, 128})->Args({1, 4096, 1024})->Args({1, 1 << 20, 4});  // columns
}

BENCHMARK_TEMPLATE(reduce, float, mmlcore::reduce_sum<float>)->Apply(shapes);
BENCHMARK_TEMPLATE(reduce, double, mmlcore::reduce_sum<double>)->Apply(shapes);
BENCHMARK_TEMPLATE(reduce, float, mmlcore::reduce_max<float>)->Apply(shapes);
BENCHMARK_TEMPLATE(reduce, float, naive_sum<float>)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
