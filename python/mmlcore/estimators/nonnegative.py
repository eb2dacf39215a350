"""Least squares with coefficients that are not negative."""

from typing import Any

import numpy as np

from mmlcore.estimators.statistics import Gram, Solution

__all__ = ["nonnegative_least_squares"]


def nonnegative_least_squares(gram: Gram, intercept: bool, alpha: Any = 0.0) -> Solution:
    """The β ≥ 0 that make ‖X β - Y‖² + Σ_t α_t ‖β_t‖² smallest, from the products of the columns.

    Lawson and Hanson's active set: free the coefficient whose gradient is most negative, solve on the free set, step
    back to the boundary where a coefficient would turn negative.

    References
    ----------
    Lawson, Hanson, Solving Least Squares Problems, 1974, chapter 23.

    Examples
    --------
    >>> gram = Gram(2, 1).update(np.eye(2), np.array([1.0, -1.0]))
    >>> nonnegative_least_squares(gram, False).coef
    array([[1., 0.]])
    """
    xx, xy = gram.centred(intercept)
    alphas = np.broadcast_to(np.asarray(alpha, np.float64), (gram.targets,))
    coef = np.stack([_one(xx + a * np.eye(len(xx)), xy[:, t]) for t, a in enumerate(alphas)])
    offsets = gram.mean[gram.features :] - coef @ gram.mean[: gram.features]
    return Solution(coef, offsets if intercept else np.zeros(gram.targets), gram.features, "active set")


def _one(A: Any, b: Any) -> Any:
    sizes = np.sqrt(np.maximum(np.diag(A), 0.0))
    scale = np.where(sizes > 0, 1 / np.where(sizes > 0, sizes, 1), 0.0)  # columns of one length: units do not count
    return scale * _of_one_scale(A * scale * scale[:, None], b * scale)


def _of_one_scale(A: Any, b: Any) -> Any:
    d = len(b)
    x, free = np.zeros(d), np.zeros(d, bool)
    tolerance = 10 * np.finfo(float).eps * d * max(np.abs(b).max(initial=0), np.finfo(float).tiny)
    for _ in range(3 * d + 10):
        gradient = b - A @ x
        gradient[free] = -np.inf
        if free.all() or gradient.max() <= tolerance:
            break
        free[gradient.argmax()] = True
        while True:
            trial = np.zeros(d)
            trial[free] = np.linalg.lstsq(A[np.ix_(free, free)], b[free], rcond=None)[0]
            low = free & (trial <= 0)
            if not low.any():
                break
            steps = np.full(d, np.inf)
            steps[low] = x[low] / (x[low] - trial[low])
            x = x + steps.min() * (trial - x)
            free &= (steps > steps.min()) & (x > 0)
            x[~free] = 0
            if not free.any():
                trial = x
                break
        x = trial
    return x
