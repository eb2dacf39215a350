// Loops over vectors that write their body once for the full vectors and for the incomplete last one, and reductions
// across the lanes of a vector.
#pragma once

#include <cstddef>
#include <utility>

#include "kernels/simd.h"

namespace mmlcore {

// All lanes of a vector, where a number says "the first so many".
struct AllLanes {};

// Lanes that are not loaded hold those of `others`.
template <class V>
inline V load_lanes(const lane_t<V>* p, AllLanes, V = V{}) {
    return load<V>(p);
}

template <class V>
inline V load_lanes(const lane_t<V>* p, std::ptrdiff_t count, V others = V{}) {
    return load_first<V>(p, count, others);
}

template <class V>
inline void store_lanes(lane_t<V>* p, V v, AllLanes) {
    store(p, v);
}

template <class V>
inline void store_lanes(lane_t<V>* p, V v, std::ptrdiff_t count) {
    store_first(p, v, count);
}

// body(i, count) for i = begin, begin + lanes, …: count is AllLanes, or the number of elements left at the end.
template <class V, class Body>
inline void for_each_vector(std::ptrdiff_t begin, std::ptrdiff_t end, Body&& body) {
    std::ptrdiff_t i = begin;
    for (; i + lanes<V> <= end; i += lanes<V>) body(i, AllLanes{});
    if (i < end) body(i, end - i);
}

namespace detail {

template <int Shift, class V, std::size_t... I>
inline V rotated(V v, std::index_sequence<I...>) {
    return __builtin_shufflevector(v, v, ((I + Shift) % sizeof...(I))...);
}

template <int Shift, class V, class Combine>
inline V fold(V v, Combine combine) {
    if constexpr (Shift > 0)
        return fold<Shift / 2>(combine(v, rotated<Shift>(v, std::make_index_sequence<lanes<V>>{})), combine);
    else
        return v;
}

}  // namespace detail

// combine(V, V) over all lanes, as a tree: log2(lanes) steps.
template <class V, class Combine>
inline lane_t<V> fold_lanes(V v, Combine combine) {
    return detail::fold<lanes<V> / 2>(v, combine)[0];
}

template <class V>
inline lane_t<V> sum_lanes(V v) {
    return fold_lanes(v, [](V a, V b) { return a + b; });
}

}  // namespace mmlcore
