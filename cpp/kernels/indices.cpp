#include "kernels/indices.h"

namespace mmlcore {

bool all_below(const std::int64_t* index, std::int64_t extent, std::ptrdiff_t n) {
    std::uint64_t signs = 0;  // of index and of extent - 1 - index, without a branch so that it is vectorised
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        const auto value = static_cast<std::uint64_t>(index[i]);
        signs |= value | (static_cast<std::uint64_t>(extent) - 1 - value);
    }
    return static_cast<std::int64_t>(signs) >= 0;
}

}  // namespace mmlcore
