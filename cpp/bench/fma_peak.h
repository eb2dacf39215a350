// The arithmetic limit of one core for this instruction set, measured: independent chains of multiply-adds in
// registers, no memory. Every "of peak" figure divides by it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "kernels/simd.h"

namespace mmlcore::bench {

// Twelve chains hide a latency of four cycles on two units and leave registers even in the 16-register sets.
constexpr int kChains = 12;
constexpr std::ptrdiff_t kRounds = 20000;

template <class T>
constexpr double fma_flops() {
    return 2.0 * lanes<Vec<T>> * kChains * kRounds;
}

// Runs kRounds multiply-adds on every chain; the result depends on all of them. The compiler may not look at the
// arguments: knowing them, it finds that a chain that starts at the fixed point stays there, and leaves it out.
template <class T>
[[gnu::noipa]] Vec<T> fma_chains(T factor, T addend) {
    const Vec<T> x = broadcast<Vec<T>>(factor), y = broadcast<Vec<T>>(addend);
    Vec<T> chain[kChains];
    for (int i = 0; i < kChains; ++i) chain[i] = broadcast<Vec<T>>(T(i));

    for (std::ptrdiff_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * x + y;
    }

    Vec<T> total = chain[0];
    for (int i = 1; i < kChains; ++i) total += chain[i];
    return total;
}

// GFLOP/s of one thread, best of several runs.
template <class T>
double fma_peak() {
    using Clock = std::chrono::steady_clock;
    double best = 0;
    for (int attempt = 0; attempt < 50; ++attempt) {
        const auto start = Clock::now();
        volatile T sink = fma_chains<T>(T(0.999), T(0.001))[0];
        (void)sink;
        const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
        best = std::max(best, fma_flops<T>() / elapsed.count());
    }
    return best;
}

}  // namespace mmlcore::bench
