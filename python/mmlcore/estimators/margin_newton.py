"""Squared hinge losses by Newton's method: smooth but for the second derivative, solved in a handful of steps."""

from typing import Any, NamedTuple

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.sparse_rows import SparseRows

__all__ = ["MarginFit", "squared_margin_newton"]


class MarginFit(NamedTuple):
    """Weights, iterations, and whether the gradient is small."""

    w: FloatArray
    iterations: int
    converged: bool


def squared_margin_newton(
    X: Any, y: FloatArray, c: FloatArray, epsilon: float | None, tol: float, max_iter: int
) -> MarginFit:
    """The w that makes ½ ‖w‖² + Σ c_i max(0, m_i)² smallest, m_i = 1 - y_i x_i w, or |y_i - x_i w| - ε.

    H = 1 + 2 Σ c_i x_i x_iᵀ over the rows with m_i > 0, w ← w - t H⁻¹ g, t halved until the loss falls. Where there are
    more columns than rows, in the space of the rows: X = L Q, w = Qᵀ v.

    Parameters
    ----------
    X : ndarray, or SparseRows with n ≥ d, shape (n, d), float64
    y : ndarray, shape (n,)
        ±1, or real numbers with `epsilon`.
    c : ndarray, shape (n,)
    epsilon : float or None
        None: classification.
    tol : float
        On the largest component of the gradient, relative to that at zero.
    max_iter : int

    References
    ----------
    Mangasarian, "A finite Newton method for classification", 2002.

    Examples
    --------
    >>> squared_margin_newton(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]), np.ones(2), None, 1e-10, 50).w
    array([0.8])
    """
    if X.shape[1] > X.shape[0]:
        q, r = linalg.qr(X.T)
        inner = squared_margin_newton(np.ascontiguousarray(r.T), y, c, epsilon, tol, max_iter)
        return inner._replace(w=q @ inner.w)
    loss = _Loss(X, y, c, epsilon)
    w = np.zeros(X.shape[1])
    value, gradient, active = loss(w)
    goal, done = tol * max(float(np.abs(gradient).max(initial=0)), np.finfo(float).tiny), 0
    for done in range(1, max_iter + 1):
        direction = -linalg.cho_solve(linalg.cho_factor(loss.hessian(active), lower=True), gradient)
        slope, step = float(gradient @ direction), 1.0
        for _ in range(50):
            trial = loss(w + step * direction)
            if trial[0] <= value + 1e-4 * step * slope + 16 * np.finfo(float).eps * abs(value):
                break
            step *= 0.5
        w = w + step * direction
        value, gradient, active = trial
        if np.abs(gradient).max(initial=0) <= goal:
            return MarginFit(w, done, True)
    return MarginFit(w, done, False)


class _Loss:
    def __init__(self, X: Any, y: FloatArray, c: FloatArray, epsilon: float | None) -> None:
        self.X, self.y, self.c, self.epsilon = X, y, c, epsilon

    def __call__(self, w: FloatArray) -> tuple[float, FloatArray, Any]:
        sparse = isinstance(self.X, SparseRows)
        z = self.X.times(w) if sparse else self.X @ w
        if self.epsilon is None:
            margin, sign = 1 - self.y * z, -self.y
        else:
            margin, sign = np.abs(self.y - z) - self.epsilon, np.sign(z - self.y)
        over = np.maximum(margin, 0)
        slopes = 2 * self.c * over * sign
        gradient = w + (self.X.transposed_times(slopes) if sparse else slopes @ self.X)
        return 0.5 * float(w @ w) + float(self.c @ np.square(over)), gradient, margin > 0

    def hessian(self, active: Any) -> FloatArray:
        d = self.X.shape[1]
        if isinstance(self.X, SparseRows):
            return self.X.weighted_products(2 * self.c * active) + np.eye(d)
        out = np.empty((d + 1, d + 1))
        _kernels.cross_products(out, self.X, self.X[:, :0], 2 * self.c * active, np.zeros(d))
        return out[:d, :d] + np.eye(d)
