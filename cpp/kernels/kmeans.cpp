#include "kernels/kmeans.h"

#include <limits>
#include <vector>

#include "kernels/point_block.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

using std::int32_t;

constexpr ptrdiff_t kPointsPerPart = 2048;

template <class T>
using Labels = Vec<int_as<T>>;

template <class T>
struct Best {
    Vec<T> score[kBlockVectors];
    Labels<T> label[kBlockVectors];
};

// Takes rows j … j + Rows - 1 of the centres into account.
template <int Rows, class T>
inline void compare(Best<T>& best, const T* z, const T* centres, const T* half_squares, ptrdiff_t j, ptrdiff_t d) {
    using V = Vec<T>;
    V product[Rows][kBlockVectors];
    block_products<Rows>(product, centres + j * d, d, z, d);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) {
        const V half = broadcast<V>(half_squares[j + r]);
        const Labels<T> number = static_cast<int_as<T>>(j + r) - Labels<T>{};
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) {
            const V score = half - product[r][v];
            const auto nearer = score < best.score[v];
            best.score[v] = nearer ? score : best.score[v];
            best.label[v] = nearer ? number : best.label[v];
        }
    }
}

template <class T>
void label_block(int32_t* labels, const T* z, const T* centres, const T* half_squares, ptrdiff_t count, ptrdiff_t d,
                 ptrdiff_t k) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    Best<T> best;
    for (int v = 0; v < kBlockVectors; ++v) {
        best.score[v] = broadcast<V>(std::numeric_limits<T>::infinity());
        best.label[v] = Labels<T>{};
    }
    ptrdiff_t j = 0;
    for (; j + kBlockRows <= k; j += kBlockRows) compare<kBlockRows>(best, z, centres, half_squares, j, d);
    for (; j < k; ++j) compare<1>(best, z, centres, half_squares, j, d);
    for (ptrdiff_t p = 0; p < count; ++p) labels[p] = static_cast<int32_t>(best.label[p / W][p % W]);
}

template <class T>
inline T squared_distance(const T* x, const T* y, ptrdiff_t d) {
    using V = Vec<T>;
    V sum{};
    for_each_vector<V>(0, d, [&](ptrdiff_t j, auto count) {
        const V difference = load_lanes<V>(x + j, count) - load_lanes<V>(y + j, count);
        sum += difference * difference;
    });
    return sum_lanes(sum);
}

// sum (d) += w x
template <class T>
inline void add_point(double* sum, const T* x, T w, ptrdiff_t d) {
    const auto weight = static_cast<double>(w);
    for (ptrdiff_t j = 0; j < d; ++j) sum[j] += weight * static_cast<double>(x[j]);
}

template <class T>
std::vector<T> half_squared_lengths(const T* centres, ptrdiff_t d, ptrdiff_t k) {
    std::vector<T> halves(static_cast<std::size_t>(k));
    for (ptrdiff_t j = 0; j < k; ++j) {
        T sum = 0;
        for (ptrdiff_t i = 0; i < d; ++i) sum += centres[j * d + i] * centres[j * d + i];
        halves[j] = sum / 2;
    }
    return halves;
}

// out (count) = the sum of the parts (parts × stride) in their order.
void add_parts(double* out, const double* parts, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t number) {
    std::fill(out, out + count, 0.0);
    for (ptrdiff_t part = 0; part < number; ++part)
        for (ptrdiff_t i = 0; i < count; ++i) out[i] += parts[part * stride + i];
}

// sum(r, ·) = the squared distances of a block of points z (d × kBlockPoints) to `Rows` centres.
template <int Rows, class T>
inline void block_distances(Vec<T> (&sum)[Rows][kBlockVectors], const T* z, const T* centres, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kBlockPoints<T>, W = lanes<V>;
    for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < kBlockVectors; ++v) sum[r][v] = V{};
    for (ptrdiff_t j = 0; j < d; ++j)
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
            const V centre = broadcast<V>(centres[r * d + j]);
#pragma GCC unroll 4
            for (int v = 0; v < kBlockVectors; ++v) {
                const V difference = load<V>(z + j * P + v * W) - centre;
                sum[r][v] += difference * difference;
            }
        }
}

// Of one block: `count` points at x, closest and weights, whose place in a row of `nearer` (leading dimension n) is 0.
template <int Rows, class T>
inline void compare_candidates(T* nearer, double* potentials, const T* z, const T* centres, const T* closest,
                               const T* weights, ptrdiff_t count, ptrdiff_t n, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    V sum[Rows][kBlockVectors];
    block_distances<Rows>(sum, z, centres, d);
    for (int r = 0; r < Rows; ++r) {
        V total{};
        for_each_vector<V>(0, count, [&](ptrdiff_t p, auto left) {
            V near = sum[r][p / W];
            if (closest) near = vmin(near, load_lanes<V>(closest + p, left));
            store_lanes(nearer + r * n + p, near, left);
            V part = weights ? load_lanes<V>(weights + p, left) * near : near;
            if constexpr (!std::is_same_v<decltype(left), AllLanes>)
                for (ptrdiff_t lane = left; lane < W; ++lane) part[lane] = 0;
            total += part;
        });
        potentials[r] += static_cast<double>(sum_lanes(total));
    }
}

}  // namespace

template <class T>
void nearest_centres(int32_t* labels, T* distances, double* sums, double* counts, const T* x, const T* weights,
                     const T* centres, ptrdiff_t n, ptrdiff_t d, ptrdiff_t k) {
    constexpr ptrdiff_t P = kBlockPoints<T>;
    const std::vector<T> halves = half_squared_lengths(centres, d, k);
    const ptrdiff_t size = k * d + k, stride = padded_row<double>(size);
    const ptrdiff_t parts = parts_of(n, kPointsPerPart, stride * static_cast<ptrdiff_t>(sizeof(double)));
    const Workspace<double> partial(sums ? parts * stride : 0);
    parallel_for(parts, kmeans_ns(n, d, k), [&](ptrdiff_t part) {
        const Workspace<T> z(block_size<T>(d));
        double* sum = sums ? partial.data() + part * stride : nullptr;
        if (sum) std::fill(sum, sum + size, 0.0);
        const ptrdiff_t end = n * (part + 1) / parts;
        for (ptrdiff_t first = n * part / parts; first < end; first += P) {
            const ptrdiff_t count = std::min(P, end - first);
            load_points(z.data(), x + first * d, count, d);
            label_block(labels + first, z.data(), centres, halves.data(), count, d, k);
            for (ptrdiff_t p = first; p < first + count; ++p) {
                const ptrdiff_t label = labels[p];
                if (distances) distances[p] = squared_distance(x + p * d, centres + label * d, d);
                if (!sum) continue;
                const T w = weights ? weights[p] : T{1};
                add_point(sum + label * d, x + p * d, w, d);
                sum[k * d + label] += static_cast<double>(w);
            }
        }
    });
    if (!sums) return;
    add_parts(sums, partial.data(), k * d, stride, parts);
    add_parts(counts, partial.data() + k * d, k, stride, parts);
}

template <class T>
void distances_to_candidates(T* nearer, double* potentials, const T* x, const T* weights, const T* centres,
                             const T* closest, ptrdiff_t n, ptrdiff_t d, ptrdiff_t k) {
    constexpr ptrdiff_t P = kBlockPoints<T>;
    const ptrdiff_t stride = padded_row<double>(k);
    const ptrdiff_t parts = parts_of(n, kPointsPerPart, stride * static_cast<ptrdiff_t>(sizeof(double)));
    const Workspace<double> partial(parts * stride);
    parallel_for(parts, kmeans_ns(n, d, k), [&](ptrdiff_t part) {
        const Workspace<T> z(block_size<T>(d));
        double* sum = partial.data() + part * stride;
        std::fill(sum, sum + k, 0.0);
        const ptrdiff_t end = n * (part + 1) / parts;
        for (ptrdiff_t first = n * part / parts; first < end; first += P) {
            const ptrdiff_t count = std::min(P, end - first);
            load_points(z.data(), x + first * d, count, d);
            const T *near = closest ? closest + first : nullptr, *w = weights ? weights + first : nullptr;
            ptrdiff_t j = 0;
            for (; j + kBlockRows <= k; j += kBlockRows)
                compare_candidates<kBlockRows>(nearer + j * n + first, sum + j, z.data(), centres + j * d, near, w,
                                               count, n, d);
            for (; j < k; ++j)
                compare_candidates<1>(nearer + j * n + first, sum + j, z.data(), centres + j * d, near, w, count, n, d);
        }
    });
    add_parts(potentials, partial.data(), k, stride, parts);
}

#define MMLCORE_INSTANTIATE(T)                                                                                \
    template void nearest_centres<T>(int32_t*, T*, double*, double*, const T*, const T*, const T*, ptrdiff_t, \
                                     ptrdiff_t, ptrdiff_t);                                                   \
    template void distances_to_candidates<T>(T*, double*, const T*, const T*, const T*, const T*, ptrdiff_t,  \
                                             ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
