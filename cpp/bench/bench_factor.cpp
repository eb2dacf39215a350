// Cholesky, LU and power iteration beside Eigen's, float64, one thread.

#include <benchmark/benchmark.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <vector>

#include "kernels/cholesky.h"
#include "kernels/lu.h"
#include "kernels/power_iteration.h"
#include "kernels/threads.h"

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix positive_definite(Eigen::Index n) {
    mmlcore::set_thread_count(1);
    const Matrix x = Matrix::Random(n, n);
    return x * x.transpose() + static_cast<double>(n) * Matrix::Identity(n, n);
}

void report(benchmark::State& state, double flops) {
    state.counters["GFLOP"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

double cubed(const benchmark::State& state) {
    const double n = static_cast<double>(state.range(0));
    return n * n * n;
}

void cholesky_ours(benchmark::State& state) {
    const Matrix A = positive_definite(state.range(0));
    Matrix L(A.rows(), A.cols());
    for (auto _ : state) benchmark::DoNotOptimize(mmlcore::cholesky<double>(L.data(), A.data(), A.rows()));
    report(state, cubed(state) / 3);
}

void cholesky_eigen(benchmark::State& state) {
    const Matrix A = positive_definite(state.range(0));
    for (auto _ : state) {
        const Eigen::LLT<Matrix> factor(A);
        benchmark::DoNotOptimize(factor.matrixLLT().data());
    }
    report(state, cubed(state) / 3);
}

void solve_ours(benchmark::State& state) {
    const Matrix A = positive_definite(state.range(0));
    const std::vector<double> b(static_cast<std::size_t>(A.rows()), 1.0);
    std::vector<double> x(b.size());
    for (auto _ : state) benchmark::DoNotOptimize(mmlcore::solve<double>(x.data(), A.data(), b.data(), A.rows(), 1));
    report(state, cubed(state) * 2 / 3);
}

void solve_eigen(benchmark::State& state) {
    const Matrix A = positive_definite(state.range(0));
    const Eigen::VectorXd b = Eigen::VectorXd::Ones(A.rows());
    for (auto _ : state) {
        const Eigen::VectorXd x = A.partialPivLu().solve(b);
        benchmark::DoNotOptimize(x.data());
    }
    report(state, cubed(state) * 2 / 3);
}

// One hundred steps of v ← AᵀA v / ‖AᵀA v‖ on a square matrix.
void power_iteration(benchmark::State& state) {
    const Matrix A = positive_definite(state.range(0));
    const auto n = A.rows();
    std::vector<double> u(static_cast<std::size_t>(n)), v(u.size(), 1.0), trace(100);
    for (auto _ : state)
        benchmark::DoNotOptimize(
            mmlcore::power_iteration<double>(u.data(), v.data(), trace.data(), {A.data(), n, 1}, n, n, 100, -1.0));
    report(state, 400.0 * static_cast<double>(n * n));
}

BENCHMARK(cholesky_ours)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024)->Arg(2048);
BENCHMARK(cholesky_eigen)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024)->Arg(2048);
BENCHMARK(solve_ours)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(solve_eigen)->ArgName("n")->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(power_iteration)->ArgName("n")->Arg(256)->Arg(1024);

}  // namespace

BENCHMARK_MAIN();
