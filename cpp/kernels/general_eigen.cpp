#include "kernels/general_eigen.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "kernels/vectors.h"

namespace mmlcore {
namespace {

template <class T>
using ColMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using Column = Eigen::Matrix<T, Eigen::Dynamic, 1>;

// D⁻¹ A D with rows and columns of like size, D powers of two: the eigenvalues of badly scaled matrices keep their
// digits. B. Parlett, C. Reinsch, "Balancing a matrix for calculation of eigenvalues and eigenvectors", 1969.
template <class T>
Column<T> balance(ColMajor<T>& A) {
    const ptrdiff_t n = A.rows();
    Column<T> scales = Column<T>::Ones(n);
    for (bool changed = true; changed;) {
        changed = false;
        for (ptrdiff_t i = 0; i < n; ++i) {
            const T diagonal = std::abs(A(i, i));
            const T column = A.col(i).cwiseAbs().sum() - diagonal, row = A.row(i).cwiseAbs().sum() - diagonal;
            if (!(column > 0) || !(row > 0)) continue;
            const int exponent = static_cast<int>(std::lround(std::log2(row / column) / 2));
            const T factor = std::ldexp(T{1}, exponent);
            if (exponent == 0 || !(column * factor + row / factor < T(0.95) * (column + row))) continue;
            A.col(i) *= factor;
            A.row(i) /= factor;
            scales[i] *= factor;
            changed = true;
        }
    }
    return scales;
}

}  // namespace

template <class T>
bool general_eigen(std::complex<T>* values, std::complex<T>* V, const T* A, ptrdiff_t n) {
    if (n == 0) return true;
    const T largest = largest_finite_magnitude(A, n * n);
    if (std::isnan(largest)) return false;
    const T factor = power_of_two_scale(largest);
    using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    ColMajor<T> balanced = Eigen::Map<const RowMajor>(A, n, n) * factor;
    const Column<T> scales = balance(balanced);

    const Eigen::EigenSolver<ColMajor<T>> solver(balanced, V != nullptr);
    if (solver.info() != Eigen::Success) return false;
    for (ptrdiff_t i = 0; i < n; ++i) values[i] = solver.eigenvalues()[i] / factor;
    if (!V) return true;

    ColMajor<std::complex<T>> vectors = solver.eigenvectors();
    for (ptrdiff_t j = 0; j < n; ++j) {
        auto column = vectors.col(j);
        column = column.cwiseProduct(scales.template cast<std::complex<T>>()).eval();
        ptrdiff_t peak = 0;
        const T size = column.cwiseAbs().maxCoeff(&peak);
        const std::complex<T> turn = values[j].imag() == 0 ? std::complex<T>(size) : column[peak];
        column /= turn;
        column /= column.norm();
        if (values[j].imag() != 0) column[peak] = column[peak].real();
    }
    for (ptrdiff_t i = 0; i < n; ++i)
        for (ptrdiff_t j = 0; j < n; ++j) V[i * n + j] = vectors(i, j);
    return true;
}

template bool general_eigen<float>(std::complex<float>*, std::complex<float>*, const float*, ptrdiff_t);
template bool general_eigen<double>(std::complex<double>*, std::complex<double>*, const double*, ptrdiff_t);

}  // namespace mmlcore
