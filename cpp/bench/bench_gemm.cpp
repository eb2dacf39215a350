// C = A · B, square, row-major: our kernel, Eigen's product and the measured arithmetic limit, in one run.
//
//   bench_gemm_native --benchmark_enable_random_interleaving=true --benchmark_repetitions=5
//
// `of_peak` divides by fma_peak() times the threads. The two products are compared before they are timed.

#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "bench/fma_peak.h"
#include "kernels/gemm.h"
#include "kernels/threads.h"

namespace {

using mmlcore::MatrixView;
using std::ptrdiff_t;

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
Matrix<T> random_matrix(ptrdiff_t n, unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<T> uniform(-1, 1);
    Matrix<T> a(n, n);
    for (ptrdiff_t i = 0; i < a.size(); ++i) a.data()[i] = uniform(generator);
    return a;
}

template <class T>
void ours(Matrix<T>& C, const Matrix<T>& A, const Matrix<T>& B) {
    const ptrdiff_t n = A.rows();
    mmlcore::gemm<T>(C.data(), n, MatrixView<T>{A.data(), n, 1}, MatrixView<T>{B.data(), n, 1}, n, n, n);
}

// A product's error bound is n·eps·|A||B|; entries are below 1 here.
template <class T>
bool agree(const Matrix<T>& A, const Matrix<T>& B) {
    Matrix<T> C(A.rows(), A.rows());
    ours(C, A, B);
    const T bound = T(A.rows()) * T(A.rows()) * Eigen::NumTraits<T>::epsilon();
    return (C - A * B).cwiseAbs().maxCoeff() <= bound;
}

template <class T>
void report(benchmark::State& state, ptrdiff_t n, int threads) {
    static const double peak = mmlcore::bench::fma_peak<T>();
    const double flops = 2e-9 * double(n) * double(n) * double(n);
    using benchmark::Counter;
    state.counters["GFLOP"] = Counter(flops, Counter::kIsIterationInvariantRate);
    state.counters["of_peak"] = Counter(flops / (peak * threads), Counter::kIsIterationInvariantRate);
}

template <class T>
void gemm_ours(benchmark::State& state) {
    const ptrdiff_t n = state.range(0);
    const int threads = static_cast<int>(state.range(1));
    const Matrix<T> A = random_matrix<T>(n, 1), B = random_matrix<T>(n, 2);
    mmlcore::set_thread_count(threads);
    if (!agree(A, B)) {
        state.SkipWithError("differs from Eigen's product");
        return;
    }
    Matrix<T> C(n, n);
    for (auto _ : state) {
        ours(C, A, B);
        benchmark::ClobberMemory();
    }
    report<T>(state, n, threads);
}

template <class T>
void gemm_eigen(benchmark::State& state) {
    const ptrdiff_t n = state.range(0);
    const Matrix<T> A = random_matrix<T>(n, 1), B = random_matrix<T>(n, 2);
    Matrix<T> C(n, n);
    for (auto _ : state) {
        C.noalias() = A * B;
        benchmark::ClobberMemory();
    }
    report<T>(state, n, 1);
}

template <class T>
void fma_limit(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(mmlcore::bench::fma_chains<T>(T(0.999), T(0.001)));
    using benchmark::Counter;
    state.counters["GFLOP"] = Counter(mmlcore::bench::fma_flops<T>() * 1e-9, Counter::kIsIterationInvariantRate);
}

template <class T>
void add(const std::string& dtype) {
    benchmark::RegisterBenchmark(("fma_peak/" + dtype).c_str(), fma_limit<T>)->UseRealTime();
    auto* eigen = benchmark::RegisterBenchmark(("gemm_eigen/" + dtype).c_str(), gemm_eigen<T>)->UseRealTime();
    auto* mine = benchmark::RegisterBenchmark(("gemm_ours/" + dtype).c_str(), gemm_ours<T>)->UseRealTime();
    eigen->ArgName("n");
    mine->ArgNames({"n", "threads"});
    const int most = mmlcore::thread_count();
    for (ptrdiff_t n : {64, 128, 256, 512, 1024, 2048}) {
        eigen->Arg(n);
        mine->Args({n, 1});
        if (most > 1) mine->Args({n, most});
    }
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
