// Images as convolutions and pools see them: n volumes with `channels` numbers at every point. A picture is a volume
// whose first extent is 1, a sequence one whose first two are.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

namespace mmlcore {

using std::ptrdiff_t;

using Extent = std::array<ptrdiff_t, 3>;

inline ptrdiff_t volume(const Extent& e) {
    return e[0] * e[1] * e[2];
}

// The product of sizes, or 2⁶² where it is larger: for comparing with a limit.
inline ptrdiff_t product_of_sizes(std::initializer_list<ptrdiff_t> sizes) {
    constexpr ptrdiff_t kMost = ptrdiff_t{1} << 62;
    ptrdiff_t product = 1;
    for (const ptrdiff_t size : sizes)
        if (__builtin_mul_overflow(product, size, &product) || product > kMost) product = kMost;
    return product;
}

enum class Layout { channels_last, channels_first };  // n × d0 × d1 × d2 × channels, n × channels × d0 × d1 × d2

template <class T>
struct Images {
    T* data;
    ptrdiff_t n, channels;
    Extent size;
    Layout layout;

    ptrdiff_t image() const { return volume(size) * channels; }
    ptrdiff_t channel() const { return layout == Layout::channels_last ? 1 : volume(size); }
    ptrdiff_t axis(int a) const {
        const ptrdiff_t last = layout == Layout::channels_last ? channels : 1;
        return last * (a == 2 ? 1 : a == 1 ? size[2] : size[1] * size[2]);
    }
    ptrdiff_t at(ptrdiff_t i, const Extent& p) const {
        return i * image() + p[0] * axis(0) + p[1] * axis(1) + p[2] * axis(2);
    }
};

}  // namespace mmlcore
