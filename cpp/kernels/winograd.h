// Convolution with kernels of 3×3 in steps of one by Winograd's F(2×2, 3×3): the four outputs of a tile take 16
// products a channel instead of 36.
//
//   Y = Aᵀ ( G g Gᵀ ⊙ Bᵀ d B ) A     Y 2×2 outputs, d the 4×4 points that they see, g the kernel
//
// Over channels and filters the sums of ⊙ are 16 matrix products, one for each spot of a tile: (tiles × channels)
// (channels × filters). A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks" (2016), section 4.1.
// Accuracy: rounding errors are of the direct sum's size (root mean squares 0.9 to 1.35 times it), but relative to the
// largest of the 4×4 points; sums of four of them may overflow, and an infinity may become NaN.
#pragma once

#include <algorithm>

#include "kernels/convolution_parts.h"
#include "kernels/threads.h"

namespace mmlcore::convolution {

constexpr ptrdiff_t kSpots = 16;
constexpr ptrdiff_t kFilterBytes = 1 << 20;    // of filters at the spots: all tiles read them again
constexpr ptrdiff_t kTileBytes = 640 << 10;    // of a block of tiles at the spots
constexpr ptrdiff_t kFewTileBytes = 40 << 10;  // where the filters are small

// G g Gᵀ for all channels and filters, in panels for PackedRight: spot by spot, panel by panel.
template <class T>
class WinogradFilters {
  public:
    // w (3×3 × channels × filters). transposed: turned by half a circle, for the way from filters to channels.
    WinogradFilters(const T* w, ptrdiff_t channels, ptrdiff_t filters, bool transposed)
        : lines(transposed ? channels : filters),
          depth(transposed ? filters : channels),
          spot_(ceil_div(lines, NR) * NR * depth),
          memory_(kSpots * spot_ + lanes<Vec<T>>) {
        const ptrdiff_t size = channels * filters;
        const Workspace<T> plain(kSpots * size);
        for_each_vector<Vec<T>>(0, size, [&](ptrdiff_t p, auto here) {
            Vec<T> half[4][3], g[3];
            for (int b = 0; b < 3; ++b) {
                for (int a = 0; a < 3; ++a) {
                    const ptrdiff_t tap = transposed ? 8 - (3 * a + b) : 3 * a + b;
                    g[a] = load_lanes<Vec<T>>(w + tap * size + p, here);
                }
                expand(half[0][b], half[1][b], half[2][b], half[3][b], g);
            }
            for (int a = 0; a < 4; ++a) {
                Vec<T> u[4];
                expand(u[0], u[1], u[2], u[3], half[a]);
                for (int b = 0; b < 4; ++b) store_lanes(plain.data() + (4 * a + b) * size + p, u[b], here);
            }
        });
        for (ptrdiff_t spot = 0; spot < kSpots; ++spot)
            for (ptrdiff_t j = 0; j < lines; j += NR) {
                const T* from = plain.data() + spot * size;
                const MatrixView<T> view =
                    transposed ? MatrixView<T>{from + j * filters, filters, 1} : MatrixView<T>{from + j, 1, filters};
                pack_panel<T, NR>(memory_.data() + spot * spot_ + j * depth, view, std::min(NR, lines - j), depth);
            }
    }
    const T* panel(ptrdiff_t spot, ptrdiff_t j) const { return memory_.data() + spot * spot_ + j * depth; }
    ptrdiff_t padded_lines() const { return ceil_div(lines, NR) * NR; }

    static constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t lines, depth;  // output channels, and those that the sums run over

  private:
    static void expand(Vec<T>& a, Vec<T>& b, Vec<T>& c, Vec<T>& d, const Vec<T>* g) {
        const Vec<T> even = T(0.5) * (g[0] + g[2]), odd = T(0.5) * g[1];
        a = g[0];
        b = even + odd;
        c = even - odd;
        d = g[2];
    }

    const ptrdiff_t spot_;
    const Workspace<T> memory_;
};

// Tiles of 2×2 outputs: rows × columns of each of some images.
struct TileBlock {
    ptrdiff_t image, images, row, rows, column, columns;

    ptrdiff_t tiles() const { return images * rows * columns; }
};

// All tiles in blocks of about `most` tiles: whole images, or rows of one, or a part of a row.
class TileGrid {
  public:
    TileGrid(ptrdiff_t n, ptrdiff_t height, ptrdiff_t width, ptrdiff_t most, ptrdiff_t wanted)
        : n_(n), rows_(ceil_div(height, 2)), columns_(ceil_div(width, 2)) {
        most = std::clamp<ptrdiff_t>(n * rows_ * columns_ / wanted, std::min<ptrdiff_t>(most, 16), most);
        column_blocks_ = ceil_div(columns_, most);
        row_blocks_ = column_blocks_ > 1 ? rows_ : ceil_div(rows_, std::max<ptrdiff_t>(1, most / columns_));
        images_ = row_blocks_ > 1 ? 1 : std::clamp<ptrdiff_t>(most / (rows_ * columns_), 1, n);
    }

    ptrdiff_t count() const { return ceil_div(n_, images_) * row_blocks_ * column_blocks_; }
    ptrdiff_t most_tiles() const { return images_ * ceil_div(rows_, row_blocks_) * ceil_div(columns_, column_blocks_); }
    TileBlock operator[](ptrdiff_t i) const {
        const ptrdiff_t c = i % column_blocks_, r = i / column_blocks_ % row_blocks_;
        const ptrdiff_t image = i / column_blocks_ / row_blocks_ * images_;
        const ptrdiff_t row = cut(rows_, r, row_blocks_), column = cut(columns_, c, column_blocks_);
        return {image,  std::min(images_, n_ - image),
                row,    cut(rows_, r + 1, row_blocks_) - row,
                column, cut(columns_, c + 1, column_blocks_) - column};
    }

  private:
    ptrdiff_t n_, rows_, columns_, images_, row_blocks_, column_blocks_;
};

// body(its number behind `first`, image, row, column) for tiles [first, first + count) of a block.
template <class Body>
void for_each_tile(const TileBlock& b, ptrdiff_t first, ptrdiff_t count, Body&& body) {
    ptrdiff_t j = first % b.columns, i = first / b.columns % b.rows, n = first / b.columns / b.rows;
    for (ptrdiff_t t = 0; t < count; ++t) {
        body(t, n, i, j);
        if (++j < b.columns) continue;
        j = 0;
        if (++i < b.rows) continue;
        i = 0, ++n;
    }
}

// V(spot, tile, channel) = Bᵀ d B of tiles [first, first + count); the block's points lie in room
// (images × 2 rows + 2 × 2 columns + 2 × channels).
template <class T>
void to_spots(T* V, ptrdiff_t spot, const T* room, const TileBlock& b, ptrdiff_t first, ptrdiff_t count, ptrdiff_t c) {
    const ptrdiff_t row = (2 * b.columns + 2) * c;
    for_each_tile(b, first, count, [&](ptrdiff_t t, ptrdiff_t n, ptrdiff_t i, ptrdiff_t j) {
        const T* corner = room + (n * (2 * b.rows + 2) + 2 * i) * row + 2 * j * c;
        for_each_vector<Vec<T>>(0, c, [&, to = V + t * c](ptrdiff_t q, auto here) {
            T* line = to + q;
            const T *d0 = corner + q, *d1 = d0 + row, *d2 = d1 + row, *d3 = d2 + row;
            // Points are read twice: all sixteen would not stay in registers.
            auto spots_of_row = [&](const T* a, const T* b, auto combine) {
                auto at = [&](ptrdiff_t p) {
                    return combine(load_lanes<Vec<T>>(a + p, here), load_lanes<Vec<T>>(b + p, here));
                };
                const Vec<T> r0 = at(0), r1 = at(c), r2 = at(2 * c), r3 = at(3 * c);
                store_lanes(line, r0 - r2, here);
                store_lanes(line + spot, r1 + r2, here);
                store_lanes(line + 2 * spot, r2 - r1, here);
                store_lanes(line + 3 * spot, r1 - r3, here);
                line += 4 * spot;
            };
            const auto sum = [](Vec<T> a, Vec<T> b) { return a + b; };
            const auto difference = [](Vec<T> a, Vec<T> b) { return a - b; };
            spots_of_row(d0, d2, difference);
            spots_of_row(d1, d2, sum);
            spots_of_row(d2, d1, difference);
            spots_of_row(d1, d3, difference);
        });
    });
}

// The four outputs Aᵀ m A + bias of one tile and a vector of filters: m(spot) lies at from + spot · stride.
template <class T, class Count>
struct TileOutputs {
    Vec<T> upper[2], lower[2];

    TileOutputs(const T* from, ptrdiff_t stride, const T* bias, Count here) {
        Vec<T> t[2][4];
        for (int q = 0; q < 4; ++q) {
            const T* at = from + q * stride;
            const Vec<T> m0 = load_lanes<Vec<T>>(at, here), m1 = load_lanes<Vec<T>>(at + 4 * stride, here);
            const Vec<T> m2 = load_lanes<Vec<T>>(at + 8 * stride, here);
            const Vec<T> m3 = load_lanes<Vec<T>>(at + 12 * stride, here);
            t[0][q] = m0 + m1 + m2;
            t[1][q] = m1 - m2 - m3;
        }
        const Vec<T> start = bias ? load_lanes<Vec<T>>(bias, here) : Vec<T>{};
        upper[0] = t[0][0] + t[0][1] + t[0][2] + start;
        upper[1] = t[0][1] - t[0][2] - t[0][3] + start;
        lower[0] = t[1][0] + t[1][1] + t[1][2] + start;
        lower[1] = t[1][1] - t[1][2] - t[1][3] + start;
    }
};

// Where a block's outputs go: its first point, the steps from one to the next, and how many there are.
template <class T>
struct Outputs {
    T* data;
    ptrdiff_t image, row, point;
    ptrdiff_t height, width;
};

// The products of some tiles of a block: M(spot, tile, line) of [first, first + count), lines in whole panels.
template <class T>
struct TileProducts {
    const T* M;
    ptrdiff_t spot, line;  // from one to the next
    ptrdiff_t first, count;
};

// out = activate(Aᵀ M A + bias).
template <class T, class Activate>
void from_spots(const Outputs<T>& out, const TileProducts<T>& products, const TileBlock& b, ptrdiff_t filters,
                const T* bias, const Activate& activate) {
    for_each_tile(b, products.first, products.count, [&](ptrdiff_t t, ptrdiff_t n, ptrdiff_t i, ptrdiff_t j) {
        const T* from = products.M + t * products.line;
        T* corner = out.data + n * out.image + 2 * i * out.row + 2 * j * out.point;
        const bool below = 2 * i + 1 < out.height, right = 2 * j + 1 < out.width;
        for_each_vector<Vec<T>>(0, filters, [&](ptrdiff_t f, auto here) {
            const TileOutputs<T, decltype(here)> y(from + f, products.spot, bias ? bias + f : nullptr, here);
            T* line = corner + f;
            store_lanes(line, activate(y.upper[0]), here);
            if (right) store_lanes(line + out.point, activate(y.upper[1]), here);
            if (!below) return;
            line += out.row;
            store_lanes(line, activate(y.lower[0]), here);
            if (right) store_lanes(line + out.point, activate(y.lower[1]), here);
        });
    });
}

// The 16 products M(spot)(tiles × lines) = V(spot)(tiles × depth) filters(spot), for whole register tiles: both hold
// room for them.
template <class T>
void spot_products(T* M, ptrdiff_t spot_of_M, const T* V, ptrdiff_t spot_of_V, ptrdiff_t tiles,
                   const WinogradFilters<T>& filters) {
    constexpr int MR = Tile<T>::MR, NR = Tile<T>::NR, W = lanes<Vec<T>>;
    const ptrdiff_t k = filters.depth, pieces = ceil_div(k, Tile<T>::KC), line = filters.padded_lines();
    for (ptrdiff_t spot = 0; spot < kSpots; ++spot)
        for (ptrdiff_t piece = 0; piece < pieces; ++piece) {
            const ptrdiff_t begin = cut(k, piece, pieces), kc = cut(k, piece + 1, pieces) - begin;
            for (ptrdiff_t j = 0; j < filters.lines; j += NR) {
                const T* panel = filters.panel(spot, j) + begin * NR;
                for (ptrdiff_t t = 0; t < tiles; t += MR) {
                    const DirectLeft<T> left{V + spot * spot_of_V + t * k + begin, k, 1};
                    Vec<T> sum[MR][2];
                    sum_of_products<T>(sum, left, PackedRight<T>{panel}, kc, panel);
                    T* to = M + spot * spot_of_M + t * line + j;
#pragma GCC unroll 16
                    for (int i = 0; i < MR; ++i, to += line)
#pragma GCC unroll 2
                        for (int v = 0; v < 2; ++v)
                            store(to + v * W, piece > 0 ? load<Vec<T>>(to + v * W) + sum[i][v] : sum[i][v]);
                }
            }
        }
}

// The products of the filters with the tiles of 2×2 outputs over height × width: output point p sees the points from
// p - before. Block by block finish(block, go) calls go(take), which calls take(products of some tiles) for all.
template <class T, class From, class Finish>
void winograd_products(ptrdiff_t height, ptrdiff_t width, const Images<const T>& images, const From& from,
                       const Extent& before, const WinogradFilters<T>& filters, double cost_ns, Finish&& finish) {
    constexpr ptrdiff_t MR = Tile<T>::MR, kSize = sizeof(T);
    const ptrdiff_t c = filters.depth, line = filters.padded_lines();
    const ptrdiff_t most = std::max<ptrdiff_t>(16, kTileBytes / kSize / ((kSpots + 4) * c + kSpots * line));
    const TileGrid grid(images.n, height, width, most, cost_ns > 60e3 ? kPortionsWanted : 1);
    // Few filters stay in the first two levels of the cache; then tiles and products in the first matter more.
    const ptrdiff_t bytes = std::clamp<ptrdiff_t>(kSpots * c * line * kSize / 2, kFewTileBytes, kTileBytes);
    const ptrdiff_t fit = ceil_div(std::min(bytes / kSize / (kSpots * (c + line)), grid.most_tiles()), MR);
    const ptrdiff_t together = std::max<ptrdiff_t>(fit, 1) * MR;
    // Spots of a tile are written one after the other: they must not lie a power of two apart.
    const ptrdiff_t spot_of_V = padded_row<T>(together * c), spot_of_M = padded_row<T>(together * line);

    parallel_for(grid.count(), cost_ns, [&](ptrdiff_t task) {
        const TileBlock b = grid[task];
        const Extent size{1, 2 * b.rows + 2, 2 * b.columns + 2};
        const Workspace<T> room(b.images * volume(size) * c), V(kSpots * spot_of_V), M(kSpots * spot_of_M);
        copy_block(room.data(), images, from, b.image, b.images,
                   Extent{0, 2 * b.row - before[1], 2 * b.column - before[2]}, size);
        finish(b, [&](auto&& take) {
            for (ptrdiff_t first = 0; first < b.tiles(); first += together) {
                const ptrdiff_t count = std::min(together, b.tiles() - first);
                to_spots(V.data(), spot_of_V, room.data(), b, first, count, c);
                spot_products(M.data(), spot_of_M, V.data(), spot_of_V, count, filters);
                take(TileProducts<T>{M.data(), spot_of_M, line, first, count});
            }
        });
    });
}

// to = activation(correlation of images' values `from` with the filters + bias): output point p sees the points from
// p - before.
template <class T, class From>
void winograd(const Images<T>& to, const T* bias, Activation activation, const Images<const T>& images,
              const From& from, const Extent& before, const WinogradFilters<T>& filters, double cost_ns) {
    const ptrdiff_t f = filters.lines;
    const bool in_place = to.layout == Layout::channels_last;
    winograd_products(
        to.size[1], to.size[2], images, from, before, filters, cost_ns, [&](const TileBlock& b, auto&& go) {
            const Extent first{0, 2 * b.row, 2 * b.column};
            const ptrdiff_t height = std::min(2 * b.rows, to.size[1] - first[1]);
            const ptrdiff_t width = std::min(2 * b.columns, to.size[2] - first[2]);
            const Workspace<T> aside(in_place ? 0 : b.images * height * width * f);
            const Outputs<T> out =
                in_place
                    ? Outputs<T>{to.data + to.at(b.image, first), to.image(), to.axis(1), to.axis(2), height, width}
                    : Outputs<T>{aside.data(), height * width * f, width * f, f, height, width};
            go([&](const TileProducts<T>& products) {
                if (activation == Activation::linear)
                    from_spots(out, products, b, f, bias, [](Vec<T> z) { return z; });
                else
                    from_spots(out, products, b, f, bias, [=](Vec<T> z) { return activated(z, activation); });
            });
            if (!in_place) write_block(to, aside.data(), b.image, b.images, first, {1, 1, 1}, {1, height, width});
        });
}

// Where it is faster than the direct sum: channels enough for the products, but not too many to keep at the spots, and
// tiles enough to make the filters worth turning. depth: what the products sum over, lines: what they are computed for.
template <class T>
bool suits_winograd(const ConvShape& s, ptrdiff_t depth, ptrdiff_t lines) {
    constexpr ptrdiff_t kLeastDepth = 16, kLeastLines = 16, kLeastTiles = 32;
    const Extent kernel{1, 3, 3}, one{1, 1, 1};
    const bool form = s.kernel == kernel && s.stride == one && s.dilation == one && s.groups == 1 && s.in[0] == 1 &&
                      s.out[0] == 1 && s.before[0] == 0 && std::min(s.in[1], s.in[2]) > 0;
    const ptrdiff_t bytes = product_of_sizes({kSpots, depth, lines, sizeof(T)});
    const ptrdiff_t tiles = product_of_sizes({s.n, ceil_div(s.out[1], 2), ceil_div(s.out[2], 2)});
    return form && depth >= kLeastDepth && lines >= kLeastLines && bytes <= kFilterBytes && tiles >= kLeastTiles;
}

}  // namespace mmlcore::convolution
