// One decision on the number of threads, one way to open a parallel region.
//
// thread_count() is the smallest of: the processors this process may run on, the cgroup's CPU quota, and what
// OpenMP says (OMP_NUM_THREADS, threadpoolctl). set_thread_count(n) and OMP_NUM_THREADS are explicit wishes and
// override affinity and quota. It is 1 inside a parallel region and in a forked child.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

namespace mmlcore {

// Threads that a region opened by the calling thread may use now.
int thread_count();

// Ask for n threads; 0 returns to the default.
void set_thread_count(int n);

// The count and what decided it, for `mmlcore info`.
std::string thread_reason();

// Reads the machine's limits and registers the fork handler; called once when the module is imported.
void start_threads_module();

namespace detail {
void run_parallel(std::ptrdiff_t tasks, int threads, void (*call)(void*, std::ptrdiff_t), void* body);
int threads_for(std::ptrdiff_t tasks, double cost_ns);
}  // namespace detail

// body(task) for task = 0 … tasks-1, handed out dynamically so that a busy core delays nobody.
// cost_ns is the caller's estimate of the whole loop on one thread, in nanoseconds: below about 60 µs it stays serial.
template <class Body>
void parallel_for(std::ptrdiff_t tasks, double cost_ns, Body&& body) {
    const int threads = detail::threads_for(tasks, cost_ns);
    if (threads <= 1) {
        for (std::ptrdiff_t task = 0; task < tasks; ++task) body(task);
        return;
    }
    using Decayed = std::remove_reference_t<Body>;
    detail::run_parallel(
        tasks, threads, [](void* p, std::ptrdiff_t task) { (*static_cast<Decayed*>(p))(task); },
        const_cast<void*>(static_cast<const void*>(&body)));
}

// body(begin, end) over [0, n) cut into chunks that are multiples of `grain`.
template <class Body>
void parallel_chunks(std::ptrdiff_t n, std::ptrdiff_t grain, double cost_ns, Body&& body) {
    const int threads = detail::threads_for((n + grain - 1) / grain, cost_ns);
    if (threads <= 1) {
        if (n > 0) body(std::ptrdiff_t{0}, n);
        return;
    }
    const std::ptrdiff_t grains = (n + grain - 1) / grain;
    const std::ptrdiff_t chunks =
        grains < 4 * threads ? grains : 4 * threads;  // four a thread: a late one costs little
    parallel_for(chunks, cost_ns, [&](std::ptrdiff_t chunk) {
        const std::ptrdiff_t begin = grains * chunk / chunks * grain;
        const std::ptrdiff_t end = grains * (chunk + 1) / chunks * grain;
        body(begin, end < n ? end : n);
    });
}

}  // namespace mmlcore
