// QR, eigenvalues, singular values, LDLᵀ, triangular systems and stacks of small matrices, float64, one thread.
//
//   bench_spectral_native --benchmark_filter='triangular|qr'

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <vector>

#include "bench/fma_peak.h"
#include "kernels/cholesky.h"
#include "kernels/ldlt.h"
#include "kernels/lu.h"
#include "kernels/qr.h"
#include "kernels/svd.h"
#include "kernels/symmetric_eigen.h"
#include "kernels/threads.h"
#include "kernels/triangular.h"

namespace {

using namespace mmlcore;
using benchmark::Counter;
using Vector = std::vector<double>;

// Numbers from -1 to 1, the diagonal of every n × n matrix n larger.
Vector matrices(ptrdiff_t n, ptrdiff_t m, ptrdiff_t count = 1) {
    set_thread_count(1);
    std::srand(1);
    Vector a(static_cast<std::size_t>(n * m * count));
    for (double& x : a) x = 2.0 * std::rand() / RAND_MAX - 1;
    for (ptrdiff_t s = 0; s < count && n == m; ++s)
        for (ptrdiff_t i = 0; i < n; ++i) a[static_cast<std::size_t>((s * n + i) * n + i)] += static_cast<double>(n);
    return a;
}

void report(benchmark::State& state, double flops) {
    static const double peak = bench::fma_peak<double>();
    state.counters["GFLOP"] = Counter(flops * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["of_peak"] = Counter(flops * 1e-9 / peak, Counter::kIsIterationInvariantRate);
}

double number(ptrdiff_t x) {
    return static_cast<double>(x);
}

// n × n triangle, m right-hand sides, as columns or as rows; copying them is part of the time.
void triangular_system(benchmark::State& state, bool from_right) {
    const ptrdiff_t n = state.range(0), m = state.range(1);
    const Vector a = matrices(n, n), b = matrices(n, m);
    Vector x = b;
    for (auto _ : state) {
        x = b;
        if (from_right)
            solve_lower_from_right<double>(x.data(), n, {a.data(), n, 1}, n, m);
        else
            solve_triangular<double>(x.data(), m, {a.data(), n, 1}, Triangle::lower, false, n, m);
        benchmark::ClobberMemory();
    }
    report(state, number(n) * number(n) * number(m));
}

void qr_reduced(benchmark::State& state) {
    const ptrdiff_t m = state.range(0), n = state.range(1);
    const Vector a = matrices(m, n);
    Vector q(a.size()), r(static_cast<std::size_t>(n * n));
    for (auto _ : state) {
        qr<double>(q.data(), r.data(), a.data(), m, n, n);
        benchmark::ClobberMemory();
    }
    report(state, 4 * number(m) * number(n) * number(n) - 4 * number(n) * number(n) * number(n) / 3);
}

// Time per matrix only: the arithmetic depends on the numbers.
void eigh(benchmark::State& state) {
    const ptrdiff_t n = state.range(0);
    const Vector a = matrices(n, n);
    Vector values(static_cast<std::size_t>(n)), v(a.size());
    for (auto _ : state)
        benchmark::DoNotOptimize(symmetric_eigen<double>(values.data(), v.data(), a.data(), Triangle::lower, n));
}

void svd_full(benchmark::State& state) {
    const ptrdiff_t m = state.range(0), n = state.range(1);
    const Vector a = matrices(m, n);
    Vector u(static_cast<std::size_t>(m * n)), s(static_cast<std::size_t>(n)), vt(static_cast<std::size_t>(n * n));
    for (auto _ : state) benchmark::DoNotOptimize(svd<double>(u.data(), s.data(), vt.data(), a.data(), m, n, true));
}

void ldlt_rook(benchmark::State& state) {
    const ptrdiff_t n = state.range(0);
    const Vector a = matrices(n, n);
    Vector l(a.size()), d(a.size());
    std::vector<ptrdiff_t> order(static_cast<std::size_t>(n));
    for (auto _ : state) {
        ldlt<double>(l.data(), d.data(), order.data(), a.data(), n);
        benchmark::ClobberMemory();
    }
    report(state, number(n) * number(n) * number(n) / 3);
}

void lu_large(benchmark::State& state) {
    const ptrdiff_t n = state.range(0);
    const Vector a = matrices(n, n), b = matrices(n, 1);
    Vector x(b.size());
    for (auto _ : state) benchmark::DoNotOptimize(solve<double>(x.data(), a.data(), b.data(), n, 1));
    report(state, 2 * number(n) * number(n) * number(n) / 3);
}

enum class Small { solve, cholesky, determinant, inverse };

// A stack of 10 000; the rate is matrices a second.
void small_stack(benchmark::State& state, Small what) {
    constexpr ptrdiff_t count = 10000;
    const ptrdiff_t n = state.range(0), size = n * n;
    const Vector a = matrices(n, n, count), b = matrices(n, 1, count);
    Vector x(a.size());
    for (auto _ : state) {
        for (ptrdiff_t i = 0; i < count; ++i) {
            const double* from = a.data() + i * size;
            double* to = x.data() + i * size;
            if (what == Small::solve) solve<double>(to, from, b.data() + i * n, n, 1);
            if (what == Small::cholesky) cholesky<double>(to, from, n);
            if (what == Small::determinant) *to = determinant<double>(from, n);
            if (what == Small::inverse) inverse<double>(to, from, n);
        }
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * count);
}

BENCHMARK_CAPTURE(triangular_system, columns, false)
    ->ArgsProduct({{32, 128, 256, 1024}, {1, 32, 256, 1024}})
    ->ArgNames({"n", "m"});
BENCHMARK_CAPTURE(triangular_system, rows, true)
    ->ArgsProduct({{32, 128, 256, 1024}, {32, 256, 1024}})
    ->ArgNames({"n", "m"});
BENCHMARK(qr_reduced)->ArgNames({"m", "n"})->Args({64, 64})->Args({512, 512})->Args({2000, 500})->Args({100000, 50});
BENCHMARK(eigh)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(svd_full)->ArgNames({"m", "n"})->Args({64, 64})->Args({256, 256})->Args({1024, 1024})->Args({20000, 100});
BENCHMARK(ldlt_rook)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(lu_large)->ArgName("n")->Arg(2048)->Arg(4096);
BENCHMARK_CAPTURE(small_stack, solve, Small::solve)->ArgName("n")->Arg(2)->Arg(3)->Arg(8);
BENCHMARK_CAPTURE(small_stack, cholesky, Small::cholesky)->ArgName("n")->Arg(2)->Arg(3)->Arg(8);
BENCHMARK_CAPTURE(small_stack, det, Small::determinant)->ArgName("n")->Arg(2)->Arg(3)->Arg(8);
BENCHMARK_CAPTURE(small_stack, inv, Small::inverse)->ArgName("n")->Arg(2)->Arg(3)->Arg(8);

}  // namespace

BENCHMARK_MAIN();
