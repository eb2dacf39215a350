#include "kernels/general_eigen.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/vectors.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

using Matrix = Eigen::MatrixXd;
using Column = Eigen::VectorXd;

// D⁻¹ A D with rows and columns of like size, D powers of two: the eigenvalues of badly scaled matrices keep their
// digits. B. Parlett, C. Reinsch, "Balancing a matrix for calculation of eigenvalues and eigenvectors", 1969.
Column balance(Matrix& A) {
    const ptrdiff_t n = A.rows();
    Column scales = Column::Ones(n);
    for (bool changed = true; changed;) {
        changed = false;
        for (ptrdiff_t i = 0; i < n; ++i) {
            const double diagonal = std::abs(A(i, i));
            const double column = A.col(i).cwiseAbs().sum() - diagonal, row = A.row(i).cwiseAbs().sum() - diagonal;
            if (!(column > 0) || !(row > 0)) continue;
            const int exponent = static_cast<int>(std::lround(std::log2(row / column) / 2));
            const double factor = std::ldexp(1.0, exponent);
            if (exponent == 0 || !(column * factor + row / factor < 0.95 * (column + row))) continue;
            A.col(i) *= factor;
            A.row(i) /= factor;
            scales[i] *= factor;
            changed = true;
        }
    }
    return scales;
}

}  // namespace

bool general_eigen(std::complex<double>* values, std::complex<double>* V, const double* A, ptrdiff_t n) {
    if (n == 0) return true;
    const double largest = largest_finite_magnitude(A, n * n);
    if (std::isnan(largest)) return false;
    const double factor = power_of_two_scale(largest);
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Matrix balanced = Eigen::Map<const RowMajor>(A, n, n) * factor;
    const Column scales = balance(balanced);

    const Eigen::EigenSolver<Matrix> solver(balanced, V != nullptr);
    if (solver.info() != Eigen::Success) return false;
    for (ptrdiff_t i = 0; i < n; ++i) values[i] = solver.eigenvalues()[i] / factor;
    if (!V) return true;

    Eigen::MatrixXcd vectors = solver.eigenvectors();
    for (ptrdiff_t j = 0; j < n; ++j) {
        auto column = vectors.col(j);
        column = column.cwiseProduct(scales.cast<std::complex<double>>()).eval();
        ptrdiff_t peak = 0;
        const double size = column.cwiseAbs().maxCoeff(&peak);
        const std::complex<double> turn = values[j].imag() == 0 ? std::complex<double>(size) : column[peak];
        column /= turn;
        column /= column.norm();
        if (values[j].imag() != 0) column[peak] = column[peak].real();
    }
    for (ptrdiff_t i = 0; i < n; ++i)
        for (ptrdiff_t j = 0; j < n; ++j) V[i * n + j] = vectors(i, j);
    return true;
}

// In double: the compiler takes a minute for each type, and scalar operations of both take the same time.
bool general_eigen(std::complex<float>* values, std::complex<float>* V, const float* A, ptrdiff_t n) {
    const Workspace<double> wide(n * n);
    const Workspace<std::complex<double>> wide_values(n), wide_V(V ? n * n : 0);
    std::copy(A, A + n * n, wide.data());
    if (!general_eigen(wide_values.data(), V ? wide_V.data() : nullptr, wide.data(), n)) return false;
    std::copy(wide_values.data(), wide_values.data() + n, values);
    if (V) std::copy(wide_V.data(), wide_V.data() + n * n, V);
    return true;
}

}  // namespace mmlcore
