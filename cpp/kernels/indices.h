// Whole numbers that say which row is meant.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// Whether 0 ≤ index[i] < extent for all i < n; extent ≥ 0.
bool all_below(const std::int64_t* index, std::int64_t extent, std::ptrdiff_t n);

}  // namespace mmlcore
