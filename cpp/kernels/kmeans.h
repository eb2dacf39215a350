// k-means: the nearest centres of points, what the points of each centre add up to, and distances to candidates.
// Instantiated for float and double. Points x (n × d) and centres (k × d) are row-major; weights (n) may be null (1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// labels (n): the centre j with the smallest ‖c_j‖²/2 - c_j·x_i, the first of equals; a point for which all of these
// are NaN goes to centre 0. distances (n, or null): ‖x_i - c_labels_i‖². sums (k × d) and counts (k), or both null:
// Σ w_i x_i and Σ w_i over the points of each label. k ≥ 1.
template <class T>
void nearest_centres(std::int32_t* labels, T* distances, double* sums, double* counts, const T* x, const T* weights,
                     const T* centres, std::ptrdiff_t n, std::ptrdiff_t d, std::ptrdiff_t k);

// nearer (k × n): min(‖x_i - c_j‖², closest_i), where closest (n) may be null (∞). potentials (k): Σ_i w_i nearer_ji.
template <class T>
void distances_to_candidates(T* nearer, double* potentials, const T* x, const T* weights, const T* centres,
                             const T* closest, std::ptrdiff_t n, std::ptrdiff_t d, std::ptrdiff_t k);

// Estimated time of either on one thread.
constexpr double kmeans_ns(std::ptrdiff_t n, std::ptrdiff_t d, std::ptrdiff_t k) {
    return 0.03 * static_cast<double>(n) * static_cast<double>(d + 8) * static_cast<double>(k + 8);
}

}  // namespace mmlcore
