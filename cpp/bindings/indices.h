// Whole numbers as arguments: labels, row numbers, step counters.
#pragma once

#include <cstdint>

#include "bindings/arrays.h"

namespace mmlcore::bindings {

// A vector of int64, contiguous; copied only if it was not.
class Indices {
  public:
    Indices(const char* function, const char* argument, const py::array& a);

    // ValueError, naming the first one, when an index is outside 0 … extent-1.
    void require_below(ptrdiff_t extent) const { require_below(extent, 0, size()); }
    // The same for `count` of them from `first` on.
    void require_below(ptrdiff_t extent, ptrdiff_t first, ptrdiff_t count) const;

    const std::int64_t* data() const { return static_cast<const std::int64_t*>(array_.data()); }
    ptrdiff_t size() const { return array_.size(); }

  private:
    const char *function_, *argument_;
    py::array array_;
};

// An int64 array of one element that the kernel may change.
std::int64_t* counter(const char* function, const char* argument, py::array& a);

}  // namespace mmlcore::bindings
