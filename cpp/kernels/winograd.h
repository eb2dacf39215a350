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

#include <array>
#include <numeric>
#include <vector>

#include "kernels/convolution_parts.h"
#include "kernels/threads.h"

namespace mmlcore::convolution {

constexpr ptrdiff_t kSpots = 16;
constexpr ptrdiff_t kFilterBytes = 1 << 20;  // of filters at the spots: all tiles read them again
constexpr ptrdiff_t kTileBytes = 640 << 10;  // of a block of tiles at the spots

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

// V(spot, tile, channel) = Bᵀ d B; the tiles' points lie in room (images × 2 rows + 2 × 2 columns + 2 × channels).
template <class T>
void to_spots(T* V, ptrdiff_t spot, const T* room, const TileBlock& b, ptrdiff_t channels) {
    const ptrdiff_t row = (2 * b.columns + 2) * channels;
    T* to = V;
    for (ptrdiff_t n = 0; n < b.images; ++n)
        for (ptrdiff_t i = 0; i < b.rows; ++i)
            for (ptrdiff_t j = 0; j < b.columns; ++j, to += channels) {
                const T* corner = room + (n * (2 * b.rows + 2) + 2 * i) * row + 2 * j * channels;
                for_each_vector<Vec<T>>(0, channels, [&](ptrdiff_t c, auto here) {
                    Vec<T> t[4][4];
                    for (int q = 0; q < 4; ++q) {
                        Vec<T> d[4];
                        for (int p = 0; p < 4; ++p)
                            d[p] = load_lanes<Vec<T>>(corner + p * row + q * channels + c, here);
                        t[0][q] = d[0] - d[2];
                        t[1][q] = d[1] + d[2];
                        t[2][q] = d[2] - d[1];
                        t[3][q] = d[1] - d[3];
                    }
                    for (int p = 0; p < 4; ++p) {
                        T* line = to + 4 * p * spot + c;
                        store_lanes(line, t[p][0] - t[p][2], here);
                        store_lanes(line + spot, t[p][1] + t[p][2], here);
                        store_lanes(line + 2 * spot, t[p][2] - t[p][1], here);
                        store_lanes(line + 3 * spot, t[p][1] - t[p][3], here);
                    }
                });
            }
}

// Where a block's outputs go: its first point, the steps from one to the next, and how many there are.
template <class T>
struct Outputs {
    T* data;
    ptrdiff_t image, row, point;
    ptrdiff_t height, width;
};

// activation(Aᵀ M A + bias) for M(spot, tile, filter).
template <class T>
void from_spots(const Outputs<T>& out, const T* M, ptrdiff_t spot, const TileBlock& b, ptrdiff_t filters, const T* bias,
                Activation activation) {
    const T* from = M;
    for (ptrdiff_t n = 0; n < b.images; ++n)
        for (ptrdiff_t i = 0; i < b.rows; ++i)
            for (ptrdiff_t j = 0; j < b.columns; ++j, from += filters) {
                T* corner = out.data + n * out.image + 2 * i * out.row + 2 * j * out.point;
                const bool below = 2 * i + 1 < out.height, right = 2 * j + 1 < out.width;
                for_each_vector<Vec<T>>(0, filters, [&](ptrdiff_t f, auto here) {
                    const Vec<T> start = bias ? load_lanes<Vec<T>>(bias + f, here) : Vec<T>{};
                    Vec<T> t[2][4];
                    for (int q = 0; q < 4; ++q) {
                        Vec<T> m[4];
                        for (int p = 0; p < 4; ++p) m[p] = load_lanes<Vec<T>>(from + (4 * p + q) * spot + f, here);
                        t[0][q] = m[0] + m[1] + m[2];
                        t[1][q] = m[1] - m[2] - m[3];
                    }
                    for (int p = 0; p < 2; ++p) {
                        if (p == 1 && !below) break;
                        T* line = corner + p * out.row + f;
                        store_lanes(line, activated(t[p][0] + t[p][1] + t[p][2] + start, activation), here);
                        if (right)
                            store_lanes(line + out.point, activated(t[p][1] - t[p][2] - t[p][3] + start, activation),
                                        here);
                    }
                });
            }
}

// The 16 products of a block: M(spot)(tiles × lines) = V(spot)(tiles × depth) filters(spot).
template <class T>
void spot_products(T* M, ptrdiff_t spot_of_M, const T* V, ptrdiff_t spot_of_V, ptrdiff_t tiles,
                   const WinogradFilters<T>& filters, const std::vector<std::int32_t>& lines,
                   const std::vector<std::int32_t>& steps) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    const ptrdiff_t k = filters.depth, pieces = ceil_div(k, Tile<T>::KC);
    for (ptrdiff_t spot = 0; spot < kSpots; ++spot)
        for (ptrdiff_t piece = 0; piece < pieces; ++piece) {
            const ptrdiff_t begin = cut(k, piece, pieces), kc = cut(k, piece + 1, pieces) - begin;
            for (ptrdiff_t j = 0; j < filters.lines; j += NR) {
                const T* panel = filters.panel(spot, j) + begin * NR;
                tiles_below(M + spot * spot_of_M + j, filters.lines, V + spot * spot_of_V, lines.data(), tiles,
                            steps.data() + begin, kc, PackedRight<T>{panel}, std::min(NR, filters.lines - j),
                            Store<T>{1, T(piece > 0), Activation::linear, nullptr, nullptr, nullptr, panel});
            }
        }
}

// to = activation(correlation of images' values `from` with the filters + bias): output point p sees the points from
// p - before.
template <class T, class From>
void winograd(const Images<T>& to, const T* bias, Activation activation, const Images<const T>& images,
              const From& from, const Extent& before, const WinogradFilters<T>& filters, double cost_ns) {
    const ptrdiff_t c = filters.depth, f = filters.lines;
    const ptrdiff_t most =
        std::max<ptrdiff_t>(16, kTileBytes / static_cast<ptrdiff_t>(sizeof(T)) / ((kSpots + 4) * c + kSpots * f));
    const TileGrid grid(to.n, to.size[1], to.size[2], most, cost_ns > 60e3 ? kPortionsWanted : 1);
    std::vector<std::int32_t> lines(grid.most_tiles() + 1), steps(c + 1);
    for (std::size_t t = 0; t < lines.size(); ++t) lines[t] = static_cast<std::int32_t>(static_cast<ptrdiff_t>(t) * c);
    std::iota(steps.begin(), steps.end(), 0);
    // Spots of a tile are written one after the other: they must not lie a power of two apart.
    const ptrdiff_t spot_of_V = padded_row<T>(grid.most_tiles() * c), spot_of_M = padded_row<T>(grid.most_tiles() * f);
    const bool in_place = to.layout == Layout::channels_last;

    parallel_for(grid.count(), cost_ns, [&](ptrdiff_t task) {
        const TileBlock b = grid[task];
        const Extent size{1, 2 * b.rows + 2, 2 * b.columns + 2};
        const Workspace<T> room(b.images * volume(size) * c), V(kSpots * spot_of_V), M(kSpots * spot_of_M);
        copy_block(room.data(), images, from, b.image, b.images,
                   Extent{0, 2 * b.row - before[1], 2 * b.column - before[2]}, size);
        to_spots(V.data(), spot_of_V, room.data(), b, c);
        spot_products(M.data(), spot_of_M, V.data(), spot_of_V, b.tiles(), filters, lines, steps);

        const Extent first{0, 2 * b.row, 2 * b.column};
        const ptrdiff_t height = std::min(2 * b.rows, to.size[1] - first[1]);
        const ptrdiff_t width = std::min(2 * b.columns, to.size[2] - first[2]);
        const Workspace<T> aside(in_place ? 0 : b.images * height * width * f);
        const Outputs<T> out =
            in_place ? Outputs<T>{to.data + to.at(b.image, first), to.image(), to.axis(1), to.axis(2), height, width}
                     : Outputs<T>{aside.data(), height * width * f, width * f, f, height, width};
        from_spots(out, M.data(), spot_of_M, b, f, bias, activation);
        if (!in_place) write_block(to, aside.data(), b.image, b.images, first, {1, 1, 1}, {1, height, width});
    });
}

// Where it is faster than the direct sum: channels enough for the products, but not too many to keep at the spots, and
// tiles enough to make the filters worth turning. depth: what the products sum over, lines: what they are computed for.
template <class T>
bool suits_winograd(const ConvShape& s, ptrdiff_t depth, ptrdiff_t lines) {
    constexpr ptrdiff_t kLeastDepth = 32, kLeastLines = 16, kLeastTiles = 32;
    const Extent kernel{1, 3, 3}, one{1, 1, 1};
    const bool form = s.kernel == kernel && s.stride == one && s.dilation == one && s.groups == 1 && s.in[0] == 1 &&
                      s.out[0] == 1 && s.before[0] == 0 && std::min(s.in[1], s.in[2]) > 0;
    const ptrdiff_t bytes = product_of_sizes({kSpots, depth, lines, sizeof(T)});
    const ptrdiff_t tiles = product_of_sizes({s.n, ceil_div(s.out[1], 2), ceil_div(s.out[2], 2)});
    return form && depth >= kLeastDepth && lines >= kLeastLines && bytes <= kFilterBytes && tiles >= kLeastTiles;
}

}  // namespace mmlcore::convolution
