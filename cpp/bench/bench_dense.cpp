// A dense layer forward and backward, and the gathering of a mini-batch, float32, one thread.
// Shapes: (batch, inputs, units) of the networks in the documents.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "kernels/dense.h"
#include "kernels/gather.h"
#include "kernels/threads.h"

namespace {

using mmlcore::Activation;
using std::ptrdiff_t;

struct Layer {
    ptrdiff_t n, in, out;
    std::vector<float> x, w, b, y, dy, dx, dw, db;

    explicit Layer(const benchmark::State& state) : n(state.range(0)), in(state.range(1)), out(state.range(2)) {
        auto filled = [](ptrdiff_t size) { return std::vector<float>(static_cast<std::size_t>(size), 0.01f); };
        x = dx = filled(n * in);
        w = dw = filled(in * out);
        b = db = filled(out);
        y = dy = filled(n * out);
        mmlcore::set_thread_count(1);
    }
    void forward() {
        mmlcore::dense_forward<float>(y.data(), nullptr, {x.data(), in, 1}, {w.data(), out, 1}, b.data(),
                                      Activation::sigmoid, n, in, out);
    }
    void backward() {
        mmlcore::dense_backward<float>(dx.data(), dw.data(), db.data(), dy.data(), {x.data(), in, 1},
                                       {w.data(), out, 1}, y.data(), Activation::sigmoid, n, in, out);
    }
    void report(benchmark::State& state, double products) const {
        const double flops = 2e-9 * products * static_cast<double>(n * in * out);
        state.counters["GFLOP"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
    }
};

void dense_forward(benchmark::State& state) {
    Layer layer(state);
    for (auto _ : state) {
        layer.forward();
        benchmark::ClobberMemory();
    }
    layer.report(state, 1);
}

void dense_backward(benchmark::State& state) {
    Layer layer(state);
    layer.forward();
    for (auto _ : state) {
        layer.backward();
        benchmark::ClobberMemory();
    }
    layer.report(state, 2);
}

// rows rows of `width` floats, from all over a table of 60 000.
void gather_rows(benchmark::State& state) {
    const ptrdiff_t rows = state.range(0), width = state.range(1), all = 60000;
    std::vector<float> table(static_cast<std::size_t>(all * width), 1.0f), out(static_cast<std::size_t>(rows * width));
    std::vector<std::int64_t> index(static_cast<std::size_t>(rows));
    for (ptrdiff_t i = 0; i < rows; ++i) index[static_cast<std::size_t>(i)] = i * 7919 % all;
    const ptrdiff_t bytes = width * static_cast<ptrdiff_t>(sizeof(float));
    mmlcore::set_thread_count(1);
    for (auto _ : state) {
        mmlcore::gather_rows(reinterpret_cast<char*>(out.data()), reinterpret_cast<const char*>(table.data()), bytes,
                             all, index.data(), rows, bytes);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * rows * bytes);
}

void layers(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "in", "out"})->Args({200, 1, 32})->Args({200, 32, 64})->Args({200, 64, 1})->Args({128, 784, 128});
}

BENCHMARK(dense_forward)->Apply(layers);
BENCHMARK(dense_backward)->Apply(layers);
BENCHMARK(gather_rows)->ArgNames({"rows", "width"})->Args({128, 784})->Args({200, 1})->Args({32, 64});

}  // namespace

BENCHMARK_MAIN();
