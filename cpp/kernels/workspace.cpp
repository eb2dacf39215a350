#include "kernels/workspace.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mmlcore {
namespace {

// Large blocks start at a large page and ask for such pages: packed operands then cost few address translations.
constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kLine = 64;

std::align_val_t alignment_for(std::size_t bytes) {
    return std::align_val_t{bytes < kLargePage ? kLine : kLargePage};
}

// A size that the next, slightly different request can use too: at most an eighth more.
std::size_t rounded(std::size_t bytes) {
    constexpr std::size_t kAddressable = ~std::size_t{0} / 4;
    if (bytes > kAddressable) throw std::bad_alloc();
    std::size_t step = kLine;
    while (step * 16 < bytes) step *= 2;
    return (bytes + step - 1) / step * step;
}

Block allocate(std::size_t bytes) {
    const Block block{::operator new(bytes, alignment_for(bytes)), bytes};
#if defined(__linux__)
    if (bytes >= kLargePage) madvise(block.memory, bytes, MADV_HUGEPAGE);
#endif
    return block;
}

void free_block(Block block) noexcept {
    if (block.memory) ::operator delete(block.memory, alignment_for(block.bytes));
}

// Blocks that are not in use, a handful at most.
class Cache {
  public:
    ~Cache() { clear(); }

    // The smallest block of at least `bytes` and at most `most` bytes, or an empty one.
    Block take(std::size_t bytes, std::size_t most) {
        int best = -1;
        for (int i = 0; i < count_; ++i)
            if (blocks_[i].bytes >= bytes && blocks_[i].bytes <= most &&
                (best < 0 || blocks_[i].bytes < blocks_[best].bytes))
                best = i;
        if (best < 0) return {};
        return remove(best);
    }

    // Keeps the block unless that exceeds the bound; where all places are taken, the smallest block goes.
    void give_back(Block block) noexcept {
        if (block.bytes + bytes_ > kMostPerCache) {
            free_block(block);
            return;
        }
        if (count_ == kPlaces) {
            int smallest = 0;
            for (int i = 1; i < count_; ++i)
                if (blocks_[i].bytes < blocks_[smallest].bytes) smallest = i;
            free_block(remove(smallest));
        }
        blocks_[count_++] = block;
        bytes_ += block.bytes;
    }

    std::size_t clear() noexcept {
        const std::size_t kept = bytes_;
        while (count_ > 0) free_block(remove(count_ - 1));
        return kept;
    }

  private:
    static constexpr int kPlaces = 12;

    Block remove(int i) noexcept {
        const Block block = blocks_[i];
        blocks_[i] = blocks_[--count_];
        bytes_ -= block.bytes;
        return block;
    }

    Block blocks_[kPlaces];
    int count_ = 0;
    std::size_t bytes_ = 0;
};

// A thread's cache. The flag is up for the few instructions in which somebody changes it: its thread, or
// release_memory() in another.
class ThreadCache {
  public:
    ThreadCache();
    ~ThreadCache();

    template <class Change>
    auto change(Change&& with) noexcept {
        while (busy_.test_and_set(std::memory_order_acquire)) {
        }
        auto answer = with(cache_);
        busy_.clear(std::memory_order_release);
        return answer;
    }

  private:
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
    Cache cache_;
};

thread_local ThreadCache* mine = nullptr;  // the calling thread's, once it has one

// What all threads share. Never destroyed: arrays may outlive everything.
struct Common {
    std::mutex lock;
    std::vector<ThreadCache*> threads;
    Cache results;
};

Common& common() {
    static Common* only = [] {
        // A child of fork() must not inherit a lock that another thread held, nor that thread's cache.
        pthread_atfork([] { common().lock.lock(); }, [] { common().lock.unlock(); },
                       [] {
                           common().threads.clear();
                           if (mine) common().threads.push_back(mine);
                           common().lock.unlock();
                       });
        return new Common;
    }();
    return *only;
}

ThreadCache::ThreadCache() {
    std::lock_guard<std::mutex> hold(common().lock);
    common().threads.push_back(this);
    mine = this;
}

ThreadCache::~ThreadCache() {
    std::lock_guard<std::mutex> hold(common().lock);
    mine = nullptr;
    auto& threads = common().threads;
    threads.erase(std::find(threads.begin(), threads.end(), this));
}

ThreadCache& of_this_thread() {
    static thread_local ThreadCache cache;
    return cache;
}

}  // namespace

namespace detail {

Block take_block(std::size_t bytes) {
    if (bytes == 0) return {};
    const Block kept = of_this_thread().change([=](Cache& cache) { return cache.take(bytes, ~std::size_t{0}); });
    return kept.memory ? kept : allocate(rounded(bytes));
}

void give_back(Block block) noexcept {
    if (!block.memory) return;
    of_this_thread().change([=](Cache& cache) {
        cache.give_back(block);
        return 0;
    });
}

}  // namespace detail

Block take_result_memory(std::size_t bytes) {
    {
        std::lock_guard<std::mutex> hold(common().lock);
        const Block kept = common().results.take(bytes, bytes + bytes / 4);
        if (kept.memory) return kept;
    }
    return allocate(rounded(bytes));
}

void give_back_result_memory(Block block) noexcept {
    std::lock_guard<std::mutex> hold(common().lock);
    common().results.give_back(block);
}

std::size_t release_memory() {
    std::lock_guard<std::mutex> hold(common().lock);
    std::size_t released = common().results.clear();
    for (ThreadCache* thread : common().threads) released += thread->change([](Cache& cache) { return cache.clear(); });
    return released;
}

}  // namespace mmlcore
