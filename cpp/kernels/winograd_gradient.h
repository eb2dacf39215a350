// The gradient of winograd.h's convolution with respect to the filters, by the transposes of its three maps:
//
//   dg = Gᵀ ( Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ) ) G
//
// Over channels and filters the sums are 16 matrix products (channels × tiles)(tiles × filters).
#pragma once

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
          grid_(s.n, s.out[1], s.out[2], most_tiles(s), kPortionsWanted),
          chunks_(std::clamp<ptrdiff_t>(std::min(grid_.count(), kSumBytes / static_cast<ptrdiff_t>(sizeof(T)) / size()),
                                        1, kPortionsWanted)),
          spot_of_V_(padded_row<T>(grid_.most_tiles() * s.channels)),
          spot_of_D_(padded_row<T>(grid_.most_tiles() * panels() * NR)),
          lines_(s.channels),
          steps_(grid_.most_tiles() + 1) {
        std::iota(lines_.begin(), lines_.end(), 0);
        for (std::size_t t = 0; t < steps_.size(); ++t)
            steps_[t] = static_cast<std::int32_t>(static_cast<ptrdiff_t>(t) * s.channels);
    }

    void run(T* dw, T* db) const {
        const Workspace<T> sums(chunks_ * size());
        parallel_for(chunks_, conv_cost_ns(s_) / 2,
                     [&](ptrdiff_t chunk) { sum_chunk(sums.data() + chunk * size(), db != nullptr, chunk); });
        for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
            if (db) store_lanes(db + f, total(sums.data() + kSpots * weights() + f, here), here);
        });
        for_each_vector<Vec<T>>(0, weights(), [&](ptrdiff_t p, auto here) {
            Vec<T> u[4], half[3][4];
            for (int b = 0; b < 4; ++b) {
                for (int a = 0; a < 4; ++a) u[a] = total(sums.data() + (4 * a + b) * weights() + p, here);
                contract(half[0][b], half[1][b], half[2][b], u);
            }
            for (int a = 0; a < 3; ++a) {
                Vec<T> g[3];
                contract(g[0], g[1], g[2], half[a]);
                for (int b = 0; b < 3; ++b) store_lanes(dw + (3 * a + b) * weights() + p, g[b], here);
            }
        });
    }

  private:
    static constexpr ptrdiff_t NR = Tile<T>::NR;

    static ptrdiff_t most_tiles(const ConvShape& s) {
        const ptrdiff_t values = (kSpots + 4) * (s.channels + ceil_div(s.filters, NR) * NR);
        return std::max<ptrdiff_t>(16, kTileBytes / static_cast<ptrdiff_t>(sizeof(T)) / values);
    }
    static void contract(Vec<T>& a, Vec<T>& b, Vec<T>& c, const Vec<T>* u) {
        const Vec<T> even = T(0.5) * (u[1] + u[2]);
        a = u[0] + even;
        b = T(0.5) * (u[1] - u[2]);
        c = even + u[3];
    }

    ptrdiff_t panels() const { return ceil_div(s_.filters, NR); }
    ptrdiff_t weights() const { return s_.channels * s_.filters; }
    ptrdiff_t size() const { return kSpots * weights() + s_.filters; }  // of a chunk's sums, those of db behind

    template <class Count>
    Vec<T> total(const T* first, Count here) const {
        Vec<T> sum = load_lanes<Vec<T>>(first, here);
        for (ptrdiff_t c = 1; c < chunks_; ++c) sum += load_lanes<Vec<T>>(first + c * size(), here);
        return sum;
    }

    void sum_chunk(T* sums, bool with_bias, ptrdiff_t chunk) const {
        const ptrdiff_t most = grid_.most_tiles(), begin = cut(grid_.count(), chunk, chunks_);
        const Workspace<T> V(kSpots * spot_of_V_), D(kSpots * spot_of_D_);
        // the points that a block's tiles see: at most 4 of the next tiles' rows and columns for each tile
        const Workspace<T> points(std::max(16 * most * s_.channels, 4 * most * s_.filters));
        T* db = sums + kSpots * weights();
        std::fill(db, db + s_.filters, T{0});
        for (ptrdiff_t i = begin; i < cut(grid_.count(), chunk + 1, chunks_); ++i) {
            const TileBlock b = grid_[i];
            const Extent first{0, 2 * b.row, 2 * b.column}, size{1, 2 * b.rows, 2 * b.columns};
            copy_block(points.data(), dy_, from_, b.image, b.images, first, size);
            if (with_bias) add_points(db, points.data(), 4 * b.tiles());
            gradients_to_spots(D.data(), points.data(), b);
            copy_block(points.data(), x_, Values<T>{x_.data}, b.image, b.images,
                       {0, first[1] - s_.before[1], first[2] - s_.before[2]}, {1, size[1] + 2, size[2] + 2});
            to_spots(V.data(), spot_of_V_, points.data(), b, s_.channels);
            for (ptrdiff_t spot = 0; spot < kSpots; ++spot)
                for (ptrdiff_t j = 0; j < s_.filters; j += NR) {
                    const T* panel = D.data() + spot * spot_of_D_ + j * b.tiles();
                    tiles_below(sums + spot * weights() + j, s_.filters, V.data() + spot * spot_of_V_, lines_.data(),
                                s_.channels, steps_.data(), b.tiles(), PackedRight<T>{panel},
                                std::min(NR, s_.filters - j),
                                Store<T>{1, T(i > begin), Activation::linear, nullptr, nullptr, nullptr, panel});
                }
        }
    }

    void add_points(T* db, const T* dz, ptrdiff_t points) const {
        for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
            Vec<T> sum = load_lanes<Vec<T>>(db + f, here);
            for (ptrdiff_t p = 0; p < points; ++p) sum += load_lanes<Vec<T>>(dz + p * s_.filters + f, here);
            store_lanes(db + f, sum, here);
        });
    }

    // D(spot, panel, tile, NR) = A dY Aᵀ of the tiles' gradients dz (images × 2 rows × 2 columns × filters).
    void gradients_to_spots(T* D, const T* dz, const TileBlock& b) const {
        const ptrdiff_t row = 2 * b.columns * s_.filters, tiles = b.tiles();
        ptrdiff_t tile = 0;
        for (ptrdiff_t i = 0; i < b.images * b.rows; ++i)
            for (ptrdiff_t j = 0; j < b.columns; ++j, ++tile)
                for_each_vector<Vec<T>>(0, s_.filters, [&](ptrdiff_t f, auto here) {
                    const T* corner = dz + 2 * i * row + 2 * j * s_.filters + f;
                    T* to = D + (f / NR * tiles + tile) * NR + f % NR;
                    Vec<T> t[4][2];
                    for (int q = 0; q < 2; ++q) {
                        const Vec<T> upper = load_lanes<Vec<T>>(corner + q * s_.filters, here);
                        const Vec<T> lower = load_lanes<Vec<T>>(corner + q * s_.filters + row, here);
                        t[0][q] = upper;
                        t[1][q] = upper + lower;
                        t[2][q] = upper - lower;
                        t[3][q] = -lower;
                    }
                    for (int p = 0; p < 4; ++p, to += 4 * spot_of_D_) {
                        store_lanes(to, t[p][0], here);
                        store_lanes(to + spot_of_D_, t[p][0] + t[p][1], here);
                        store_lanes(to + 2 * spot_of_D_, t[p][0] - t[p][1], here);
                        store_lanes(to + 3 * spot_of_D_, -t[p][1], here);
                    }
                });
    }

    const ConvShape s_;
    const Images<const T> x_, dy_;
    const From from_;
    const TileGrid grid_;
    const ptrdiff_t chunks_, spot_of_V_, spot_of_D_;
    std::vector<std::int32_t> lines_, steps_;
};

}  // namespace mmlcore::convolution
