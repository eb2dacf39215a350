// Linear support vector machines by coordinate descent in the dual. Instantiated for double.
//
// C.-J. Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", 2008; C.-H. Ho, C.-J. Lin,
// "Large-scale linear support vector regression", 2012.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

struct DualDescent {
    double tol;  // on the largest violation of the optimality conditions (regression: relative to the first)
    std::ptrdiff_t max_iter;  // sweeps
    std::int64_t seed;
};

struct DualResult {
    std::ptrdiff_t sweeps;
    bool converged;
};

// min ½ ‖w‖² + Σ_i c_i loss(1 - y_i x_iᵀw), loss(t) = max(0, t), squared: max(0, t)². X (n × d, row-major), y (n) of
// ±1, c (n) ≥ 0; a (n) dual variables and w (d) = Σ a_i y_i x_i, both zero at first, in place.
DualResult support_vector_classifier(double* w, double* a, const double* X, const double* y, const double* c,
                                     bool squared, std::ptrdiff_t n, std::ptrdiff_t d, const DualDescent& how);

// min ½ ‖w‖² + Σ_i c_i loss(|y_i - x_iᵀw| - ε); a may be negative, w = Σ a_i x_i.
DualResult support_vector_regressor(double* w, double* a, const double* X, const double* y, const double* c,
                                    double epsilon, bool squared, std::ptrdiff_t n, std::ptrdiff_t d,
                                    const DualDescent& how);

// A coarse estimate: the number of sweeps is not known.
inline double support_vectors_ns(std::ptrdiff_t n, std::ptrdiff_t d) {
    return 10 * static_cast<double>(n) * static_cast<double>(d);
}

}  // namespace mmlcore
