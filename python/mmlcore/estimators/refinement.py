"""Solutions refined by their residuals: least squares to the last digits that the data determine, large definite
systems in half the time.
"""

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import FloatArray

__all__ = ["refined_least_squares", "solve_positive_definite"]

_ROUNDS = 3
_MOST_CORRECTIONS = 12
_LARGE = 512  # rows from which a factor in half the precision saves more than its corrections cost


def refined_least_squares(A: FloatArray, B: FloatArray) -> tuple[FloatArray, int]:
    """The X that makes ‖A X - B‖ smallest, by QR, refined together with the residuals in twice the precision.

    R and X satisfy R + A X = B, Aᵀ R = 0. What these lack, F = B - R - A X and G = -Aᵀ R, is computed exactly but for
    the last rounding, and corrected by way of A = Q U: ΔX = U⁻¹(QᵀF - U⁻ᵀ G), ΔR = F - A ΔX. So the error grows with
    the condition number, not with its square times the residual.

    Parameters
    ----------
    A : ndarray, shape (n, d), float64
    B : ndarray, shape (n, k), float64

    Returns
    -------
    X : ndarray, shape (d, k)
    rank : int
        Below d, X is the shortest solution and not refined.

    References
    ----------
    Björck, "Iterative refinement of linear least squares solutions", 1967.

    Examples
    --------
    >>> refined_least_squares(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([[1.0], [3.0], [5.0]]))[0]
    array([[1.],
           [2.]])
    """
    X, _, rank, _ = linalg.lstsq(A, B)
    d = A.shape[1]
    if rank < d:
        return X, int(rank)
    units = np.exp2(-np.round(np.log2(np.sqrt(np.square(A).sum(axis=0)))))  # powers of two: nothing is rounded
    A, X = A * units, X / units[:, None]
    for column in range(B.shape[1]):
        X[:, column] = _refined(A, B[:, column, None], X[:, column, None])[:, 0]
    return X * units[:, None], d


def _refined(A: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    n, d = A.shape
    U, along = _factor(A, b)
    r, change = b - A @ x, np.inf
    for _ in range(_ROUNDS):
        f, g = np.empty((n, 1)), np.empty((d, 1))
        _kernels.precise_residual(f, np.hstack([A, r]), np.vstack([x, [[1.0]]]), b)
        _kernels.precise_residual(g, np.ascontiguousarray(A.T), r, np.zeros((d, 1)))
        _, along = _factor(A, f)
        step = linalg.solve_triangular(U, along - linalg.solve_triangular(U, g, trans=1))
        size = float(np.abs(step).max())
        if not size < 0.5 * change:  # as exact as it gets, or worse
            break
        x, r, change = x + step, r + (f - A @ step), size
    return x


def _factor(A: FloatArray, f: FloatArray) -> tuple[FloatArray, FloatArray]:
    """U and Qᵀf."""
    d = A.shape[1]
    factor = np.empty((d + 1, d + 1))
    _kernels.triangular_factor(factor, A, f)
    return factor[:d, :d], factor[:d, d:]


def solve_positive_definite(K: FloatArray, Y: FloatArray) -> FloatArray:
    """K⁻¹ Y of a symmetric positive definite K by Cholesky.

    A large float64 matrix is factored in float32; residuals in float64 correct the solution until every column is as
    good as a float64 factor's, ‖y - K x‖ ≤ √n ε ‖K‖ ‖x‖ in the largest norms. Where that does not happen, or happens
    slowly, K is factored in float64.

    Parameters
    ----------
    K : ndarray, shape (n, n)
    Y : ndarray, shape (n, k)

    Returns
    -------
    ndarray, shape (n, k)

    Raises
    ------
    LinAlgError
        If K is not positive definite.

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms, chapter 12; LAPACK's dsposv.

    Examples
    --------
    >>> solve_positive_definite(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([[2.0], [2.0]]))
    array([[1. ],
           [0.5]])
    """
    if K.dtype == np.float64 and len(K) >= _LARGE:
        corrected = _corrected(K, Y)
        if corrected is not None:
            return corrected
    return linalg.cho_solve(linalg.cho_factor(K, lower=True), Y)


def _corrected(K: FloatArray, Y: FloatArray) -> FloatArray | None:
    """By a float32 factor and residuals; None where these do not shrink tenfold at every step."""
    with np.errstate(over="ignore"):
        half = K.astype(np.float32)
    try:
        factor = linalg.cho_factor(half, lower=True)
    except linalg.LinAlgError:
        return None
    goal = np.sqrt(len(K)) * np.finfo(np.float64).eps * float(linalg.norm(half, np.inf))
    X, residual, before = np.zeros_like(Y), Y, np.full(Y.shape[1], np.inf)
    for _ in range(_MOST_CORRECTIONS):
        size = np.abs(residual).max(axis=0)
        done = size <= goal * np.abs(X).max(axis=0)
        if done.all():
            return X
        if not (done | (size < 0.1 * before)).all():
            return None
        unit = np.where(size > 0, size, 1)
        step = linalg.cho_solve(factor, (residual / unit).astype(np.float32))
        X = X + np.where(done, 0, unit) * step
        residual, before = Y - linalg.matmul(K, X), size
    return None
