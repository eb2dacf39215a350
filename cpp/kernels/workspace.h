// Scratch memory: one growing, cache-line-aligned block per thread and purpose, kept between calls so that no kernel
// pays for page faults twice. A purpose is used by one kernel at a time in a thread; kernels that call each other use
// different purposes.
#pragma once

#include <cstddef>

namespace mmlcore {

enum class Scratch { packed_a, packed_b, cholesky, factor, pivots, gradient, reduction, partial, count_ };

// At least `bytes` bytes of the calling thread's block for this purpose; its former contents are lost.
void* scratch_bytes(Scratch purpose, std::size_t bytes);

template <class T>
T* scratch(Scratch purpose, std::ptrdiff_t count) {
    return static_cast<T*>(scratch_bytes(purpose, static_cast<std::size_t>(count) * sizeof(T)));
}

// A leading dimension for a working copy of n columns: an odd number of cache lines, because rows that lie a power of
// two apart share a few sets of the cache.
template <class T>
constexpr std::ptrdiff_t padded_row(std::ptrdiff_t n) {
    constexpr std::ptrdiff_t line = 64 / sizeof(T);
    return ((n + line - 1) / line | 1) * line;
}

}  // namespace mmlcore
