#include "kernels/svd.h"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>

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

template <class T>
void times(T* y, MatrixView<T> A, const T* x, ptrdiff_t m, ptrdiff_t n) {
    gemm<T>(y, 1, A, {x, 1, 1}, m, 1, n);
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
void times_block(T* Y, MatrixView<T> A, const T* X, ptrdiff_t m, ptrdiff_t n, ptrdiff_t b) {
    gemm<T>(Y, b, A, {X, b, 1}, m, b, n);
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

}  // namespace

template <class T>
bool svd(T* U, T* S, T* Vt, const T* A, ptrdiff_t m, ptrdiff_t n, bool thin) {
    const ptrdiff_t r = m < n ? m : n;
    if (r == 0) return true;
    const unsigned wanted = !U     ? 0u
                            : thin ? unsigned{Eigen::ComputeThinU} | unsigned{Eigen::ComputeThinV}
                                   : unsigned{Eigen::ComputeFullU} | unsigned{Eigen::ComputeFullV};
    const Eigen::BDCSVD<ColMajor<T>> decomposition(Eigen::Map<const RowMajor<T>>(A, m, n), wanted);
    if (decomposition.info() != Eigen::Success) return false;
    Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(S, r) = decomposition.singularValues();
    if (U) {
        Eigen::Map<RowMajor<T>>(U, m, thin ? r : m) = decomposition.matrixU();
        Eigen::Map<RowMajor<T>>(Vt, thin ? r : n, n) = decomposition.matrixV().transpose();
    }
    return true;
}

template <class T>
Iteration power_iteration(T* u, T* v, T* trace, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n, ptrdiff_t max_steps,
                          T tolerance) {
    normalise(v, n);
    T before = -1;
    for (ptrdiff_t step = 0; step < max_steps; ++step) {
        times(u, A, v, m, n);
        const T sigma = trace[step] = normalise(u, m);
        if (!(sigma > 0)) return {step + 1, sigma == 0};  // v in the null space, or not finite
        if (std::abs(sigma - before) <= tolerance * sigma) return {step + 1, true};
        if (step + 1 == max_steps) break;
        before = sigma;
        times(v, A.transposed(), u, n, m);
        normalise(v, n);
    }
    return {max_steps, false};
}

template <class T>
Iteration block_power_iteration(T* U, T* S, T* Vt, T* V, T* residual, MatrixView<T> A, ptrdiff_t m, ptrdiff_t n,
                                ptrdiff_t k, ptrdiff_t b, ptrdiff_t max_steps, T tolerance) {
    RowMajor<T> Y(m, b), G(n, b), basis = Eigen::Map<RowMajor<T>>(V, n, b);
    orthonormalise(basis.data(), n, b);
    for (ptrdiff_t step = 1;; ++step) {
        // The small problem on span(V): A V = Q R, R = Ur Σ Vrᵀ, so U = Q Ur and V ← V Vr.
        times_block(Y.data(), A, basis.data(), m, n, b);
        const Eigen::HouseholderQR<ColMajor<T>> qr(Y);
        const ColMajor<T> R = qr.matrixQR().topRows(b).template triangularView<Eigen::Upper>();
        const Eigen::JacobiSVD<ColMajor<T>> small(R, Eigen::ComputeFullU | Eigen::ComputeFullV);
        Y.noalias() = qr.householderQ() * (ColMajor<T>::Identity(m, b) * small.matrixU());
        const RowMajor<T> rotated = basis * small.matrixV();

        times_block(G.data(), A.transposed(), Y.data(), n, m, b);  // AᵀU: residual now, next basis then
        *residual = worst_residual<T>(G, rotated, small.singularValues().data(), k);
        const bool converged = *residual <= tolerance;
        if (converged || step >= max_steps || *residual != *residual) {
            Eigen::Map<RowMajor<T>>(U, m, k) = Y.leftCols(k);
            Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(S, k) = small.singularValues().head(k);
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
