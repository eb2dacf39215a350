#include "kernels/gather.h"

#include <cstring>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

// A size known to the compiler becomes one or two moves in place of a call.
template <ptrdiff_t Bytes>
void copy_row(char* to, const char* from, ptrdiff_t) {
    std::memcpy(to, from, Bytes);
}

// 16 ≤ bytes: whole pieces of 16, then the last 16, which may overlap them.
void copy_pieces(char* to, const char* from, ptrdiff_t bytes) {
    for (ptrdiff_t k = 0; k + 16 <= bytes; k += 16) std::memcpy(to + k, from + k, 16);
    std::memcpy(to + bytes - 16, from + bytes - 16, 16);
}

void copy_bytes(char* to, const char* from, ptrdiff_t bytes) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

template <void (*copy)(char*, const char*, ptrdiff_t)>
void gather_with(char* out, const char* x, ptrdiff_t stride, ptrdiff_t n, const std::int64_t* index, ptrdiff_t count,
                 ptrdiff_t bytes) {
    for (ptrdiff_t i = 0; i < count; ++i)
        if (index[i] >= 0 && index[i] < n) copy(out + i * bytes, x + index[i] * stride, bytes);
}

void gather_serial(char* out, const char* x, ptrdiff_t stride, ptrdiff_t n, const std::int64_t* index, ptrdiff_t count,
                   ptrdiff_t bytes) {
    switch (bytes) {
        case 1:
            return gather_with<copy_row<1>>(out, x, stride, n, index, count, bytes);
        case 2:
            return gather_with<copy_row<2>>(out, x, stride, n, index, count, bytes);
        case 4:
            return gather_with<copy_row<4>>(out, x, stride, n, index, count, bytes);
        case 8:
            return gather_with<copy_row<8>>(out, x, stride, n, index, count, bytes);
        default:
            break;
    }
    if (bytes >= 16 && bytes <= 64) return gather_with<copy_pieces>(out, x, stride, n, index, count, bytes);
    gather_with<copy_bytes>(out, x, stride, n, index, count, bytes);
}

}  // namespace

void gather_rows(char* out, const char* x, ptrdiff_t stride, ptrdiff_t n, const std::int64_t* index, ptrdiff_t count,
                 ptrdiff_t bytes) {
    if (bytes == 0) return;
    const ptrdiff_t grain = bytes < 4096 ? 4096 / bytes : 1;
    parallel_chunks(count, grain, gather_ns(count, bytes), [=](ptrdiff_t begin, ptrdiff_t end) {
        gather_serial(out + begin * bytes, x, stride, n, index + begin, end - begin, bytes);
    });
}

}  // namespace mmlcore
