#include "kernels/pooling.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/lanes.h"
#include "kernels/pool_numbers.h"
#include "kernels/threads.h"

namespace mmlcore {
namespace {

// The windows over images of x's shape. That of output point o holds the elements [begin, end) of each axis, which lie
// inside, and starts at `corner`.
class Windows {
  public:
    explicit Windows(const PoolShape& s) : s_(s), elements_(static_cast<std::size_t>(volume(s.kernel))) {
        const Images<const char> x{nullptr, s.n, s.channels, s.in, s.layout};
        for (int a = 0; a < 3; ++a) axis_[a] = x.axis(a);
        for (ptrdiff_t e = 0; e < volume(s.kernel); ++e)
            elements_[e] = e / (s.kernel[1] * s.kernel[2]) * axis_[0] + e / s.kernel[2] % s.kernel[1] * axis_[1] +
                           e % s.kernel[2] * axis_[2];
    }

    struct Window {
        Extent begin, end;
        ptrdiff_t corner;  // an offset in an image of x; outside it where begin is not 0
        bool whole;

        ptrdiff_t count() const { return (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]); }
    };

    Window at(const Extent& o) const {
        Window w{{}, s_.kernel, 0, true};
        for (int a = 0; a < 3; ++a) {
            const ptrdiff_t corner = o[a] * s_.stride[a] - s_.before[a];
            w.corner += corner * axis_[a];
            if (corner >= 0 && corner + s_.kernel[a] <= s_.in[a]) continue;
            w.whole = false;
            w.begin[a] = std::clamp<ptrdiff_t>(-corner, 0, s_.kernel[a]);
            w.end[a] = std::clamp<ptrdiff_t>(s_.in[a] - corner, w.begin[a], s_.kernel[a]);
        }
        return w;
    }

    // body(k, window of output point (i, j, k)) along the last axis: from one whole window to the next is one step.
    template <class Body>
    void for_each_of_row(ptrdiff_t i, ptrdiff_t j, Body&& body) const {
        Window w{};
        for (ptrdiff_t k = 0; k < s_.out[2]; ++k) {
            const ptrdiff_t corner = k * s_.stride[2] - s_.before[2];
            if (w.whole && corner >= 0 && corner + s_.kernel[2] <= s_.in[2])
                w.corner += s_.stride[2] * axis_[2];
            else
                w = at({i, j, k});
            body(k, w);
        }
    }

    // body(number of the element, its offset in an image) for all that lie inside
    template <class Body>
    void for_each(const Window& w, Body&& body) const {
        if (w.whole) {
            for (std::size_t e = 0; e < elements_.size(); ++e) body(static_cast<ptrdiff_t>(e), w.corner + elements_[e]);
            return;
        }
        for (ptrdiff_t a = w.begin[0]; a < w.end[0]; ++a)
            for (ptrdiff_t b = w.begin[1]; b < w.end[1]; ++b)
                for (ptrdiff_t c = w.begin[2]; c < w.end[2]; ++c) {
                    const ptrdiff_t e = (a * s_.kernel[1] + b) * s_.kernel[2] + c;
                    body(e, w.corner + elements_[e]);
                }
    }

    // Elements of a whole one.
    ptrdiff_t size() const { return static_cast<ptrdiff_t>(elements_.size()); }

    // The number of the first element that lies inside.
    ptrdiff_t first(const Window& w) const {
        return (w.begin[0] * s_.kernel[1] + w.begin[1]) * s_.kernel[2] + w.begin[2];
    }

    // The offset of the element of that number, or -1 where it lies outside.
    ptrdiff_t offset_of(const Window& w, ptrdiff_t number) const {
        const ptrdiff_t c = number % s_.kernel[2], b = number / s_.kernel[2] % s_.kernel[1],
                        a = number / s_.kernel[2] / s_.kernel[1];
        const bool inside = number >= 0 && a >= w.begin[0] && a < w.end[0] && b >= w.begin[1] && b < w.end[1] &&
                            c >= w.begin[2] && c < w.end[2];
        return inside ? w.corner + elements_[number] : -1;
    }

  private:
    const PoolShape s_;
    Extent axis_;
    std::vector<ptrdiff_t> elements_;
};

template <class T>
Images<T> inputs(T* x, const PoolShape& s) {
    return {x, s.n, s.channels, s.in, s.layout};
}

template <class T>
Images<T> outputs(T* y, const PoolShape& s) {
    return {y, s.n, s.channels, s.out, s.layout};
}

// An output point: its image, where it lies in y, and in an array that is channels last always.
struct Point {
    ptrdiff_t image, at, place;
};

// body(output point, its window) for those of one row.
template <class T, class Body>
void for_each_of_row(const Images<T>& y, const Windows& windows, ptrdiff_t n, ptrdiff_t i, ptrdiff_t j, Body&& body) {
    const ptrdiff_t row = (((n * y.size[0] + i) * y.size[1] + j) * y.size[2]) * y.channels;
    const ptrdiff_t first = y.at(n, {i, j, 0}), step = y.axis(2);
    windows.for_each_of_row(i, j, [&, c = y.channels](ptrdiff_t k, const Windows::Window& window) {
        body(Point{n, first + k * step, row + k * c}, window);
    });
}

// The same for all output points; tasks are rows of an image.
template <class T, class Body>
void for_each_output(const PoolShape& s, const Images<T>& y, const Windows& windows, double cost_ns, Body&& body) {
    const ptrdiff_t rows = s.out[0] * s.out[1];
    if (volume(s.out) == 0 || s.channels == 0) return;
    const ptrdiff_t together = std::max<ptrdiff_t>(1, 2048 / (s.out[2] * s.channels));
    const ptrdiff_t all = s.n * rows;
    parallel_for((all + together - 1) / together, cost_ns, [&](ptrdiff_t task) {
        for (ptrdiff_t row = task * together; row < std::min(all, (task + 1) * together); ++row)
            for_each_of_row(y, windows, row / rows, row % rows / s.out[1], row % s.out[1], body);
    });
}

// What the search for the largest of a window starts from.
template <class T>
struct Start {
    T best;
    ptrdiff_t which;

    Start(const Windows& windows, const Windows::Window& window, bool rectified)
        : best(rectified ? T{0} : -std::numeric_limits<T>::infinity()),
          which(rectified ? windows.size() : windows.first(window)) {}
};

// One window of all channels, channels last; it holds something.
template <class T, class Index>
void largest_of_vectors(T* y, Index* number, const T* image, ptrdiff_t channels, const Windows& windows,
                        const Windows::Window& window, const Start<T>& start) {
    using V = Vec<T>;
    using Numbers = Vec<int_as<T>>;
    for_each_vector<V>(0, channels, [&](ptrdiff_t c, auto here) {
        V best = broadcast<V>(start.best);
        Numbers which = Numbers{} + static_cast<int_as<T>>(start.which);
        windows.for_each(window, [&](ptrdiff_t element, ptrdiff_t at) {
            const V v = load_lanes<V>(image + at + c, here);
            const auto larger = ~(v <= best) & (best == best);  // NaN is larger, and stays
            best = larger ? v : best;
            which = larger ? Numbers{} + static_cast<int_as<T>>(element) : which;
        });
        store_lanes(y + c, best, here);
        store_numbers<T>(number + c, which, here);
    });
}

// The same without the numbers: max forgets a NaN, so that these are noted beside it.
template <class T>
void largest_values(T* y, const T* image, ptrdiff_t channels, const Windows& windows, const Windows::Window& window,
                    T start) {
    using V = Vec<T>;
    for_each_vector<V>(0, channels, [&](ptrdiff_t c, auto here) {
        V best = broadcast<V>(start);
        auto missing = best != best;
        windows.for_each(window, [&](ptrdiff_t, ptrdiff_t at) {
            const V v = load_lanes<V>(image + at + c, here);
            best = vmax(v, best);  // best where they are equal, -0 and 0 too
            missing |= v != v;
        });
        store_lanes(y + c, missing ? broadcast<V>(std::numeric_limits<T>::quiet_NaN()) : best, here);
    });
}

// One window of a channel after the other.
template <class T, class Index>
void largest_of_numbers(T* y, ptrdiff_t channel_of_y, Index* number, const T* image, ptrdiff_t channel_of_x,
                        ptrdiff_t channels, const Windows& windows, const Windows::Window& window,
                        const Start<T>& start) {
    for (ptrdiff_t c = 0; c < channels; ++c) {
        T best = start.best;
        ptrdiff_t which = start.which;
        windows.for_each(window, [&](ptrdiff_t element, ptrdiff_t at) {
            const T v = image[at + c * channel_of_x];
            if (!(v > best || (v != v && best == best))) return;
            best = v;
            which = element;
        });
        y[c * channel_of_y] = best;
        if (number) number[c] = static_cast<Index>(which);
    }
}

// body(output point, its window) adds to dx, which starts at 0; tasks are images, because windows may overlap.
template <class T, class Body>
void for_each_image(const PoolShape& s, const Images<T>& dx, const Images<const T>& dy, const Windows& windows,
                    double cost_ns, Body&& body) {
    parallel_for(s.n, cost_ns, [&](ptrdiff_t n) {
        std::fill(dx.data + n * dx.image(), dx.data + (n + 1) * dx.image(), T{0});
        if (s.channels == 0) return;
        for (ptrdiff_t i = 0; i < s.out[0]; ++i)
            for (ptrdiff_t j = 0; j < s.out[1]; ++j) for_each_of_row(dy, windows, n, i, j, body);
    });
}

// Whether every input point belongs to exactly one window, all of them whole.
bool is_tiling(const PoolShape& s) {
    bool tiling = s.channels > 0;
    for (int a = 0; a < 3; ++a)
        tiling = tiling && s.kernel[a] == s.stride[a] && s.before[a] == 0 && s.out[a] * s.stride[a] == s.in[a];
    return tiling;
}

// image(element) += dy where the element is the window's largest, or = if each is written once.
template <class T, class Index>
void scatter_vectors(T* image, const T* g, const Index* numbers, bool once, ptrdiff_t channels, const Windows& windows,
                     const Windows::Window& window) {
    using V = Vec<T>;
    for_each_vector<V>(0, channels, [&](ptrdiff_t c, auto here) {
        const auto which = load_numbers<T>(numbers + c, here);
        const V value = load_lanes<V>(g + c, here);
        windows.for_each(window, [&](ptrdiff_t element, ptrdiff_t at) {
            V share = which == static_cast<int_as<T>>(element) ? value : V{};
            if (!once) share += load_lanes<V>(image + at + c, here);
            store_lanes(image + at + c, share, here);
        });
    });
}

}  // namespace

template <class T, class Index>
void max_pool(T* y, Index* number, const T* x, bool rectified, const PoolShape& s) {
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    const Windows windows(s);
    const ptrdiff_t image = from.image(), channel_of_x = from.channel(), channel_of_y = to.channel();
    for_each_output(s, to, windows, pool_cost_ns<T>(s), [&](const Point& p, const Windows::Window& window) {
        const T* source = x + p.image * image;
        T* result = y + p.at;
        Index* numbers = number ? number + p.place : nullptr;
        const Start<T> start(windows, window, rectified);
        if (!window.whole && window.count() == 0) {
            for (ptrdiff_t c = 0; c < s.channels; ++c) result[c * channel_of_y] = 0;
            if (numbers) std::fill(numbers, numbers + s.channels, Index{0});
        } else if (s.layout == Layout::channels_last && !numbers) {
            largest_values(result, source, s.channels, windows, window, start.best);
        } else if (s.layout == Layout::channels_last) {
            largest_of_vectors(result, numbers, source, s.channels, windows, window, start);
        } else {
            largest_of_numbers(result, channel_of_y, numbers, source, channel_of_x, s.channels, windows, window, start);
        }
    });
}

template <class T, class Index>
void max_pool_gradient(T* dx, const T* dy, const Index* number, const PoolShape& s) {
    const Images<T> to = inputs(dx, s);
    const Images<const T> from = outputs(dy, s);
    const Windows windows(s);
    const bool once = is_tiling(s);
    const ptrdiff_t size = to.image(), channel_of_x = to.channel(), channel_of_y = from.channel();
    auto one = [&](const Point& p, const Windows::Window& window) {
        const T* g = dy + p.at;
        const Index* numbers = number + p.place;
        T* image = dx + p.image * size;
        if (s.layout == Layout::channels_last) {
            scatter_vectors(image, g, numbers, once, s.channels, windows, window);
            return;
        }
        for (ptrdiff_t c = 0; c < s.channels; ++c) {
            const ptrdiff_t at = windows.offset_of(window, numbers[c]);
            if (at >= 0) image[at + c * channel_of_x] += g[c * channel_of_y];
        }
    };
    if (once && s.layout == Layout::channels_last)
        for_each_output(s, from, windows, pool_cost_ns<T>(s), one);
    else
        for_each_image(s, to, from, windows, pool_cost_ns<T>(s), one);
}

template <class T, class Index>
void max_pool_select(T* y, const T* x, const Index* number, const PoolShape& s) {
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    const Windows windows(s);
    for_each_output(s, to, windows, pool_cost_ns<T>(s), [&](const Point& p, const Windows::Window& window) {
        for (ptrdiff_t c = 0; c < s.channels; ++c) {
            const ptrdiff_t at = windows.offset_of(window, number[p.place + c]);
            y[p.at + c * to.channel()] = at < 0 ? T{0} : x[p.image * from.image() + at + c * from.channel()];
        }
    });
}

template <class T>
void average_pool(T* y, const T* x, bool mean, const PoolShape& s) {
    using V = Vec<T>;
    const Images<const T> from = inputs(x, s);
    const Images<T> to = outputs(y, s);
    const Windows windows(s);
    const ptrdiff_t size = from.image();
    for_each_output(s, to, windows, pool_cost_ns<T>(s), [&](const Point& p, const Windows::Window& window) {
        const T* image = x + p.image * size;
        T* result = y + p.at;
        const T share = mean ? T{1} / static_cast<T>(std::max<ptrdiff_t>(window.count(), 1)) : T{1};
        if (s.layout == Layout::channels_last) {
            for_each_vector<V>(0, s.channels, [&](ptrdiff_t c, auto here) {
                V sum{};
                windows.for_each(window, [&](ptrdiff_t, ptrdiff_t at) { sum += load_lanes<V>(image + at + c, here); });
                store_lanes(result + c, sum * broadcast<V>(share), here);
            });
            return;
        }
        for (ptrdiff_t c = 0; c < s.channels; ++c) {
            T sum = 0;
            windows.for_each(window, [&](ptrdiff_t, ptrdiff_t at) { sum += image[at + c * from.channel()]; });
            result[c * to.channel()] = sum * share;
        }
    });
}

template <class T>
void average_pool_gradient(T* dx, const T* dy, bool mean, const PoolShape& s) {
    using V = Vec<T>;
    const Images<T> to = inputs(dx, s);
    const Images<const T> from = outputs(dy, s);
    const Windows windows(s);
    for_each_image(s, to, from, windows, pool_cost_ns<T>(s), [&](const Point& p, const Windows::Window& window) {
        const T* g = dy + p.at;
        T* image = dx + p.image * to.image();
        const T share = mean ? T{1} / static_cast<T>(std::max<ptrdiff_t>(window.count(), 1)) : T{1};
        windows.for_each(window, [&](ptrdiff_t, ptrdiff_t at) {
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
    template void max_pool<T, std::uint8_t>(T*, std::uint8_t*, const T*, bool, const PoolShape&);          \
    template void max_pool<T, std::int32_t>(T*, std::int32_t*, const T*, bool, const PoolShape&);          \
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
