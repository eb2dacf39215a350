// Convolution forward and its two gradients, alone and with the pool behind it, and max pooling, float32, one thread:
// layers of the MNIST network and larger ones. Rates count the multiply-adds of the definition.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/pooled_convolution.h"
#include "kernels/pooling.h"
#include "kernels/threads.h"

namespace {

using namespace mmlcore;

std::vector<float> filled(ptrdiff_t size) {
    return std::vector<float>(static_cast<std::size_t>(size), 0.01f);
}

struct Layer {
    ConvShape s;
    std::vector<float> x, w, y, dx, dw;

    explicit Layer(const benchmark::State& state) {
        const ptrdiff_t extent = state.range(2), kernel = state.range(4), stride = state.range(5);
        const ptrdiff_t pad = stride == 1 ? kernel / 2 : 0, out = (extent + 2 * pad - kernel) / stride + 1;
        s = {state.range(0),      state.range(1), state.range(3),       1,
             {1, extent, extent}, {1, out, out},  {1, kernel, kernel},  {1, stride, stride},
             {1, 1, 1},           {0, pad, pad},  Layout::channels_last};
        x = dx = filled(s.n * volume(s.in) * s.channels);
        w = dw = filled(s.rows() * s.filters);
        y = filled(s.n * volume(s.out) * s.filters);
        set_thread_count(1);
    }
    void report(benchmark::State& state) const {
        const double products = static_cast<double>(s.n * volume(s.out) * s.filters) * static_cast<double>(s.rows());
        state.counters["GFLOP"] = benchmark::Counter(2e-9 * products, benchmark::Counter::kIsIterationInvariantRate);
    }
};

void conv_forward(benchmark::State& state) {
    Layer layer(state);
    for (auto _ : state) {
        mmlcore::conv_forward<float>(layer.y.data(), layer.x.data(), layer.w.data(), nullptr, Activation::relu,
                                     layer.s);
        benchmark::ClobberMemory();
    }
    layer.report(state);
}

void conv_input_gradient(benchmark::State& state) {
    Layer layer(state);
    for (auto _ : state) {
        mmlcore::conv_input_gradient<float>(layer.dx.data(), layer.y.data(), layer.w.data(), nullptr,
                                            Activation::linear, layer.s);
        benchmark::ClobberMemory();
    }
    layer.report(state);
}

void conv_filter_gradient(benchmark::State& state) {
    Layer layer(state);
    for (auto _ : state) {
        mmlcore::conv_filter_gradient<float>(layer.dw.data(), nullptr, layer.x.data(), layer.y.data(), nullptr,
                                             Activation::linear, layer.s);
        benchmark::ClobberMemory();
    }
    layer.report(state);
}

// The same with the rectifier and the largest of 2×2 windows in one pass: forward, or both gradients.
void pooled_conv(benchmark::State& state, bool back) {
    Layer layer(state);
    const ptrdiff_t windows = layer.s.n * (layer.s.out[1] / 2) * (layer.s.out[2] / 2) * layer.s.filters;
    std::vector<float> p = filled(windows);
    std::vector<std::uint8_t> numbers(p.size());
    for (auto _ : state) {
        if (back) {
            mmlcore::pooled_conv_input_gradient<float>(layer.dx.data(), p.data(), numbers.data(), layer.w.data(),
                                                       layer.s);
            mmlcore::pooled_conv_filter_gradient<float>(layer.dw.data(), nullptr, layer.x.data(), p.data(),
                                                        numbers.data(), layer.s);
        } else {
            mmlcore::pooled_conv_forward<float>(p.data(), numbers.data(), layer.x.data(), layer.w.data(), nullptr,
                                                layer.s);
        }
        benchmark::ClobberMemory();
    }
    layer.report(state);
}

// 2×2 windows of n images of that extent and so many channels, and the way back.
void max_pool(benchmark::State& state) {
    const ptrdiff_t n = state.range(0), channels = state.range(1), extent = state.range(2), out = extent / 2;
    const PoolShape s{n, channels, {1, extent, extent}, {1, out, out}, {1, 2, 2}, {1, 2, 2}, {}, Layout::channels_last};
    std::vector<float> x = filled(n * volume(s.in) * channels), y = filled(n * volume(s.out) * channels);
    std::vector<std::uint8_t> numbers(y.size());
    set_thread_count(1);
    for (auto _ : state) {
        mmlcore::max_pool<float, std::uint8_t>(y.data(), numbers.data(), x.data(), true, s);
        mmlcore::max_pool_gradient<float, std::uint8_t>(x.data(), y.data(), numbers.data(), s);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * 2 * static_cast<ptrdiff_t>(sizeof(float) * (x.size() + y.size())));
}

void network(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "channels", "extent", "filters", "kernel", "stride"});
    b->Args({128, 1, 28, 16, 3, 1})->Args({128, 16, 14, 32, 3, 1})->Args({128, 32, 7, 32, 3, 1});
}

void layers(benchmark::internal::Benchmark* b) {
    network(b);
    b->Args({8, 128, 28, 128, 3, 1})->Args({8, 64, 56, 64, 3, 1})->Args({1, 3, 227, 96, 11, 4});
    b->Args({8, 256, 14, 256, 1, 1});
}

BENCHMARK(conv_forward)->Apply(layers);
BENCHMARK(conv_input_gradient)->Apply(layers);
BENCHMARK(conv_filter_gradient)->Apply(layers);
BENCHMARK_CAPTURE(pooled_conv, forward, false)->Apply(network);
BENCHMARK_CAPTURE(pooled_conv, gradients, true)->Apply(network);
BENCHMARK(max_pool)->ArgNames({"n", "channels", "extent"})->Args({128, 16, 28})->Args({128, 32, 14});

}  // namespace

BENCHMARK_MAIN();
