// Products beside the square ones of bench_gemm: layers' shapes with either operand transposed, weights packed once,
// epilogues, rank-k updates, triangles, and matrix-vector products beside the bandwidth of reading their matrix.
//
//   bench_products_native --benchmark_filter='layer|gemv'

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "bench/fma_peak.h"
#include "bench/read_bandwidth.h"
#include "kernels/gemm.h"
#include "kernels/gemv.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"

namespace {

using namespace mmlcore;
using benchmark::Counter;

template <class T>
std::vector<T> filled(ptrdiff_t size) {
    std::vector<T> x(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(0.1) + T(i % 17) / T(100);
    return x;
}

template <class T>
void report(benchmark::State& state, double multiply_adds) {
    static const double peak = bench::fma_peak<T>();
    state.counters["GFLOP"] = Counter(2e-9 * multiply_adds, Counter::kIsIterationInvariantRate);
    state.counters["of_peak"] = Counter(2e-9 * multiply_adds / peak, Counter::kIsIterationInvariantRate);
}

enum class Form { NN, TN, NT, packed, biased, gelu };

// A layer's product on one thread.
template <class T>
void layer(benchmark::State& state, ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, Form form) {
    const auto a = filled<T>(m * k), b = filled<T>(k * n), bias = filled<T>(n);
    auto c = filled<T>(m * n);
    const MatrixView<T> A = form == Form::TN ? MatrixView<T>{a.data(), 1, m} : MatrixView<T>{a.data(), k, 1};
    const MatrixView<T> B = form == Form::NT ? MatrixView<T>{b.data(), 1, k} : MatrixView<T>{b.data(), n, 1};
    const PackedMatrix<T> packed(B, Side::right, n, k);
    const Operand<T> right = form == Form::packed ? Operand<T>(packed) : Operand<T>(B);
    Epilogue<T> epilogue;
    if (form == Form::biased || form == Form::gelu) epilogue.bias = bias.data();
    if (form == Form::gelu) epilogue.activation = Activation::gelu;
    set_thread_count(1);
    for (auto _ : state) {
        gemm<T>(c.data(), n, A, right, m, n, k, 1, 0, epilogue);
        benchmark::ClobberMemory();
    }
    report<T>(state, double(m) * double(n) * double(k));
}

template <class T>
void rank_k_update(benchmark::State& state, ptrdiff_t n, ptrdiff_t k) {
    const auto a = filled<T>(n * k);
    auto c = filled<T>(n * n);
    set_thread_count(1);
    for (auto _ : state) {
        syrk<T>(c.data(), n, {a.data(), k, 1}, Triangle::upper, n, k);
        benchmark::ClobberMemory();
    }
    report<T>(state, double(n) * double(n + 1) / 2 * double(k));
}

template <class T>
void triangle(benchmark::State& state, ptrdiff_t n, ptrdiff_t m, bool solve) {
    auto a = filled<T>(n * n), x = filled<T>(n * m);
    for (ptrdiff_t i = 0; i < n * n; ++i) a[std::size_t(i)] /= T(n);
    for (ptrdiff_t i = 0; i < n; ++i) a[std::size_t(i * n + i)] = 1;
    set_thread_count(1);
    for (auto _ : state) {
        if (solve)
            solve_triangular<T>(x.data(), m, {a.data(), n, 1}, Triangle::lower, true, n, m);
        else
            triangular_product<T>(x.data(), m, {a.data(), n, 1}, Triangle::lower, true, n, m);
        benchmark::ClobberMemory();
    }
    report<T>(state, double(n) * double(n) / 2 * double(m));
}

// The matrix is laid out by rows, or read by columns; `limit` only sums it.
template <class T>
void gemv_or_limit(benchmark::State& state, ptrdiff_t n, bool transposed, bool limit) {
    constexpr std::size_t kLargePage = 2 << 20;
    const std::size_t bytes = static_cast<std::size_t>(n * n) * sizeof(T);
    T* a = static_cast<T*>(std::aligned_alloc(kLargePage, (bytes + kLargePage - 1) / kLargePage * kLargePage));
    for (ptrdiff_t i = 0; i < n * n; ++i) a[i] = T(0.5);
    const auto x = filled<T>(n);
    auto y = filled<T>(n);
    const MatrixView<T> A = transposed ? MatrixView<T>{a, 1, n} : MatrixView<T>{a, n, 1};
    set_thread_count(1);
    for (auto _ : state) {
        if (limit)
            benchmark::DoNotOptimize(bench::read_all(a, n * n));
        else
            gemv<T>(y.data(), 1, A, x.data(), 1, n, n, 1, 0, nullptr, 0, Activation::linear);
        benchmark::ClobberMemory();
    }
    state.counters["GB"] = Counter(1e-9 * static_cast<double>(bytes), Counter::kIsIterationInvariantRate);
    std::free(a);
}

template <class T>
void add(const std::string& dtype) {
    auto named = [&](const std::string& name, auto function, auto... arguments) {
        benchmark::RegisterBenchmark((name + "/" + dtype).c_str(), function, arguments...)->UseRealTime();
    };
    struct Shape {
        const char* name;
        ptrdiff_t m, k, n;
    };
    for (const Shape& s : {Shape{"128x784x128", 128, 784, 128}, Shape{"200x32x64", 200, 32, 64},
                           Shape{"50x128x512", 50, 128, 512}, Shape{"2500x128x65", 2500, 128, 65}}) {
        const std::string name = std::string("layer/") + s.name;
        named(name + "/NN", layer<T>, s.m, s.k, s.n, Form::NN);
        named(name + "/TN", layer<T>, s.m, s.k, s.n, Form::TN);
        named(name + "/NT", layer<T>, s.m, s.k, s.n, Form::NT);
        named(name + "/packed", layer<T>, s.m, s.k, s.n, Form::packed);
        named(name + "/bias", layer<T>, s.m, s.k, s.n, Form::biased);
        named(name + "/bias_gelu", layer<T>, s.m, s.k, s.n, Form::gelu);
    }
    named("syrk/1024x256", rank_k_update<T>, 1024, 256);
    named("syrk/512x2000", rank_k_update<T>, 512, 2000);
    named("triangular_product/512x512", triangle<T>, 512, 512, false);
    named("solve_triangular/512x512", triangle<T>, 512, 512, true);
    named("read_bandwidth/4096", gemv_or_limit<T>, 4096, false, true);
    named("gemv/4096/rows", gemv_or_limit<T>, 4096, false, false);
    named("gemv/4096/columns", gemv_or_limit<T>, 4096, true, false);
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::AddCustomContext("isa", MMLCORE_ISA);
    add<float>("float32");
    add<double>("float64");
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
