#include "kernels/svd.h"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/gemv.h"

namespace mmlcore {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using ColMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
T norm(const T* x, ptrdiff_t n) {
    return Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(x, n).matrix().stableNorm();
}

// x / ‖x‖ in place; the norm.
template <class T>
T normalise(T* x, ptrdiff_t n) {
    const T length = norm(x, n);
    if (length > 0)
        for (ptrdiff_t i = 0; i < n; ++i) x[i] /= length;
    return length;
}

// A with the power of two that brings its largest element into [½, 1): what is squared then neither overflows nor
// vanishes.
template <class T>
struct Scaled {
    MatrixView<T> A;
    T factor;

    Scaled transposed() const { return {A.transposed(), factor}; }
};

template <class T>
Scaled<T> scaled(MatrixView<T> A, ptrdiff_t m, ptrdiff_t n) {
    T largest = 0;
    for (ptrdiff_t i = 0; i < m; ++i)
        for (ptrdiff_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(*A.at(i, j)));
    int exponent = 0;
    std::frexp(largest, &exponent);
    return {A, std::ldexp(T{1}, std::min(-exponent, std::numeric_limits<T>::max_exponent - 1))};
}

template <class T>
void times(T* y, const Scaled<T>& S, const T* x, ptrdiff_t m, ptrdiff_t n) {
    gemm<T>(y, 1, S.A, {x, 1, 1}, m, 1, n, S.factor);
}

// An orthonormal basis of the columns of X (rows × b, row-major), in place; complete even where X has lower rank.
template <class T>
void orthonormalise(T* X, ptrdiff_t rows, ptrdiff_t b) {
    Eigen::Map<RowMajor<T>> map(X, rows, b);
    const Eigen::HouseholderQR<ColMajor<T>> qr(map);
    map = qr.householderQ() * ColMajor<T>::Identity(rows, b);
}

// Y (m × b) = A · X (n × b)
template <class T>
void times_block(T* Y, const Scaled<T>& S, const T* X, ptrdiff_t m, ptrdiff_t n, ptrdiff_t b) {
    gemm<T>(Y, b, S.A, {X, b, 1}, m, b, n, S.factor);
}

// max_i ‖Aᵀu_i - σ_i v_i‖ / σ_1 over the first k columns; G = AᵀU (n × b), V (n × b).
template <class T>
T worst_residual(const RowMajor<T>& G, const RowMajor<T>& V, const T* S, ptrdiff_t k) {
    T worst = 0;
    for (ptrdiff_t i = 0; i < k; ++i) {
        const T r = (G.col(i) - S[i] * V.col(i)).norm();
        worst = r > worst || r != r ? r : worst;
    }
    return S[0] > 0 ? worst / S[0] : worst;
}

// ‖XᵀX - 1‖ within rounding: the columns are orthonormal.
template <class T>
bool orthonormal(const ColMajor<T>& X) {
    const ptrdiff_t columns = X.cols();
    const T error = (X.transpose() * X - ColMajor<T>::Identity(columns, columns)).norm();
    return error <= 100 * static_cast<T>(X.rows()) * std::numeric_limits<T>::epsilon();
}

// Divide and conquer, or by Jacobi's rotations where that went wrong. Eigen 3.4.1 compiled for AVX2 or AVX-512 gives
// singular vectors that are not orthonormal for some matrices of low rank, and says that it succeeded.
template <class T, class Receive>
bool decompose(const ColMajor<T>& A, unsigned wanted, Receive&& receive) {
    const Eigen::BDCSVD<ColMajor<T>> fast(A, wanted);
    if (fast.info() == Eigen::Success && orthonormal<T>(fast.matrixU()) && orthonormal<T>(fast.matrixV())) {
        receive(fast);
        return true;
    }
    const Eigen::JacobiSVD<ColMajor<T>, Eigen::FullPivHouseholderQRPreconditioner> full(
        A, unsigned{Eigen::ComputeFullU} | unsigned{Eigen::ComputeFullV});
    if (full.info() != Eigen::Success) return false;
    receive(full);
    return true;
}

}  // namespace

template <class T>
bool svd(T* U, T* S, T* Vt, const T* A, ptrdiff_t m, ptrdiff_t n, bool thin) {
    const ptrdiff_t r = m < n ? m : n;
    if (r == 0) return true;
    const bool wants_thin = thin || !U;  // the values alone come with vectors too: they tell whether all went well
    const unsigned wanted = wants_thin ? unsigned{Eigen::ComputeThinU} | unsigned{Eigen::ComputeThinV}
                                       : unsigned{Eigen::ComputeFullU} | unsigned{Eigen::ComputeFullV};
    const T factor = scaled<T>({A, n, 1}, m, n).factor;
    const ColMajor<T> copy = Eigen::Map<const RowMajor<T>>(A, m, n) * factor;
    return decompose(copy, wanted, [=](const auto& result) {
        Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(S, r) = result.singularValues() / factor;
        if (!U) return;
        const ptrdiff_t u_cols = thin ? r : m, vt_rows = thin ? r : n;
        Eigen::Map<RowMajor<T>>(U, m, u_cols) = result.matrixU().leftCols(u_cols);
        Eigen::Map<RowMajor<T>>(Vt, vt_rows, n) = result.matrixV().leftCols(vt_rows).transpose();
    });
}

template <class T>
Iteration power_iteration(T* u, T* v, T* trace, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t max_steps,
                          T tolerance) {
    const Scaled<T> S = scaled(A, m, n);
    normalise(v, n);
    T before = -1;
    for (ptrdiff_t step = 0; step < max_steps; ++step) {
        times(u, S, v, m, n);
        const T sigma = normalise(u, m);
        trace[step] = sigma / S.factor;
        if (!(sigma > 0)) return {step + 1, false};  // v is in the null space
        if (std::abs(sigma - before) <= tolerance * sigma) return {step + 1, true};
        if (step + 1 == max_steps) break;
        before = sigma;
        times(v, S.transposed(), u, n, m);
        normalise(v, n);
    }
    return {max_steps, false};
}

template <class T>
Iteration block_power_iteration(T* U, T* S, T* Vt, T* V, T* residual, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n,
                                ptrdiff_t k, ptrdiff_t b, ptrdiff_t max_steps, T tolerance) {
    const Scaled<T> scaled_A = scaled(A, m, n);
    RowMajor<T> Y(m, b), G(n, b), basis = Eigen::Map<RowMajor<T>>(V, n, b);
    orthonormalise(basis.data(), n, b);
    for (ptrdiff_t step = 1;; ++step) {
        // The small problem on span(V): A V = Q R, R = Ur Σ Vrᵀ, so U = Q Ur and V ← V Vr.
        times_block(Y.data(), scaled_A, basis.data(), m, n, b);
        const Eigen::HouseholderQR<ColMajor<T>> qr(Y);
        const ColMajor<T> R = qr.matrixQR().topRows(b).template triangularView<Eigen::Upper>();
        const Eigen::JacobiSVD<ColMajor<T>> small(R, Eigen::ComputeFullU | Eigen::ComputeFullV);
        Y.noalias() = qr.householderQ() * (ColMajor<T>::Identity(m, b) * small.matrixU());
        const RowMajor<T> rotated = basis * small.matrixV();

        times_block(G.data(), scaled_A.transposed(), Y.data(), n, m, b);  // AᵀU: residual now, next basis then
        *residual = worst_residual<T>(G, rotated, small.singularValues().data(), k);
        const bool converged = *residual <= tolerance;
        if (converged || step >= max_steps || *residual != *residual) {
            Eigen::Map<RowMajor<T>>(U, m, k) = Y.leftCols(k);
            Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(S, k) = small.singularValues().head(k) / scaled_A.factor;
            Eigen::Map<RowMajor<T>>(Vt, k, n) = rotated.leftCols(k).transpose();
            return {step, converged};
        }
        basis.swap(G);
        orthonormalise(basis.data(), n, b);
    }
}

#define MMLCORE_INSTANTIATE(T)                                                                                      \
    template bool svd<T>(T*, T*, T*, const T*, ptrdiff_t, ptrdiff_t, bool);                                         \
    template Iteration power_iteration<T>(T*, T*, T*, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, T);           \
    template Iteration block_power_iteration<T>(T*, T*, T*, T*, T*, MatrixView<T>, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                                ptrdiff_t, ptrdiff_t, T);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
