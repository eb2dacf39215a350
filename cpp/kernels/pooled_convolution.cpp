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

// Some pictures at once: z, which stays in the cache, then its windows.
template <class T>
void forward_by_parts(T* p, std::uint8_t* number, const T* x, const T* w, const T* bias, const ConvShape& s) {
    const ptrdiff_t size = volume(s.out) * s.filters, source = volume(s.in) * s.channels;
    const PoolShape all{s.n, s.filters, s.out, {1, s.out[1] / 2, s.out[2] / 2}, {1, 2, 2}, {1, 2, 2}, {}, s.layout};
    const ptrdiff_t windows = volume(all.out) * s.filters;
    const ptrdiff_t fit = kAsideBytes / static_cast<ptrdiff_t>(sizeof(T)) / std::max<ptrdiff_t>(size, 1);
    const ptrdiff_t together = std::clamp<ptrdiff_t>(std::min(fit, s.n / kPortionsWanted), 1, s.n);
    parallel_for(ceil_div(s.n, together), conv_cost_ns(s), [&](ptrdiff_t task) {
        const ptrdiff_t first = task * together;
        ConvShape part = s;
        PoolShape pool = all;
        part.n = pool.n = std::min(together, s.n - first);
        const Workspace<T> z(part.n * size);
        conv_forward(z.data(), x + first * source, w, bias, Activation::linear, part);
        max_pool(p + first * windows, number ? number + first * windows : nullptr, z.data(), true, pool);
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
