#include "kernels/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace mmlcore {
namespace {

using Clock = std::chrono::steady_clock;

// A worker looks for the next region this long before it sleeps: waking it costs about as much.
constexpr auto kSpin = std::chrono::microseconds(60);

// The same where regions are known to follow each other, with serial work between: a training step that is replayed.
constexpr auto kLongSpin = std::chrono::microseconds(500);

std::atomic<int> rows_of_regions{0};

// A caller that was itself taken off its processor for a noticeable part of a region has probably lost it to its own
// worker, which found no other: it rests likewise. Time lost below this is ordinary.
constexpr auto kLittle = std::chrono::microseconds(8);

// A caller that had to wait for the others this much longer than it worked itself has met a worker whose processor was
// taken away in the middle of a task. It then works alone for a while: as long as it waited where that was an accident,
// and where it happens again soon after twice as long as the last time, up to kRest times the wait. So such waits cost
// at most a tenth of the time, whatever else runs on the machine, and a rare one costs little more than itself.
constexpr auto kPatience = std::chrono::microseconds(200);
constexpr int kRest = 10;
constexpr auto kLongestRest = std::chrono::milliseconds(100);

thread_local bool inside = false;

// Processor time of the calling thread, where the system tells; otherwise as if it had never been interrupted.
Clock::duration processor_time(Clock::time_point now) {
#if defined(__linux__)
    (void)now;
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
#else
    return now.time_since_epoch();
#endif
}

void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

// Spins until ready() or the time is up; the answer of ready().
template <class Ready>
bool spin_until(Ready&& ready, Clock::duration spin = kSpin) {
    const auto end = Clock::now() + spin;
    do {
        for (int i = 0; i < 64; ++i) {
            if (ready()) return true;
            relax();
        }
    } while (Clock::now() < end);
    return ready();
}

struct Region {
    std::ptrdiff_t tasks;
    void (*call)(void*, std::ptrdiff_t);
    void* body;
    int seats;  // workers that may still join
    std::atomic<std::ptrdiff_t> next{0};
    std::exception_ptr failure{};

    // Takes tasks until none is left.
    void work(std::mutex& lock) noexcept {
        inside = true;
        try {
            for (std::ptrdiff_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) call(body, task);
        } catch (...) {
            std::lock_guard<std::mutex> hold(lock);
            if (!failure) failure = std::current_exception();
            next = tasks;
        }
        inside = false;
    }
};

class Pool {
  public:
    void run(std::ptrdiff_t tasks, int threads, void (*call)(void*, std::ptrdiff_t), void* body) {
        Region region{tasks, call, body, threads - 1};
        const auto start = Clock::now();
        const auto start_of_time = processor_time(start);
        const bool nested = inside;
        const bool open = !nested && publish(region, threads - 1, start);
        region.work(lock_);
        inside = nested;
        if (open) retire(start, start_of_time);
        if (region.failure) std::rethrow_exception(region.failure);
    }

  private:
    // Opens the region to the workers; false when another one is open, or while the caller had better work alone.
    bool publish(Region& region, int workers, Clock::time_point now) {
        {
            std::lock_guard<std::mutex> hold(lock_);
            if (region_ || joined_ > 0 || now < alone_until_) return false;
            start(workers);
            make_room();
            region_ = &region;
            opened_.fetch_add(1, std::memory_order_release);
            if (sleeping_ == 0) return true;
        }
        wake_.notify_all();
        return true;
    }

    // Has at least so many workers, or as many as the system grants.
    void start(int workers) {
        try {
#if defined(__linux__)
            if (workers > workers_) handles_.reserve(static_cast<std::size_t>(workers)), placed_ = false;
#endif
            for (; workers_ < workers; ++workers_) {
                std::thread worker([this] { serve(); });
#if defined(__linux__)
                handles_.push_back(worker.native_handle());
#endif
                worker.detach();
            }
        } catch (const std::system_error&) {
        }
    }

    // Keeps the workers off the caller's processor. Linux likes to wake a thread where its waker runs: caller and
    // worker would then take turns on one processor, and nothing moves them apart while they keep stopping for each
    // other.
    void make_room() {
#if defined(__linux__)
        const int here = sched_getcpu();
        cpu_set_t others;
        if (here < 0 || sched_getaffinity(0, sizeof others, &others) != 0 || CPU_COUNT(&others) < 2) return;
        CPU_CLR(static_cast<unsigned>(here), &others);
        if (placed_ && CPU_EQUAL(&others, &others_)) return;
        for (const pthread_t worker : handles_) pthread_setaffinity_np(worker, sizeof others, &others);
        others_ = others;
        placed_ = true;
#endif
    }

    // Closes the region: nobody joins any more, and those who joined finish the task in hand.
    void retire(Clock::time_point start, Clock::duration start_of_time) {
        const auto done = Clock::now();
        const auto lost = (done - start) - (processor_time(done) - start_of_time);
        std::unique_lock<std::mutex> hold(lock_);
        region_ = nullptr;
        if (lost > kLittle && lost > (done - start) / 4) rest(done, lost);
        if (joined_ == 0) return;
        hold.unlock();
        spin_until([this] { return joined_.load(std::memory_order_acquire) == 0; });
        hold.lock();
        finished_.wait(hold, [this] { return joined_ == 0; });
        const auto now = Clock::now();
        if (now - done > done - start + kPatience) rest(now, now - done);
    }

    void rest(Clock::time_point now, Clock::duration lost) {
        const bool again = now - alone_until_ < 2 * rested_;
        times_ = again ? std::min(2 * times_, kRest) : 1;
        rested_ = std::min<Clock::duration>(times_ * lost, kLongestRest);
        alone_until_ = now + rested_;
    }

    // A worker's life.
    void serve() {
        long seen = 0;
        for (;;) {
            spin_until([&] { return opened_.load(std::memory_order_acquire) != seen; },
                       regions_follow() ? kLongSpin : kSpin);
            std::unique_lock<std::mutex> hold(lock_);
            ++sleeping_;
            wake_.wait(hold, [&] { return opened_ != seen; });
            --sleeping_;
            seen = opened_;
            Region* region = region_;
            if (!region || region->seats == 0) continue;
            --region->seats;
            ++joined_;
            hold.unlock();
            region->work(lock_);
            hold.lock();
            if (--joined_ == 0) finished_.notify_all();
        }
    }

    std::mutex lock_;
    std::condition_variable wake_, finished_;
    Region* region_ = nullptr;  // the open region; lives on its caller's stack
    std::atomic<long> opened_{0};
    std::atomic<int> joined_{0};
    int workers_ = 0, sleeping_ = 0;
#if defined(__linux__)
    std::vector<pthread_t> handles_;  // of the workers
    cpu_set_t others_{};              // the processors that they were given
    bool placed_ = false;             // all of them
#endif
    Clock::time_point alone_until_{};
    Clock::duration rested_{};
    int times_ = 1;  // the last rest, in waits
};

}  // namespace

void run_in_pool(std::ptrdiff_t tasks, int threads, void (*call)(void*, std::ptrdiff_t), void* body) {
    static Pool* pool = new Pool;  // never destroyed: its threads wait in it until the process ends
    pool->run(tasks, threads, call, body);
}

RowOfRegions::RowOfRegions() {
    rows_of_regions.fetch_add(1, std::memory_order_relaxed);
}

RowOfRegions::~RowOfRegions() {
    rows_of_regions.fetch_sub(1, std::memory_order_relaxed);
}

bool regions_follow() {
    return rows_of_regions.load(std::memory_order_relaxed) > 0;
}

bool inside_pool() {
    return inside;
}

}  // namespace mmlcore
