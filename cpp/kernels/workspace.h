// Working memory without page faults: blocks aligned to cache lines, kept when they come back and handed out again.
//
//   Workspace<T>   for the length of a kernel; from a cache of the calling thread
//   result_memory  for the arrays that bindings return, which may be freed in any thread; from one common cache
//
// Every cache is bounded (kMostPerCache), and a result never holds more than a quarter beyond what it asked for;
// release_memory() empties all caches.
#pragma once

#include <cstddef>
#include <new>

namespace mmlcore {

// What a cache keeps at most, in bytes.
constexpr std::size_t kMostPerCache = std::size_t{96} << 20;

struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;
};

namespace detail {
Block take_block(std::size_t bytes);
void give_back(Block block) noexcept;
}  // namespace detail

// count items of T in bytes; std::bad_alloc where that is more than can be addressed.
template <class T>
std::size_t bytes_of(std::ptrdiff_t count) {
    std::ptrdiff_t bytes = 0;
    if (__builtin_mul_overflow(count, static_cast<std::ptrdiff_t>(sizeof(T)), &bytes)) throw std::bad_alloc();
    return static_cast<std::size_t>(bytes);
}

template <class T>
class Workspace {
  public:
    explicit Workspace(std::ptrdiff_t count) : block_(detail::take_block(bytes_of<T>(count))) {}
    ~Workspace() { detail::give_back(block_); }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    T* data() const { return static_cast<T*>(block_.memory); }

  private:
    Block block_;
};

Block take_result_memory(std::size_t bytes);
void give_back_result_memory(Block block) noexcept;

// Gives everything that is kept and not in use back to the system; how many bytes that was.
std::size_t release_memory();

// A leading dimension for a working copy of n columns: an odd number of cache lines, because rows that lie a power of
// two apart share a few sets of the cache.
template <class T>
constexpr std::ptrdiff_t padded_row(std::ptrdiff_t n) {
    constexpr std::ptrdiff_t line = 64 / sizeof(T);
    return ((n + line - 1) / line | 1) * line;
}

}  // namespace mmlcore
