// What the factorisations' bindings share: stacks of matrices (the last two axes), looped over in parallel when they
// are many, and which of them failed.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "bindings/arrays.h"
#include "bindings/submit.h"
#include "kernels/threads.h"

namespace mmlcore::bindings {

// A stack of matrices, C-contiguous: `count` of rows × cols.
struct StackShape {
    ptrdiff_t count, rows, cols;
};

inline StackShape stack_shape(const char* function, const char* argument, const py::array& a) {
    if (a.ndim() < 2)
        throw_value(function, argument, "at least two-dimensional", std::to_string(a.ndim()) + " dimensions");
    StackShape shape{1, a.shape(a.ndim() - 2), a.shape(a.ndim() - 1)};
    for (ptrdiff_t axis = 0; axis < a.ndim() - 2; ++axis) shape.count *= a.shape(axis);
    return shape;
}

inline StackShape square_stack(const char* function, const char* argument, const py::array& a) {
    const StackShape shape = stack_shape(function, argument, a);
    if (shape.rows != shape.cols) throw_value(function, argument, "a stack of square matrices", shape_text(a));
    return shape;
}

inline void require_size(const char* function, const char* argument, ptrdiff_t size, ptrdiff_t expected) {
    if (size != expected)
        throw_value(function, argument, "of " + std::to_string(expected) + " elements", std::to_string(size));
}

// (matrix, pivot) of the first failure, or None.
using Failure = std::optional<std::pair<ptrdiff_t, ptrdiff_t>>;

// one(i) for every matrix of the stack returns -1 or the pivot that failed.
template <class One>
Failure over_stack(ptrdiff_t count, double cost_each_ns, One&& one) {
    ptrdiff_t first = count, pivot_of_first = -1;
    std::mutex lock;
    auto run = [&](ptrdiff_t i) {
        const ptrdiff_t pivot = one(i);
        if (pivot < 0) return;
        std::lock_guard<std::mutex> hold(lock);
        if (i < first) {
            first = i;
            pivot_of_first = pivot;
        }
    };
    answer(static_cast<double>(count) * cost_each_ns, [&] {
        if (count < 2 || cost_each_ns > 1e6) {  // large ones are parallel inside
            for (ptrdiff_t i = 0; i < count; ++i) run(i);
            return;
        }
        const auto grain = static_cast<ptrdiff_t>(std::max(5e3 / cost_each_ns, 1.0));
        parallel_chunks(count, grain, static_cast<double>(count) * cost_each_ns, [&](ptrdiff_t begin, ptrdiff_t end) {
            for (ptrdiff_t i = begin; i < end; ++i) run(i);
        });
    });
    if (pivot_of_first < 0) return std::nullopt;
    return std::make_pair(first, pivot_of_first);
}

}  // namespace mmlcore::bindings
