#include "kernels/workspace.h"

#include <new>

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

struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;

    void release() {
        ::operator delete(memory, alignment_for(bytes));
        memory = nullptr;
        bytes = 0;
    }
    ~Block() { release(); }
};

}  // namespace

void* scratch_bytes(Scratch purpose, std::size_t bytes) {
    static thread_local Block blocks[static_cast<int>(Scratch::count_)];
    Block& block = blocks[static_cast<int>(purpose)];
    if (bytes > block.bytes) {
        block.release();
        block.memory = ::operator new(bytes, alignment_for(bytes));
        block.bytes = bytes;
#if defined(__linux__)
        if (bytes >= kLargePage) madvise(block.memory, bytes, MADV_HUGEPAGE);
#endif
    }
    return block.memory;
}

}  // namespace mmlcore
