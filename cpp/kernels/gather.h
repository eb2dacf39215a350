// Rows picked by number, as bytes: any element type of fixed size.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// out[i] = x[index[i]] for i < count: rows of `bytes` bytes, contiguous; in x there are n, which begin `stride` bytes
// apart. Where an index is not one of them, out[i] stays as it is.
void gather_rows(char* out, const char* x, std::ptrdiff_t stride, std::ptrdiff_t n, const std::int64_t* index,
                 std::ptrdiff_t count, std::ptrdiff_t bytes);

// Estimated time on one thread.
constexpr double gather_ns(std::ptrdiff_t count, std::ptrdiff_t bytes) {
    return static_cast<double>(count) * (2 + static_cast<double>(bytes) / 10);
}

}  // namespace mmlcore
