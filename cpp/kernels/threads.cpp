#include "kernels/threads.h"

#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "kernels/thread_pool.h"

#if defined(__linux__)
#include <sched.h>
#else
#include <thread>
#endif

namespace mmlcore {
namespace {

constexpr double kSerialBelowNs = 60e3;     // opening a region costs 2 µs, 25 µs when the threads sleep
constexpr double kLeastPerThreadNs = 25e3;  // a thread that gets less is not worth waking

// The same while regions follow each other and nobody sleeps in between.
constexpr double kSerialBelowInRowNs = 20e3, kLeastPerThreadInRowNs = 8e3;

std::atomic<int> wanted{0};
std::atomic<bool> forked{false};

int usable_processors() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return omp_get_num_procs();
#else
    return static_cast<int>(std::thread::hardware_concurrency());
#endif
}

// quota/period of a cgroup's CPU controller rounded down, at least 1; 0 when there is none.
int quota_of(double quota, double period) {
    if (!(quota > 0) || !(period > 0)) return 0;
    const int whole = static_cast<int>(std::floor(quota / period));
    return whole < 1 ? 1 : whole;
}

int quota_in(const std::string& folder) {
    std::ifstream v2(folder + "/cpu.max");
    std::string quota;
    double period = 0;
    if (v2 >> quota >> period) return quota == "max" ? 0 : quota_of(std::atof(quota.c_str()), period);

    std::ifstream v1_quota(folder + "/cpu.cfs_quota_us"), v1_period(folder + "/cpu.cfs_period_us");
    double microseconds = 0;
    if (v1_quota >> microseconds && v1_period >> period) return quota_of(microseconds, period);
    return 0;
}

// The tightest CPU quota from this process's cgroup up to the root; 0 when none is set.
int cgroup_quota() {
    const char* fake_root = std::getenv("MMLCORE_CGROUP_ROOT");  // the tests' stand-in for /sys/fs/cgroup
    const std::string root = fake_root ? fake_root : "/sys/fs/cgroup";
    int tightest = 0;
    auto consider = [&](const std::string& folder) {
        const int quota = quota_in(folder);
        if (quota > 0 && (tightest == 0 || quota < tightest)) tightest = quota;
    };
    consider(root);
    consider(root + "/cpu");
    std::ifstream self("/proc/self/cgroup");
    for (std::string line; std::getline(self, line);) {
        const auto second = line.rfind(':');
        if (second == std::string::npos) continue;
        const bool is_v2 = line.compare(0, 3, "0::") == 0;
        std::string path = line.substr(second + 1);
        while (path.size() > 1) {
            consider(root + (is_v2 ? "" : "/cpu") + path);
            path.resize(path.rfind('/'));
        }
    }
    return tightest;
}

struct Limits {
    int processors, quota;
    int openmp;         // what OpenMP grants where nobody has limited it
    bool openmp_asked;  // OMP_NUM_THREADS is set: an explicit wish
    int default_count() const {
        if (openmp_asked) return openmp;
        const int count = quota > 0 && quota < processors ? quota : processors;
        return count < 1 ? 1 : count;
    }
};

// Read once, when the module is imported: the files cost some 50 µs.
const Limits& limits() {
    static const Limits found = [] {
        const char* asked = std::getenv("OMP_NUM_THREADS");
        const bool is_asked = asked && *asked;
        return Limits{usable_processors(), cgroup_quota(), is_asked ? omp_get_max_threads() : omp_get_num_procs(),
                      is_asked};
    }();
    return found;
}

}  // namespace

int thread_count() {
    if (forked.load(std::memory_order_relaxed) || inside_pool() || omp_in_parallel()) return 1;
    const Limits& at_start = limits();
    const int asked = wanted.load(std::memory_order_relaxed);
    const int count = asked > 0 ? asked : at_start.default_count();
    const int openmp = omp_get_max_threads();  // threadpoolctl lowers it for the calling thread
    return openmp < at_start.openmp && openmp < count ? openmp : count;
}

void set_thread_count(int n) {
    wanted.store(n < 0 ? 0 : n, std::memory_order_relaxed);
}

std::string thread_reason() {
    const Limits& at_start = limits();
    std::ostringstream text;
    text << thread_count() << " (";
    if (forked) text << "forked child: one thread; ";
    if (wanted > 0) text << "set_num_threads " << wanted << "; ";
    text << "affinity " << at_start.processors << ", cgroup quota ";
    at_start.quota > 0 ? text << at_start.quota : text << "none";
    text << ", OMP_NUM_THREADS ";
    at_start.openmp_asked ? text << at_start.openmp : text << "unset";
    if (omp_get_max_threads() != at_start.openmp) text << ", OpenMP limit " << omp_get_max_threads();
    text << ")";
    return text.str();
}

// Threads do not survive fork(): the child has none to hand work to.
void start_threads_module() {
    limits();
    static const int installed = pthread_atfork(nullptr, nullptr, [] { forked = true; });
    (void)installed;
}

namespace detail {

int threads_for(std::ptrdiff_t tasks, double cost_ns) {
    const bool in_row = regions_follow();
    if (tasks < 2 || cost_ns < (in_row ? kSerialBelowInRowNs : kSerialBelowNs)) return 1;
    const int count = thread_count();
    const double worth = cost_ns / (in_row ? kLeastPerThreadInRowNs : kLeastPerThreadNs);
    std::ptrdiff_t threads = count < tasks ? count : tasks;
    if (worth < static_cast<double>(threads)) threads = static_cast<std::ptrdiff_t>(worth);
    return static_cast<int>(threads);
}

void run_parallel(std::ptrdiff_t tasks, int threads, void (*call)(void*, std::ptrdiff_t), void* body) {
    run_in_pool(tasks, threads, call, body);
}

}  // namespace detail
}  // namespace mmlcore
