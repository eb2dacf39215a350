// The threads behind parallel_for.
//
// Why not an OpenMP region: it ends when every thread of the team has come to its barrier, so that one thread which
// another process keeps off its core delays a region in which it has no work. Here a region ends when its tasks are
// done, whoever did them. The number of threads is still what OpenMP's settings say (threads.h).
#pragma once

#include <cstddef>

namespace mmlcore {

// call(body, task) for task = 0 … tasks-1 on the calling thread and at most threads - 1 others, each task taken by
// whoever is free. The first exception is thrown again here, after the others have stopped. When the pool is in use
// by another caller, or by this one (a nested region), the calling thread does it all.
void run_in_pool(std::ptrdiff_t tasks, int threads, void (*call)(void*, std::ptrdiff_t), void* body);

// Whether the calling thread is working on a region's tasks.
bool inside_pool();

// While one of these lives, regions follow each other closely, as when a training step is replayed: workers then stay
// awake for longer between them, and shorter ones are worth opening.
struct RowOfRegions {
    RowOfRegions();
    ~RowOfRegions();
    RowOfRegions(const RowOfRegions&) = delete;
    RowOfRegions& operator=(const RowOfRegions&) = delete;
};
bool regions_follow();

}  // namespace mmlcore
