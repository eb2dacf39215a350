#include "kernels/logistic.h"

#include <algorithm>
#include <type_traits>

#include "kernels/math.h"
#include "kernels/threads.h"
#include "kernels/vectors.h"

namespace mmlcore {
namespace {

constexpr ptrdiff_t kMostTasks = 16, kBlockBytes = 1 << 15;

// Rows that stay in the cache between z = X θ and the gradient Xᵀr.
template <class T>
ptrdiff_t block_rows(ptrdiff_t d) {
    const ptrdiff_t rows = kBlockBytes / static_cast<ptrdiff_t>(sizeof(T)) / std::max<ptrdiff_t>(d, 1);
    return std::clamp<ptrdiff_t>(rows / 8 * 8, 16, 512);
}

template <class T>
struct Data {
    MatrixView<T> X;
    const T *t, *w, *theta;
    ptrdiff_t d;
};

// z (rows) = X θ + θ_d
template <class T>
void scores(T* z, const Data<T>& data, ptrdiff_t first, ptrdiff_t rows) {
    if (data.X.col == 1) {
        dot_all_columns(z, data.X.at(first, 0), data.X.row, data.theta, data.d, rows);
        for (ptrdiff_t i = 0; i < rows; ++i) z[i] += data.theta[data.d];
        return;
    }
    std::fill(z, z + rows, data.theta[data.d]);
    for (ptrdiff_t j = 0; j < data.d; ++j)
        for (ptrdiff_t i = 0; i < rows; ++i) z[i] += *data.X.at(first + i, j) * data.theta[j];
}

// Lanes beyond `count` become `value`.
template <class V, class Count>
V with_tail(V v, lane_t<V> value, Count count) {
    if constexpr (!std::is_same_v<Count, AllLanes>)
        for (ptrdiff_t lane = count; lane < lanes<V>; ++lane) v[lane] = value;
    return v;
}

// z becomes r; returns the loss. A target of 1 is met by σ(z) - 1 = -σ(-z), so that it keeps its digits.
template <class T>
double residuals(T* z, T* curvature, const Data<T>& data, ptrdiff_t first, ptrdiff_t rows) {
    using V = Vec<T>;
    V loss{};
    for_each_vector<V>(0, rows, [&](ptrdiff_t i, auto count) {
        const V score = load_lanes<V>(z + i, count), target = load_lanes<V>(data.t + first + i, count);
        V weight = data.w ? load_lanes<V>(data.w + first + i, count) : broadcast<V>(1);
        weight = with_tail(weight, T{0}, count);
        V slope;
        const V above = vsoftplus(score, slope), rest = vsigmoid(-score);
        loss += weight * (above - target * score);
        if (curvature) store_lanes(curvature + first + i, weight * slope * rest, count);
        store_lanes(z + i, weight * (target == 1 ? -rest : slope - target), count);
    });
    return static_cast<double>(sum_lanes(loss));
}

// g (d + 1) = Σ_i r_i [x_i, 1]
template <class T>
void add_gradient(T* g, const T* r, const Data<T>& data, ptrdiff_t first, ptrdiff_t rows) {
    std::fill(g, g + data.d + 1, T{0});
    if (data.X.col == 1)
        add_all_columns(g, data.X.at(first, 0), data.X.row, r, data.d, rows);
    else
        for (ptrdiff_t j = 0; j < data.d; ++j)
            for (ptrdiff_t i = 0; i < rows; ++i) g[j] += r[i] * *data.X.at(first + i, j);
    for (ptrdiff_t i = 0; i < rows; ++i) g[data.d] += r[i];
}

}  // namespace

template <class T>
double weighted_logistic_loss(double* gradient, T* curvature, MatrixView<T> X, const T* t, const T* w, const T* theta,
                              ptrdiff_t n, ptrdiff_t d) {
    const Data<T> data{X, t, w, theta, d};
    const ptrdiff_t block = block_rows<T>(d), blocks = (n + block - 1) / block, size = d + 2;
    const ptrdiff_t tasks = std::max<ptrdiff_t>(std::min(kMostTasks, blocks), 1);
    const Workspace<double> sums(tasks * size);  // gradient and loss of each task
    parallel_for(tasks, weighted_logistic_loss_ns(n, d), [&](ptrdiff_t task) {
        const Workspace<T> z(block), g(d + 1);
        double* sum = sums.data() + task * size;
        std::fill(sum, sum + size, 0.0);
        for (ptrdiff_t b = blocks * task / tasks; b < blocks * (task + 1) / tasks; ++b) {
            const ptrdiff_t first = b * block, rows = std::min(block, n - first);
            scores(z.data(), data, first, rows);
            sum[d + 1] += residuals(z.data(), curvature, data, first, rows);
            add_gradient(g.data(), z.data(), data, first, rows);
            for (ptrdiff_t j = 0; j <= d; ++j) sum[j] += static_cast<double>(g.data()[j]);
        }
    });
    std::fill(gradient, gradient + d + 1, 0.0);
    double loss = 0;
    for (ptrdiff_t task = 0; task < tasks; ++task) {
        for (ptrdiff_t j = 0; j <= d; ++j) gradient[j] += sums.data()[task * size + j];
        loss += sums.data()[task * size + d + 1];
    }
    return loss;
}

template double weighted_logistic_loss<float>(double*, float*, MatrixView<float>, const float*, const float*,
                                              const float*, ptrdiff_t, ptrdiff_t);
template double weighted_logistic_loss<double>(double*, double*, MatrixView<double>, const double*, const double*,
                                               const double*, ptrdiff_t, ptrdiff_t);

}  // namespace mmlcore
