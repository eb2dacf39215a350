#include "kernels/conquer.h"

#include <algorithm>
#include <numeric>

#include "kernels/threads.h"

namespace mmlcore {

void Deflation::group(const std::vector<Half>& sides) {
    ptrdiff_t counts[3] = {0, 0, 0};
    for (ptrdiff_t row : kept) ++counts[static_cast<int>(sides[row])];
    left = counts[0];
    both = counts[1];
    ptrdiff_t next[3] = {0, left, left + both};
    position.resize(kept.size());
    for (std::size_t j = 0; j < kept.size(); ++j) position[j] = next[static_cast<int>(sides[kept[j]])]++;
}

template <class T>
void replace_rows(T* Z, ptrdiff_t ld, const Deflation& deflation, const T* X, ptrdiff_t ldx, ptrdiff_t left_width,
                  ptrdiff_t right_width, T* spare, ptrdiff_t ld_spare) {
    const auto k = static_cast<ptrdiff_t>(deflation.kept.size()), width = left_width + right_width;
    const ptrdiff_t rows = k + static_cast<ptrdiff_t>(deflation.deflated.size());
    const double copy_ns = static_cast<double>(rows * width) * sizeof(T) / 16;
    parallel_for(rows, copy_ns, [&](ptrdiff_t j) {
        const ptrdiff_t row = j < k ? deflation.kept[j] : deflation.deflated[j - k];
        std::copy_n(Z + row * ld, width, spare + (j < k ? deflation.position[j] : j) * ld_spare);
    });
    const ptrdiff_t of_left = deflation.left + deflation.both, of_right = k - deflation.left;
    if (k > 0) {
        gemm<T>(Z, ld, {X, ldx, 1}, {spare, ld_spare, 1}, k, left_width, of_left);
        gemm<T>(Z + left_width, ld, {X + deflation.left, ldx, 1},
                {spare + deflation.left * ld_spare + left_width, ld_spare, 1}, k, right_width, of_right);
    }
    for (ptrdiff_t j = k; j < rows; ++j) std::copy_n(spare + j * ld_spare, width, Z + j * ld);
}

template <class T>
std::vector<Root<T>> secular_roots(T* gaps, ptrdiff_t ld, const Poles<T>& poles, const std::vector<T>& squares, T rho) {
    const auto k = static_cast<ptrdiff_t>(squares.size());
    std::vector<Root<T>> roots(squares.size());
    const double cost_ns = static_cast<double>(k) * (200 + 2.0 * static_cast<double>(k));
    parallel_chunks(k, 4, cost_ns, [&](ptrdiff_t begin, ptrdiff_t end) {
        for (ptrdiff_t i = begin; i < end; ++i)
            roots[i] = secular_root(gaps + i * ld, poles, squares.data(), rho, i, k);
    });
    return roots;
}

template <class T>
std::vector<T> all_consistent_weights(const T* gaps, ptrdiff_t ld, const Poles<T>& poles, ptrdiff_t k) {
    std::vector<T> z(k);
    const double cost_ns = static_cast<double>(k) * static_cast<double>(k);
    parallel_chunks(k, 64, cost_ns, [&](ptrdiff_t begin, ptrdiff_t end) {
        consistent_weights(z.data(), gaps, ld, poles, k, begin, end);
    });
    return z;
}

template <class T>
std::vector<ptrdiff_t> merged_order(const T* values, const std::vector<ptrdiff_t>& first,
                                    const std::vector<ptrdiff_t>& second) {
    std::vector<ptrdiff_t> order(first.size() + second.size());
    std::merge(first.begin(), first.end(), second.begin(), second.end(), order.begin(),
               [values](ptrdiff_t a, ptrdiff_t b) { return values[a] < values[b]; });
    return order;
}

template <class T>
std::vector<ptrdiff_t> rising(const T* values, ptrdiff_t k, ptrdiff_t n) {
    std::vector<ptrdiff_t> first(k), second(n - k);
    std::iota(first.begin(), first.end(), ptrdiff_t{0});
    std::iota(second.begin(), second.end(), k);
    auto below = [values](ptrdiff_t a, ptrdiff_t b) { return values[a] < values[b]; };
    std::stable_sort(first.begin(), first.end(), below);
    std::stable_sort(second.begin(), second.end(), below);
    return merged_order(values, first, second);
}

#define MMLCORE_INSTANTIATE(T)                                                                                    \
    template void replace_rows<T>(T*, ptrdiff_t, const Deflation&, const T*, ptrdiff_t, ptrdiff_t, ptrdiff_t, T*, \
                                  ptrdiff_t);                                                                     \
    template std::vector<Root<T>> secular_roots<T>(T*, ptrdiff_t, const Poles<T>&, const std::vector<T>&, T);     \
    template std::vector<T> all_consistent_weights<T>(const T*, ptrdiff_t, const Poles<T>&, ptrdiff_t);           \
    template std::vector<ptrdiff_t> merged_order<T>(const T*, const std::vector<ptrdiff_t>&,                      \
                                                    const std::vector<ptrdiff_t>&);                               \
    template std::vector<ptrdiff_t> rising<T>(const T*, ptrdiff_t, ptrdiff_t);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
