#include "kernels/pooling.h"

#include <algorithm>

#include "kernels/threads.h"

namespace mmlcore {
namespace {

// Elements of the window at output point o that lie inside: [begin, end) of each axis, and where the window starts.
struct Window {
    Extent begin, end, corner;

    Window(const PoolShape& s, const Extent& o) {
        for (int a = 0; a < 3; ++a) {
            corner[a] = o[a] * s.stride[a] - s.before[a];
            begin[a] = std::clamp<ptrdiff_t>(-corner[a], 0, s.kernel[a]);
            end[a] = std::clamp<ptrdiff_t>(s.in[a] - corner[a], begin[a], s.kernel[a]);
        }
    }
    ptrdiff_t count() const { return (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]); }

    // body(number of the element, its offset in x's image)
    template <class T, class Body>
    void for_each(const Images<T>& x, const Extent& kernel, Body&& body) const {
        for (ptrdiff_t a = begin[0]; a < end[0]; ++a)
            for (ptrdiff_t b = begin[1]; b < end[1]; ++b)
                for (ptrdiff_t c = begin[2]; c < end[2]; ++c)
                    body((a * kernel[1] + b) * kernel[2] + c, x.at(0, {corner[0] + a, corner[1] + b, corner[2] + c}));
    }
};

// A vector of numbers to and from memory, the first lanes or all.
template <class T, class Index, class Count>
void store_numbers(Index* to, Vec<int_as<T>> numbers, Count here) {
    typedef Index Narrow __attribute__((vector_size(sizeof(Index) * lanes<Vec<T>>)));
    const Narrow narrow = __builtin_convertvector(numbers, Narrow);
    if constexpr (std::is_same_v<Count, AllLanes>)
        std::memcpy(to, &narrow, sizeof narrow);
    else
        std::memcpy(to, &narrow, here * sizeof(Index));
}

template <class T, class Index, class Count>
Vec<int_as<T>> load_numbers(const Index* from, Count here) {
    typedef Index Narrow __attribute__((vector_size(sizeof(Index) * lanes<Vec<T>>)));
    Narrow narrow{};
    if constexpr (std::is_same_v<Count, AllLanes>)
        std::memcpy(&narrow, from, sizeof narrow);
    else
        std::memcpy(&narrow, from, here * sizeof(Index));
    return __builtin_convertvector(narrow, Vec<int_as<T>>);
}

// body(image, output point, its place in y's image) for all output points; tasks are rows of an image.
template <class Body>
void for_each_output(const PoolShape& s, double cost_ns, Body&& body) {
    const ptrdiff_t rows = s.out[0] * s.out[1];
    if (volume(s.out) == 0 || s.channels == 0) return;
    const ptrdiff_t together = std::max<ptrdiff_t>(1, 2048 / (s.out[2] * s.channels));
    const ptrdiff_t all = s.n * rows;
    parallel_for((all + together - 1) / together, cost_ns, [&](ptrdiff_t task) {
        for (ptrdiff_t row = task * together; row < std::min(all, (task + 1) * together); ++row)
            for (ptrdiff_t k = 0; k < s.out[2]; ++k) body(row / rows, Extent{row % rows / s.out[1], row % s.out[1], k});
    });
}

template <class T>
Images<T> inputs(T* x, const PoolShape& s) {
    return {x, s.n, s.channels, s.in, s.layout};
}

template <class T>
Images<T> outputs(T* y, const PoolShape& s) {
    return {y, s.n, s.channels, s.out, s.layout};
}

ptrdiff_t place_of(const PoolShape& s, ptrdiff_t n, const Extent& o) {
    return (((n * s.out[0] + o[0]) * s.out[1] + o[1]) * s.out[2] + o[2]) * s.channels;
}

// One window of all channels, channels last.
template <class T, class Index>
void largest_of_vectors(T* y, Index* number, const T* image, const Images<const T>& x, const PoolShape& s,
                        const Window& window) {
    using V = Vec<T>;
    for_each_vector<V>(0, s.channels, [&](ptrdiff_t c, auto here) {
        V best{};
        Vec<int_as<T>> which{};
        bool first = true;
        window.for_each(x, s.kernel, [&](ptrdiff_t element, ptrdiff_t at) {
            const V v = load_lanes<V>(image + at + c, here);
            const auto larger = first ? (v == v) | (v != v) : (v > best) | ((v != v) & (best == best));
            first = false;
            best = larger ? v : best;
            which = larger ? Vec<int_as<T>>{} + static_cast<int_as<T>>(element) : which;
        });
        store_lanes(y + c, best, here);
        if (number) store_numbers<T>(number + c, which, here);
    });
}

template <class T, class Index>
void largest_of_numbers(T* y, ptrdiff_t channel_of_y, Index* number, const T* image, const Images<const T>& x,
                        const PoolShape& s, const Window& window) {
    for (ptrdiff_t c = 0; c < s.channels; ++c) {
        T best = 0;
        ptrdiff_t which = -1;
        window.for_each(x, s.kernel, [&](ptrdiff_t element, ptrdiff_t at) {
            const T v = image[at + c * x.channel()];
            if (which >= 0 && !(v > best || (v != v && best == best))) return;
            best = v;
            which = element;
        });
        y[c * channel_of_y] = best;
        if (number) number[c] = static_cast<Index>(std::max<ptrdiff_t>(which, 0));
    }
}

// The offset in x's image of the element of a window with that number.
template <class T>
ptrdiff_t offset_of(const Images<T>& x, const PoolShape& s, const Window& window, ptrdiff_t number) {
    const ptrdiff_t c = number % s.kernel[2], b = number / s.kernel[2] % s.kernel[1],
                    a = number / s.kernel[2] / s.kernel[1];
    const bool inside = a >= window.begin[0] && a < window.end[0] && b >= window.begin[1] && b < window.end[1] &&
                        c >= window.begin[2] && c < window.end[2];
    return inside ? x.at(0, {window.corner[0] + a, window.corner[1] + b, window.corner[2] + c}) : -1;
}

// dx starts at 0, then body(image, output point) adds to it; tasks are images, because windows may overlap.
template <class T, class Body>
void for_each_image(const Images<T>& dx, const PoolShape& s, double cost_ns, Body&& body) {
    parallel_for(s.n, cost_ns, [&](ptrdiff_t n) {
        std::fill(dx.data + n * dx.image(), dx.data + (n + 1) * dx.image(), T{0});
        if (s.channels == 0) return;
        for (ptrdiff_t i = 0; i < s.out[0]; ++i)
            for (ptrdiff_t j = 0; j < s.out[1]; ++j)
                for (ptrdiff_t k = 0; k < s.out[2]; ++k) body(n, Extent{i, j, k});
    });
}

}  // namespace

template <class T, class Index>
void max_pool(T* y, Index* number, const T* x, const PoolShape& s) {
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    for_each_output(s, pool_cost_ns<T>(s), [&](ptrdiff_t n, const Extent& o) {
        const Window window(s, o);
        const T* image = x + n * from.image();
        Index* numbers = number ? number + place_of(s, n, o) : nullptr;
        if (s.layout == Layout::channels_last)
            largest_of_vectors(y + to.at(n, o), numbers, image, from, s, window);
        else
            largest_of_numbers(y + to.at(n, o), to.channel(), numbers, image, from, s, window);
    });
}

template <class T, class Index>
void max_pool_gradient(T* dx, const T* dy, const Index* number, const PoolShape& s) {
    using V = Vec<T>;
    const Images<T> to = inputs(dx, s);
    const Images<const T> from = outputs(dy, s);
    for_each_image(to, s, pool_cost_ns<T>(s), [&](ptrdiff_t n, const Extent& o) {
        const Window window(s, o);
        const T* g = dy + from.at(n, o);
        const Index* numbers = number + place_of(s, n, o);
        T* image = dx + n * to.image();
        if (s.layout == Layout::channels_first) {
            for (ptrdiff_t c = 0; c < s.channels; ++c) {
                const ptrdiff_t at = offset_of(to, s, window, numbers[c]);
                if (at >= 0) image[at + c * to.channel()] += g[c * from.channel()];
            }
            return;
        }
        for_each_vector<V>(0, s.channels, [&](ptrdiff_t c, auto here) {
            const auto which = load_numbers<T>(numbers + c, here);
            const V value = load_lanes<V>(g + c, here);
            window.for_each(to, s.kernel, [&](ptrdiff_t element, ptrdiff_t at) {
                const V share = which == static_cast<int_as<T>>(element) ? value : V{};
                store_lanes(image + at + c, load_lanes<V>(image + at + c, here) + share, here);
            });
        });
    });
}

template <class T, class Index>
void max_pool_select(T* y, const T* x, const Index* number, const PoolShape& s) {
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    for_each_output(s, pool_cost_ns<T>(s), [&](ptrdiff_t n, const Extent& o) {
        const Window window(s, o);
        const Index* numbers = number + place_of(s, n, o);
        for (ptrdiff_t c = 0; c < s.channels; ++c) {
            const ptrdiff_t at = offset_of(from, s, window, numbers[c]);
            y[to.at(n, o) + c * to.channel()] = at < 0 ? T{0} : x[n * from.image() + at + c * from.channel()];
        }
    });
}

template <class T>
void average_pool(T* y, const T* x, bool mean, const PoolShape& s) {
    using V = Vec<T>;
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    for_each_output(s, pool_cost_ns<T>(s), [&](ptrdiff_t n, const Extent& o) {
        const Window window(s, o);
        const T* image = x + n * from.image();
        T* result = y + to.at(n, o);
        const T share = mean ? T{1} / static_cast<T>(std::max<ptrdiff_t>(window.count(), 1)) : T{1};
        if (s.layout == Layout::channels_last) {
            for_each_vector<V>(0, s.channels, [&](ptrdiff_t c, auto here) {
                V sum{};
                window.for_each(from, s.kernel,
                                [&](ptrdiff_t, ptrdiff_t at) { sum += load_lanes<V>(image + at + c, here); });
                store_lanes(result + c, sum * broadcast<V>(share), here);
            });
            return;
        }
        for (ptrdiff_t c = 0; c < s.channels; ++c) {
            T sum = 0;
            window.for_each(from, s.kernel, [&](ptrdiff_t, ptrdiff_t at) { sum += image[at + c * from.channel()]; });
            result[c * to.channel()] = sum * share;
        }
    });
}

template <class T>
void average_pool_gradient(T* dx, const T* dy, bool mean, const PoolShape& s) {
    using V = Vec<T>;
    const Images<T> to = inputs(dx, s);
    const Images<const T> from = outputs(dy, s);
    for_each_image(to, s, pool_cost_ns<T>(s), [&](ptrdiff_t n, const Extent& o) {
        const Window window(s, o);
        const T* g = dy + from.at(n, o);
        T* image = dx + n * to.image();
        const T share = mean ? T{1} / static_cast<T>(std::max<ptrdiff_t>(window.count(), 1)) : T{1};
        window.for_each(to, s.kernel, [&](ptrdiff_t, ptrdiff_t at) {
            if (s.layout == Layout::channels_last)
                for_each_vector<V>(0, s.channels, [&](ptrdiff_t c, auto here) {
                    const V value = load_lanes<V>(g + c, here) * broadcast<V>(share);
                    store_lanes(image + at + c, load_lanes<V>(image + at + c, here) + value, here);
                });
            else
                for (ptrdiff_t c = 0; c < s.channels; ++c)
                    image[at + c * to.channel()] += g[c * from.channel()] * share;
        });
    });
}

#define MMLCORE_INSTANTIATE(T)                                                                             \
    template void max_pool<T, std::uint8_t>(T*, std::uint8_t*, const T*, const PoolShape&);                \
    template void max_pool<T, std::int32_t>(T*, std::int32_t*, const T*, const PoolShape&);                \
    template void max_pool_gradient<T, std::uint8_t>(T*, const T*, const std::uint8_t*, const PoolShape&); \
    template void max_pool_gradient<T, std::int32_t>(T*, const T*, const std::int32_t*, const PoolShape&); \
    template void max_pool_select<T, std::uint8_t>(T*, const T*, const std::uint8_t*, const PoolShape&);   \
    template void max_pool_select<T, std::int32_t>(T*, const T*, const std::int32_t*, const PoolShape&);   \
    template void average_pool<T>(T*, const T*, bool, const PoolShape&);                                   \
    template void average_pool_gradient<T>(T*, const T*, bool, const PoolShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
