// The elastic net by coordinate descent: ½ ‖y - X β‖² + l1 ‖β‖₁ + ½ l2 ‖β‖². Instantiated for double.
//
// J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent",
// 2010; the duality gap as in S.-J. Kim et al., "An interior-point method for large-scale l1-regularized least
// squares", 2007.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

struct ElasticNet {
    double l1, l2;
    double tol;               // a duality gap of at most tol · ‖y‖² is good enough
    std::ptrdiff_t max_iter;  // sweeps
    bool positive;            // β ≥ 0
    std::int64_t seed;        // coordinates in random order where not negative
};

struct Descent {
    std::ptrdiff_t sweeps;
    double gap;  // absolute
    bool converged;
};

// β (d) and g = q - G β (d) in place, from G = XᵀX (d × d, row-major), q = Xᵀy and yy = ‖y‖². A changed coordinate
// costs d, an unchanged one nothing.
Descent elastic_net_of_products(double* beta, double* g, const double* G, double yy, const double* q, std::ptrdiff_t d,
                                const ElasticNet& net);

// β (d) and r = y - X β (n) in place, from Xt (d × n, row-major: a column of X is contiguous). Sweeps over the
// coordinates that are not zero, until they rest; then one over all.
Descent elastic_net_of_columns(double* beta, double* r, const double* Xt, double yy, std::ptrdiff_t n, std::ptrdiff_t d,
                               const ElasticNet& net);

// A coarse estimate: the number of sweeps is not known.
inline double elastic_net_ns(std::ptrdiff_t work) {
    return 10 * static_cast<double>(work);
}

}  // namespace mmlcore
