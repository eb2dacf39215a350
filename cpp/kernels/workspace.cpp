#include "kernels/workspace.h"

#include <new>

namespace mmlcore {
namespace {

constexpr std::align_val_t kAlignment{64};

struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;
    ~Block() { ::operator delete(memory, kAlignment); }
};

}  // namespace

void* scratch_bytes(Scratch purpose, std::size_t bytes) {
    static thread_local Block blocks[static_cast<int>(Scratch::count_)];
    Block& block = blocks[static_cast<int>(purpose)];
    if (bytes > block.bytes) {
        void* larger = ::operator new(bytes, kAlignment);
        ::operator delete(block.memory, kAlignment);
        block.memory = larger;
        block.bytes = bytes;
    }
    return block.memory;
}

}  // namespace mmlcore
