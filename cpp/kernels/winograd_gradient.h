// The gradient of winograd.h's convolution with respect to the filters, by the transposes of its three maps:
//
//   dg = Gᵀ ( Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ) ) G
//
// Over channels and filters the sums are 16 matrix products (channels × tiles)(tiles × filters).
#pragma once

#include "kernels/pool_numbers.h"
#include "kernels/winograd.h"

namespace mmlcore::convolution {

constexpr ptrdiff_t kSumBytes = 9 << 18;  // of the sums of all chunks; two where there are 128 × 128 of float

template <class T, class From>
class WinogradGradient {
  public:
    WinogradGradient(const ConvShape& s, const T* x, const From& from)
        : s_(s),
          x_(inputs(x, s)),
          dy_(outputs<const T>(nullptr, s)),
          from_(from),
          line_(ceil_div(s.filters, NR) * NR),
          grid_(s.n, s.out[1], s.out[2], most_tiles(s), kPortionsWanted),
          chunks_(std::clamp<ptrdiff_t>(std::min(grid_.count(), kSumBytes / static_cast<ptrdiff_t>(sizeof(T)) / size()),
                                        1, kPortionsWanted)),
          spot_of_V_(padded_row<T>(grid_.most_tiles() * s.channels)),
          spot_of_D_(padded_row<T>(grid_.most_tiles() * line_)) {}

    void run(T* dw, T* db) const {
        const Workspace<T> sums(chunks_ * size());
        parallel_for(chunks_, conv_cost_ns(s_) / 2,
                     [&](ptrdiff_t chunk) { sum_chunk(sums.data() + chunk * size(), chunk); });
        for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
            if (db) store_lanes(db + f, total(sums.data() + kSpots * weights() + f, chunks_, size(), here), here);
        });
        for (ptrdiff_t c = 0; c < s_.channels; ++c)
            for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
                const T* from = sums.data() + c * line_ + f;
                Vec<T> u[4], half[3][4];
                for (int b = 0; b < 4; ++b) {
                    for (int a = 0; a < 4; ++a) u[a] = total(from + (4 * a + b) * weights(), chunks_, size(), here);
                    contract(half[0][b], half[1][b], half[2][b], u);
                }
                for (int a = 0; a < 3; ++a) {
                    Vec<T> g[3];
                    contract(g[0], g[1], g[2], half[a]);
                    for (int b = 0; b < 3; ++b)
                        store_lanes(dw + ((3 * a + b) * s_.channels + c) * s_.filters + f, g[b], here);
                }
            });
    }

  private:
    static constexpr ptrdiff_t NR = Tile<T>::NR;
    static constexpr bool kPooled = std::is_same_v<From, Unpooled<T>>;  // then tiles are windows, and count if whole

    static ptrdiff_t most_tiles(const ConvShape& s) {
        const ptrdiff_t values = (kSpots + 4) * (s.channels + ceil_div(s.filters, NR) * NR);
        return std::max<ptrdiff_t>(16, kTileBytes / 2 / static_cast<ptrdiff_t>(sizeof(T)) / values);
    }
    static void contract(Vec<T>& a, Vec<T>& b, Vec<T>& c, const Vec<T>* u) {
        const Vec<T> even = T(0.5) * (u[1] + u[2]);
        a = u[0] + even;
        b = T(0.5) * (u[1] - u[2]);
        c = even + u[3];
    }

    ptrdiff_t weights() const { return s_.channels * line_; }
    ptrdiff_t size() const { return kSpots * weights() + s_.filters; }  // of a chunk's sums, those of db behind

    void sum_chunk(T* sums, ptrdiff_t chunk) const {
        const ptrdiff_t most = grid_.most_tiles(), begin = cut(grid_.count(), chunk, chunks_);
        const Workspace<T> V(kSpots * spot_of_V_), D(kSpots * spot_of_D_);
        // the points that a block's tiles see: at most 4 of the next tiles' rows and columns for each tile
        const Workspace<T> points(std::max(16 * most * s_.channels, 4 * most * s_.filters));
        T* db = sums + kSpots * weights();
        std::fill(db, db + s_.filters, T{0});
        bool add = false;
        for (ptrdiff_t i = begin; i < cut(grid_.count(), chunk + 1, chunks_); ++i) {
            TileBlock b = grid_[i];
            if constexpr (kPooled) {
                b.rows = std::min(b.rows, s_.out[1] / 2 - b.row);
                b.columns = std::min(b.columns, s_.out[2] / 2 - b.column);
                if (b.rows <= 0 || b.columns <= 0) continue;
            }
            const Extent first{0, 2 * b.row, 2 * b.column}, size{1, 2 * b.rows, 2 * b.columns};
            if constexpr (!kPooled) copy_block(points.data(), dy_, from_, b.image, b.images, first, size);
            gradients_to_spots(D.data(), db, points.data(), b);
            copy_block(points.data(), x_, Values<T>{x_.data}, b.image, b.images,
                       {0, first[1] - s_.before[1], first[2] - s_.before[2]}, {1, size[1] + 2, size[2] + 2});
            to_spots(V.data(), spot_of_V_, points.data(), b, 0, b.tiles(), s_.channels);
            add_products(sums, V.data(), D.data(), b.tiles(), add);
            add = true;
        }
        if (!add) std::fill(sums, db, T{0});
    }

    // sums(spot)(channels × line_) (+)= V(spot)ᵀ D(spot), in whole register tiles: the last one of a column overlaps.
    void add_products(T* sums, const T* V, const T* D, ptrdiff_t tiles, bool add) const {
        constexpr ptrdiff_t MR = Tile<T>::MR, W = lanes<Vec<T>>;
        const ptrdiff_t c = s_.channels;
        for (ptrdiff_t spot = 0; spot < kSpots; ++spot)
            for (ptrdiff_t j = 0; j < line_; j += NR) {
                const T* panel = D + spot * spot_of_D_ + j * tiles;
                for (ptrdiff_t row = 0; row < c; row += MR) {
                    const ptrdiff_t first = std::min(row, c - MR);
                    Vec<T> sum[MR][2];
                    sum_of_products<T>(sum, DirectLeft<T>{V + spot * spot_of_V_ + first, 1, c}, PackedRight<T>{panel},
                                       tiles, panel);
                    T* to = sums + (spot * c + first) * line_ + j;
#pragma GCC unroll 16
                    for (ptrdiff_t i = 0; i < MR; ++i, to += line_) {
                        if (first + i < row) continue;
#pragma GCC unroll 2
                        for (ptrdiff_t v = 0; v < 2; ++v)
                            store(to + v * W, add ? load<Vec<T>>(to + v * W) + sum[i][v] : sum[i][v]);
                    }
                }
            }
    }

    // D(spot, panel, tile, NR) = A dY Aᵀ of the tiles' gradients, and their sums to db. They lie in room
    // (images × 2 rows × 2 columns × filters), or are made from their window's.
    void gradients_to_spots(T* D, T* db, const T* room, const TileBlock& b) const {
        const ptrdiff_t row = 2 * b.columns * s_.filters, tiles = b.tiles();
        for_each_tile(b, 0, tiles, [&](ptrdiff_t tile, ptrdiff_t n, ptrdiff_t i, ptrdiff_t j) {
            for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
                Vec<T> dz[4];
                if constexpr (kPooled) {
                    from_.window(dz, from_.place(b.image + n, b.row + i, b.column + j) + f, here);
                } else {
                    const T* corner = room + 2 * (n * b.rows + i) * row + 2 * j * s_.filters + f;
                    for (int e = 0; e < 4; ++e)
                        dz[e] = load_lanes<Vec<T>>(corner + e / 2 * row + e % 2 * s_.filters, here);
                }
                store_lanes(db + f, load_lanes<Vec<T>>(db + f, here) + ((dz[0] + dz[1]) + (dz[2] + dz[3])), here);
                T* to = D + (f / NR * tiles + tile) * NR + f % NR;
                auto spots_of_row = [&](Vec<T> left, Vec<T> right) {
                    store_lanes(to, left, here);
                    store_lanes(to + spot_of_D_, left + right, here);
                    store_lanes(to + 2 * spot_of_D_, left - right, here);
                    store_lanes(to + 3 * spot_of_D_, -right, here);
                    to += 4 * spot_of_D_;
                };
                spots_of_row(dz[0], dz[1]);
                spots_of_row(dz[0] + dz[2], dz[1] + dz[3]);
                spots_of_row(dz[0] - dz[2], dz[1] - dz[3]);
                spots_of_row(-dz[2], -dz[3]);
            });
        });
    }

    const ConvShape s_;
    const Images<const T> x_, dy_;
    const From from_;
    const ptrdiff_t line_;  // filters in whole panels
    const TileGrid grid_;
    const ptrdiff_t chunks_, spot_of_V_, spot_of_D_;
};

}  // namespace mmlcore::convolution
