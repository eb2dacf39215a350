#include "kernels/gather.h"

#include <cstring>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

// A size known to the compiler becomes one or two moves in place of a call.
template <ptrdiff_t Bytes>
void gather_small(char* out, const char* x, ptrdiff_t stride, const std::int64_t* index, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; ++i) std::memcpy(out + i * Bytes, x + index[i] * stride, Bytes);
}

void gather_serial(char* out, const char* x, ptrdiff_t stride, const std::int64_t* index, ptrdiff_t count,
                   ptrdiff_t bytes) {
    switch (bytes) {
        case 1:
            return gather_small<1>(out, x, stride, index, count);
        case 2:
            return gather_small<2>(out, x, stride, index, count);
        case 4:
            return gather_small<4>(out, x, stride, index, count);
        case 8:
            return gather_small<8>(out, x, stride, index, count);
        case 16:
            return gather_small<16>(out, x, stride, index, count);
        case 32:
            return gather_small<32>(out, x, stride, index, count);
        case 64:
            return gather_small<64>(out, x, stride, index, count);
        default:
            for (ptrdiff_t i = 0; i < count; ++i)
                std::memcpy(out + i * bytes, x + index[i] * stride, static_cast<std::size_t>(bytes));
    }
}

}  // namespace

void gather_rows(char* out, const char* x, ptrdiff_t stride, const std::int64_t* index, ptrdiff_t count,
                 ptrdiff_t bytes) {
    if (bytes == 0) return;
    const ptrdiff_t grain = bytes < 4096 ? 4096 / bytes : 1;
    parallel_chunks(count, grain, gather_ns(count, bytes), [=](ptrdiff_t begin, ptrdiff_t end) {
        gather_serial(out + begin * bytes, x, stride, index + begin, end - begin, bytes);
    });
}

}  // namespace mmlcore
