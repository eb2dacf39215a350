#include "kernels/mixture.h"

#include <limits>

#include "kernels/math.h"
#include "kernels/point_block.h"
#include "kernels/threads.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kRows = 128;  // points whose responsibilities are known before their products are added up
constexpr ptrdiff_t kRowsPerPart = 4 * kRows;

// ---- expectation ------------------------------------------------------------------------------------------------

// z = x - μ for a block (d × kBlockPoints).
template <class T>
inline void subtract_mean(T* z, const T* x, const T* mu, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kBlockPoints<T>, W = lanes<V>;
    for (ptrdiff_t j = 0; j < d; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) store(z + j * P + v * W, load<V>(x + j * P + v * W) - mu[j]);
}

// squares += ‖rows i … i + Rows - 1 of L z‖², y = L z being kept where there is somewhere to.
template <int Rows, class T>
inline void add_squared_rows(Vec<T> (&squares)[kBlockVectors], T* y, const T* L, const T* z, ptrdiff_t i, ptrdiff_t d) {
    using V = Vec<T>;
    V row[Rows][kBlockVectors];
    block_products<Rows>(row, L + i * d, d, z, std::min(i + Rows, d));  // zeros above the diagonal do no harm
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) {
            squares[v] += row[r][v] * row[r][v];
            if (y) store(y + (i + r) * kBlockPoints<T> + v * lanes<V>, row[r][v]);
        }
}

// squares = the squared lengths of the columns of y = L z.
template <class T>
inline void triangular_squares(Vec<T> (&squares)[kBlockVectors], T* y, const T* L, const T* z, ptrdiff_t d) {
    for (int v = 0; v < kBlockVectors; ++v) squares[v] = Vec<T>{};
    ptrdiff_t i = 0;
    for (; i + kBlockRows <= d; i += kBlockRows) add_squared_rows<kBlockRows>(squares, y, L, z, i, d);
    for (; i < d; ++i) add_squared_rows<1>(squares, y, L, z, i, d);
}

// squares = Σ_j (scale_j (x_j - μ_j))²; scale null: 1.
template <class T>
inline void diagonal_squares(Vec<T> (&squares)[kBlockVectors], const T* scale, const T* x, const T* mu, ptrdiff_t d) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kBlockPoints<T>, W = lanes<V>;
    for (int v = 0; v < kBlockVectors; ++v) squares[v] = V{};
    for (ptrdiff_t j = 0; j < d; ++j) {
        const V mean = broadcast<V>(mu[j]), factor = broadcast<V>(scale ? scale[j] : T{1});
#pragma GCC unroll 4
        for (int v = 0; v < kBlockVectors; ++v) {
            const V y = factor * (load<V>(x + j * P + v * W) - mean);
            squares[v] += y * y;
        }
    }
}

// Working memory of one thread.
template <class T>
struct Scratch {
    Scratch(ptrdiff_t components, ptrdiff_t d)
        : ld((d + lanes<Vec<T>> - 1) / lanes<Vec<T>> * lanes<Vec<T>>),
          points(block_size<T>(d)),
          centred(block_size<T>(d)),
          joint(components * kRows),
          scaled(kRows * ld),
          rows(kRows * ld) {}

    ptrdiff_t ld;
    Workspace<T> points, centred;  // d × kBlockPoints
    Workspace<T> joint;            // K × kRows: log w_k p_k, then responsibilities
    Workspace<T> scaled, rows;     // kRows × ld
};

// joint (K × kRows, from column `at` on) = log w_k p_k of a block of points.
template <class T>
void log_densities(T* joint, const Scratch<T>& s, const T* origin_whitened, const Mixture<T>& m) {
    using V = Vec<T>;
    const ptrdiff_t d = m.d;
    V squares[kBlockVectors];
    const T* points = s.points.data();
    if (m.whitening == Whitening::shared) {  // y = W (x - μ_0), and differences of whitened means from then on
        subtract_mean(s.centred.data(), points, m.means, d);
        triangular_squares(squares, s.points.data(), m.W, s.centred.data(), d);
    }
    for (ptrdiff_t k = 0; k < m.components; ++k) {
        if (m.whitening == Whitening::full) {
            subtract_mean(s.centred.data(), points, m.means + k * d, d);
            triangular_squares(squares, static_cast<T*>(nullptr), m.W + k * d * d, s.centred.data(), d);
        } else if (m.whitening == Whitening::shared) {
            diagonal_squares(squares, static_cast<const T*>(nullptr), points, origin_whitened + k * d, d);
        } else {
            diagonal_squares(squares, m.W + k * d, points, m.means + k * d, d);
        }
        for (int v = 0; v < kBlockVectors; ++v)
            store(joint + k * kRows + v * lanes<V>, m.log_scales[k] - T(0.5) * squares[v]);
    }
}

// Of `lanes` points: joint (K × kRows) becomes the responsibilities; returns log Σ_k e^joint_k.
template <class T>
Vec<T> normalise(T* joint, ptrdiff_t components) {
    using V = Vec<T>;
    V largest = load<V>(joint);
    for (ptrdiff_t k = 1; k < components; ++k) largest = vmax(load<V>(joint + k * kRows), largest);
    V sum{};
    for (ptrdiff_t k = 0; k < components; ++k) {
        const V e = vexp(load<V>(joint + k * kRows) - largest);
        sum += e;
        store(joint + k * kRows, e);
    }
    const V reciprocal = T{1} / sum;
    for (ptrdiff_t k = 0; k < components; ++k) store(joint + k * kRows, load<V>(joint + k * kRows) * reciprocal);
    return largest + vlog(sum);
}

// W (μ_k - μ_0) for every component, where W is shared.
template <class T>
void whiten_means(T* to, const Mixture<T>& m) {
    for (ptrdiff_t k = 0; k < m.components; ++k)
        for (ptrdiff_t i = 0; i < m.d; ++i) {
            T sum = 0;
            for (ptrdiff_t j = 0; j <= i; ++j) sum += m.W[i * m.d + j] * (m.means[k * m.d + j] - m.means[j]);
            to[k * m.d + i] = sum;
        }
}

// ---- maximisation -----------------------------------------------------------------------------------------------

// C(i + r, j + ·) += Σ_p A(p, i + r) B(p, j + ·) for Rows × Vectors · lanes elements; A and B: count × ld. A small tile
// is summed in several sets, so that additions do not wait for each other.
template <int Rows, int Vectors, class T>
inline void add_outer(double* C, ptrdiff_t ldc, const T* A, const T* B, ptrdiff_t ld, ptrdiff_t count) {
    using V = Vec<T>;
    constexpr ptrdiff_t W = lanes<V>;
    constexpr int Sets = Rows * Vectors >= 8 ? 1 : Rows * Vectors >= 4 ? 2 : 4;
    V sum[Sets][Rows][Vectors] = {};
    const auto add_point = [&](ptrdiff_t p, int set) {
        V b[Vectors];
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) b[v] = load<V>(B + p * ld + v * W);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            const V a = broadcast<V>(A[p * ld + r]);
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) sum[set][r][v] += a * b[v];
        }
    };
    ptrdiff_t p = 0;
    for (; p + Sets <= count; p += Sets)
#pragma GCC unroll 4
        for (int set = 0; set < Sets; ++set) add_point(p + set, set);
    for (; p < count; ++p) add_point(p, 0);
    for (int set = 1; set < Sets; ++set)
        for (int r = 0; r < Rows; ++r)
            for (int v = 0; v < Vectors; ++v) sum[0][r][v] += sum[set][r][v];
    for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < Vectors; ++v)
            for (ptrdiff_t lane = 0; lane < W; ++lane)
                C[r * ldc + v * W + lane] += static_cast<double>(sum[0][r][v][lane]);
}

template <int Rows, class T>
inline void add_outer_rows(double* C, ptrdiff_t ldc, const T* A, const T* B, ptrdiff_t ld, ptrdiff_t i,
                           ptrdiff_t count) {
    constexpr ptrdiff_t W = lanes<Vec<T>>;
    ptrdiff_t j = 0;
    for (; j + W < i + Rows && j + 2 * W <= ld; j += 2 * W)
        add_outer<Rows, 2>(C + i * ldc + j, ldc, A + i, B + j, ld, count);
    for (; j < i + Rows && j < ld; j += W) add_outer<Rows, 1>(C + i * ldc + j, ldc, A + i, B + j, ld, count);
}

// The lower triangle of C (d × ldc) += Σ_p A(p, ·)ᵀ B(p, ·); what lies to its right may change too.
template <class T>
void add_lower_products(double* C, ptrdiff_t ldc, const T* A, const T* B, ptrdiff_t ld, ptrdiff_t d, ptrdiff_t count) {
    constexpr int R = 2 * kBlockRows;
    ptrdiff_t i = 0;
    for (; i + R <= d; i += R) add_outer_rows<R>(C, ldc, A, B, ld, i, count);
    for (; i < d; ++i) add_outer_rows<1>(C, ldc, A, B, ld, i, count);
}

// Where the sums of one part lie.
struct PartSums {
    PartSums(double* memory, ptrdiff_t components, ptrdiff_t ld, ptrdiff_t second)
        : weights(memory), first(weights + components), second(first + components * ld), total(this->second + second) {}
    static ptrdiff_t size(ptrdiff_t components, ptrdiff_t ld, ptrdiff_t second) {
        return components + components * ld + second + 1;
    }
    double *weights, *first, *second, *total;
};

// Σ r z and Σ r z² of one vector of columns, z = x - μ; with `keep` z and r z are left in B and A (count × ld) too.
template <bool keep, class T, class Lanes>
inline void add_column_sums(double* first, double* second, T* A, T* B, const T* x, const T* r, const T* mu,
                            ptrdiff_t count, ptrdiff_t d, ptrdiff_t ld, Lanes left) {
    using V = Vec<T>;
    constexpr int Sets = 4;
    const V mean = load_lanes<V>(mu, left);
    V sum[Sets] = {}, squares[Sets] = {};
    const auto add_point = [&](ptrdiff_t p, int set) {
        const V z = load_lanes<V>(x + p * d, left) - mean, rz = r[p] * z;  // lanes beyond d are 0
        sum[set] += rz;
        if constexpr (keep) {
            store(B + p * ld, z);
            store(A + p * ld, rz);
        } else {
            squares[set] += rz * z;
        }
    };
    ptrdiff_t p = 0;
    for (; p + Sets <= count; p += Sets)
#pragma GCC unroll 4
        for (int set = 0; set < Sets; ++set) add_point(p + set, set);
    for (; p < count; ++p) add_point(p, 0);
    const V total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    const V total_squares = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    for (ptrdiff_t lane = 0; lane < lanes<V>; ++lane) first[lane] += static_cast<double>(total[lane]);
    if (!keep && second)
        for (ptrdiff_t lane = 0; lane < lanes<V>; ++lane) second[lane] += static_cast<double>(total_squares[lane]);
}

// Sums for component k of `count` points x with responsibilities r.
template <class T>
void add_component(const PartSums& sums, const Scratch<T>& s, const T* x, const T* r, const T* mu, ptrdiff_t k,
                   ptrdiff_t count, ptrdiff_t d, Whitening whitening) {
    using V = Vec<T>;
    const ptrdiff_t ld = s.ld;
    T *A = s.scaled.data(), *B = s.rows.data();
    const bool full = whitening == Whitening::full;
    double* squares = whitening == Whitening::diagonal ? sums.second + k * ld : nullptr;
    V weight{};
    for_each_vector<V>(0, count, [&](ptrdiff_t p, auto left) { weight += load_lanes<V>(r + p, left); });
    sums.weights[k] += static_cast<double>(sum_lanes(weight));
    for_each_vector<V>(0, d, [&](ptrdiff_t j, auto left) {
        double* first = sums.first + k * ld + j;
        if (full)
            add_column_sums<true>(first, nullptr, A + j, B + j, x + j, r, mu + j, count, d, ld, left);
        else
            add_column_sums<false>(first, squares ? squares + j : nullptr, A, B, x + j, r, mu + j, count, d, ld, left);
    });
    if (full) add_lower_products(sums.second + k * d * ld, ld, A, B, ld, d, count);
}

ptrdiff_t second_size(ptrdiff_t components, ptrdiff_t d, ptrdiff_t ld, Whitening whitening) {
    if (whitening == Whitening::full) return components * d * ld;
    return whitening == Whitening::diagonal ? components * ld : 0;
}

// The parts in their order, rows of ld shortened to d.
void gather_sums(const MixtureSums& to, double* total, const double* parts, ptrdiff_t number, ptrdiff_t stride,
                 ptrdiff_t components, ptrdiff_t d, ptrdiff_t ld, ptrdiff_t second) {
    const ptrdiff_t rows = ld > 0 ? second / ld : 0;
    std::fill(to.weights, to.weights + components, 0.0);
    std::fill(to.first, to.first + components * d, 0.0);
    if (rows) std::fill(to.second, to.second + rows * d, 0.0);
    if (total) *total = 0;
    for (ptrdiff_t part = 0; part < number; ++part) {
        const PartSums from(const_cast<double*>(parts) + part * stride, components, ld, second);
        for (ptrdiff_t k = 0; k < components; ++k) to.weights[k] += from.weights[k];
        for (ptrdiff_t k = 0; k < components; ++k)
            for (ptrdiff_t j = 0; j < d; ++j) to.first[k * d + j] += from.first[k * ld + j];
        for (ptrdiff_t row = 0; row < rows; ++row)
            for (ptrdiff_t j = 0; j < d; ++j) to.second[row * d + j] += from.second[row * ld + j];
        if (total) *total += *from.total;
    }
}

// joint (K × kRows) ← log densities of `count` ≤ kRows points, then responsibilities. Their log-likelihoods go to
// `likelihood` (kRows).
template <class T>
void expect_rows(T* likelihood, const Scratch<T>& s, const T* x, ptrdiff_t count, const T* whitened,
                 const Mixture<T>& m) {
    using V = Vec<T>;
    constexpr ptrdiff_t P = kBlockPoints<T>;
    static_assert(kRows % P == 0);
    for (ptrdiff_t p = 0; p < count; p += P) {
        load_points(s.points.data(), x + p * m.d, std::min(P, count - p), m.d);
        log_densities(s.joint.data() + p, s, whitened, m);
        for (int v = 0; v < kBlockVectors; ++v)
            store(likelihood + p + v * lanes<V>, normalise(s.joint.data() + p + v * lanes<V>, m.components));
    }
}

}  // namespace

template <class T>
void mixture_expectation(T* log_likelihood, T* responsibilities, const MixtureSums* sums, double* total, const T* x,
                         const T* weights, ptrdiff_t n, const Mixture<T>& m) {
    const ptrdiff_t K = m.components, d = m.d, ld = Scratch<T>(0, d).ld;
    const ptrdiff_t second = sums ? second_size(K, d, ld, m.whitening) : 0;
    const ptrdiff_t size = sums ? PartSums::size(K, ld, second) : 1, stride = padded_row<double>(size);
    const ptrdiff_t parts = parts_of(n, kRowsPerPart, stride * static_cast<ptrdiff_t>(sizeof(double)));
    const Workspace<double> partial(parts * stride);
    const Workspace<T> whitened(m.whitening == Whitening::shared ? K * d : 0);
    if (m.whitening == Whitening::shared) whiten_means(whitened.data(), m);

    parallel_for(parts, mixture_ns(n, K, d), [&](ptrdiff_t part) {
        const Scratch<T> s(K, d);
        double* memory = partial.data() + part * stride;
        std::fill(memory, memory + size, 0.0);
        const PartSums part_sums(memory, sums ? K : 0, sums ? ld : 0, second);
        T likelihood[kRows];
        const ptrdiff_t end = n * (part + 1) / parts;
        for (ptrdiff_t first = n * part / parts; first < end; first += kRows) {
            const ptrdiff_t count = std::min(kRows, end - first);
            expect_rows(likelihood, s, x + first * d, count, whitened.data(), m);
            T* joint = s.joint.data();
            if (log_likelihood) std::copy(likelihood, likelihood + count, log_likelihood + first);
            if (responsibilities)
                for (ptrdiff_t p = 0; p < count; ++p)
                    for (ptrdiff_t k = 0; k < K; ++k) responsibilities[(first + p) * K + k] = joint[k * kRows + p];
            for (ptrdiff_t p = 0; p < count; ++p)
                *part_sums.total += static_cast<double>((weights ? weights[first + p] : T{1}) * likelihood[p]);
            for (ptrdiff_t k = 0; sums && k < K; ++k) {
                if (weights)
                    for (ptrdiff_t p = 0; p < count; ++p) joint[k * kRows + p] *= weights[first + p];
                add_component(part_sums, s, x + first * d, joint + k * kRows, m.means + k * d, k, count, d,
                              m.whitening);
            }
        }
    });
    if (sums) return gather_sums(*sums, total, partial.data(), parts, stride, K, d, ld, second);
    if (total) *total = 0;
    for (ptrdiff_t part = 0; total && part < parts; ++part) *total += partial.data()[part * stride];
}

template <class T>
void mixture_sums(const MixtureSums& sums, const T* x, const T* responsibilities, const T* weights, const T* means,
                  ptrdiff_t n, ptrdiff_t K, ptrdiff_t d, Whitening whitening) {
    const ptrdiff_t ld = Scratch<T>(0, d).ld, second = second_size(K, d, ld, whitening);
    const ptrdiff_t size = PartSums::size(K, ld, second), stride = padded_row<double>(size);
    const ptrdiff_t parts = parts_of(n, kRowsPerPart, stride * static_cast<ptrdiff_t>(sizeof(double)));
    const Workspace<double> partial(parts * stride);
    parallel_for(parts, mixture_ns(n, K, d), [&](ptrdiff_t part) {
        const Scratch<T> s(1, d);
        double* memory = partial.data() + part * stride;
        std::fill(memory, memory + size, 0.0);
        const PartSums part_sums(memory, K, ld, second);
        T* r = s.joint.data();
        const ptrdiff_t end = n * (part + 1) / parts;
        for (ptrdiff_t first = n * part / parts; first < end; first += kRows) {
            const ptrdiff_t count = std::min(kRows, end - first);
            for (ptrdiff_t k = 0; k < K; ++k) {
                for (ptrdiff_t p = 0; p < count; ++p)
                    r[p] = responsibilities[(first + p) * K + k] * (weights ? weights[first + p] : T{1});
                add_component(part_sums, s, x + first * d, r, means + k * d, k, count, d, whitening);
            }
        }
    });
    gather_sums(sums, nullptr, partial.data(), parts, stride, K, d, ld, second);
}

#define MMLCORE_INSTANTIATE(T)                                                                                      \
    template void mixture_expectation<T>(T*, T*, const MixtureSums*, double*, const T*, const T*, ptrdiff_t,        \
                                         const Mixture<T>&);                                                        \
    template void mixture_sums<T>(const MixtureSums&, const T*, const T*, const T*, const T*, ptrdiff_t, ptrdiff_t, \
                                  ptrdiff_t, Whitening);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
