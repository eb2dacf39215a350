// Recurrent sweeps, forward and backward, 50 steps × 50 rows, one-hot inputs of 65 classes, on one thread.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "kernels/recurrent.h"
#include "kernels/sampling.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace {

using mmlcore::Cell;
using std::ptrdiff_t;

constexpr ptrdiff_t kSteps = 50, kBatch = 50, kClasses = 65;

std::vector<float> values(ptrdiff_t n, float scale) {
    std::vector<float> v(static_cast<std::size_t>(n));
    std::uint32_t word = 1;
    for (float& x : v) x = scale * (static_cast<float>((word = word * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1);
    return v;
}

struct Sequence {
    Cell cell;
    ptrdiff_t units, width;
    mmlcore::GatePanels panels;
    mmlcore::Workspace<float> z;  // in whole lines, like the arrays that the layers give
    std::vector<float> h, c, rows, w, u, bias, dh, dw, du, dbias;
    mmlcore::RecurrentInputs<float> in{};

    explicit Sequence(const benchmark::State& state)
        : cell(static_cast<Cell>(state.range(0))),
          units(state.range(1)),
          width(gates_of(cell) * units),
          panels(mmlcore::gate_panels<float>(cell, kSteps, kBatch, units)),
          z(panels.panels * panels.rows * panels.width),
          h(values((kSteps + 1) * kBatch * units, 0)),
          c(h),
          rows(static_cast<std::size_t>(kSteps * kBatch)),
          w(values(kClasses * width, 0.1f)),
          u(values(units * width, 0.1f)),
          bias(values(width, 0.1f)),
          dh(values(kSteps * kBatch * units, 0.1f)),
          dw(w),
          du(u),
          dbias(bias) {
        mmlcore::set_thread_count(1);
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * 7919 % kClasses);
        in.cell = cell, in.steps = kSteps, in.batch = kBatch, in.units = units, in.inputs = kClasses;
        in.rows = rows.data(), in.w = w.data(), in.u = u.data(), in.bias = bias.data();
    }
    float* cells() { return cell == Cell::lstm ? c.data() : nullptr; }
    void forward() { mmlcore::recurrent_forward<float>(h.data(), cells(), z.data(), in); }
    void backward() {
        const mmlcore::RecurrentGradients<float> to{nullptr, dw.data(), du.data(), dbias.data(),
                                                    nullptr, nullptr,   nullptr};
        mmlcore::recurrent_backward<float>(to, {dh.data(), nullptr, nullptr}, z.data(), h.data(), cells(), in);
    }
    void report(benchmark::State& state, double products) const {
        const double flops = 2e-9 * products * static_cast<double>(kSteps * kBatch * units * width);
        state.counters["GFLOP"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
    }
};

void recurrent_forward(benchmark::State& state) {
    Sequence sequence(state);
    for (auto _ : state) {
        sequence.forward();
        benchmark::ClobberMemory();
    }
    sequence.report(state, 1);
}

// With the way forward, which the way back needs anew.
void recurrent_both(benchmark::State& state) {
    Sequence sequence(state);
    for (auto _ : state) {
        sequence.forward();
        sequence.backward();
        benchmark::ClobberMemory();
    }
    sequence.report(state, 3);
}

void sample_class(benchmark::State& state) {
    const auto logits = values(kClasses, 3.0f);
    std::int64_t out = 0, position = 0, draw = 0;
    float next = 0;
    for (auto _ : state) {
        position = 0;
        mmlcore::sample_class<float>(&out, &position, &next, logits.data(), kClasses, {1.0, state.range(0), 1.0}, 1,
                                     &draw);
        benchmark::DoNotOptimize(out);
    }
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"cell", "units"});
    for (const Cell cell : {Cell::lstm, Cell::gru, Cell::tanh})
        for (const ptrdiff_t units : {64, 128, 256, 512}) b->Args({static_cast<ptrdiff_t>(cell), units});
}

BENCHMARK(recurrent_forward)->Apply(sizes);
BENCHMARK(recurrent_both)->Apply(sizes);
BENCHMARK(sample_class)->ArgName("top_k")->Arg(0)->Arg(10);

}  // namespace

BENCHMARK_MAIN();
