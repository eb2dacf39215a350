#include "kernels/pooled_convolution.h"

#include "kernels/few_channels.h"
#include "kernels/pooling.h"
#include "kernels/winograd.h"

namespace mmlcore {

using namespace convolution;

namespace {

template <class T>
void largest_of_tile(T* p, std::uint8_t* number, const T* M, ptrdiff_t spot, const T* bias, ptrdiff_t filters) {
    for_each_vector<Vec<T>>(0, filters, [&](ptrdiff_t f, auto here) {
        const TileOutputs<T, decltype(here)> z(M + f, spot, bias ? bias + f : nullptr, here);
        store_largest(p + f, number ? number + f : nullptr, {z.upper[0], z.upper[1], z.lower[0], z.lower[1]}, here);
    });
}

// A tile of 2×2 outputs is a window.
template <class T>
void forward_by_tiles(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias, const ConvShape& s) {
    const ptrdiff_t rows = s.out[1] / 2, columns = s.out[2] / 2, f = s.filters;
    const WinogradFilters<T> filters(w, s.channels, f, false);
    winograd_products(2 * rows, 2 * columns, inputs(x, s), Values<T>{x}, s.before, filters, conv_cost_ns(s) / 2,
                      [&](const TileBlock& b, auto&& go) {
                          go([&](const TileProducts<T>& products) {
                              for_each_tile(b, products.first, products.count,
                                            [&](ptrdiff_t t, ptrdiff_t n, ptrdiff_t i, ptrdiff_t j) {
                                                const ptrdiff_t row = (b.image + n) * rows + b.row + i;
                                                const ptrdiff_t at = (row * columns + b.column + j) * f;
                                                largest_of_tile(p + at, number ? number + at : nullptr,
                                                                products.M + t * products.line, products.spot, bias, f);
                                            });
                          });
                      });
}

// The rows [first, first + count) of z of one picture as a convolution of their own; *x is moved to where it begins.
template <class T>
ConvShape strip_of(const ConvShape& s, const T** x, ptrdiff_t first, ptrdiff_t count) {
    ConvShape strip = s;
    const ptrdiff_t begin = first * s.stride[1] - s.before[1];
    const ptrdiff_t end = begin + (count - 1) * s.stride[1] + (s.kernel[1] - 1) * s.dilation[1] + 1;
    const ptrdiff_t low = std::clamp<ptrdiff_t>(begin, 0, s.in[1]);
    strip.n = 1;
    strip.out[1] = count;
    strip.in[1] = std::clamp<ptrdiff_t>(end, low, s.in[1]) - low;
    strip.before[1] = low - begin;
    *x += low * s.in[2] * s.channels;
    return strip;
}

// z of some pictures, or of some rows of one, which stays in the cache; then its windows.
template <class T>
void forward_by_parts(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias, const ConvShape& s) {
    const ptrdiff_t rows = s.out[1] / 2, columns = s.out[2] / 2, source = volume(s.in) * s.channels;
    const ptrdiff_t row = s.out[2] * s.filters, room = kAsideBytes / static_cast<ptrdiff_t>(sizeof(T));
    const ptrdiff_t high = std::clamp<ptrdiff_t>(room / (2 * row), 1, rows), strips = ceil_div(rows, high);
    const ptrdiff_t together =
        strips > 1 ? 1 : std::clamp<ptrdiff_t>(std::min(room / (2 * rows * row), s.n / kPortionsWanted), 1, s.n);
    parallel_for(ceil_div(s.n, together) * strips, conv_cost_ns(s), [&](ptrdiff_t task) {
        const ptrdiff_t image = task / strips * together, first = task % strips * high;
        const ptrdiff_t count = std::min(high, rows - first), images = std::min(together, s.n - image);
        const T* from = x + image * source;
        ConvShape part = s;
        part.n = images;
        if (strips > 1) part = strip_of(s, &from, 2 * first, 2 * count);
        const PoolShape pool{images, s.filters, part.out, {1, count, columns}, {1, 2, 2}, {1, 2, 2}, {}, s.layout};
        const Workspace<T> z(images * volume(part.out) * s.filters);
        conv_forward(z.data(), from, w, bias, Activation::linear, part);
        const ptrdiff_t at = (image * rows + first) * columns * s.filters;
        max_pool(p + at, number ? number + at : nullptr, z.data(), true, pool);
    });
}

}  // namespace

template <class T>
void pooled_conv_forward(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias, const ConvShape& s) {
    if (s.n == 0 || s.filters == 0 || s.out[1] < 2 || s.out[2] < 2) return;
    if (suits_winograd<T>(s, s.channels, s.filters))
        forward_by_tiles(p, number, x, w, bias, s);
    else if (has_few_channels(s))
        FewChannels<T>(s).run(p, number, x, w, bias);
    else
        forward_by_parts(p, number, x, w, bias, s);
}

#define MMLCORE_INSTANTIATE(T) \
    template void pooled_conv_forward<T>(T*, std::uint8_t*, const T*, const T*, const T*, const ConvShape&);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
