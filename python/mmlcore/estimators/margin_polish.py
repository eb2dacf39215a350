"""The last digits of support vector machines: who is on the margin says all."""

from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray

__all__ = ["polished"]

_MOST = 1500  # rows on the margin for which the system is worth solving


def polished(
    w: FloatArray, a: FloatArray, X: FloatArray, y: FloatArray, c: FloatArray, epsilon: float | None
) -> FloatArray | None:
    """w such that every row on the margin lies on it exactly; None where another set of rows must be found.

    A dual variable strictly between its bounds says that its row is on the margin, x_i w = t_i. The shortest Δw with
    x_i (w + Δw) = t_i moves only along those rows. The answer counts when the other rows stay on their side.

    Parameters
    ----------
    w : ndarray, shape (d,)
    a : ndarray, shape (n,)
        As coordinate descent left them.
    X, y, c, epsilon
        As `squared_margin_newton`.

    Examples
    --------
    >>> polished(np.array([0.999]), np.array([0.4, 0.599]), np.array([[1.0], [1.0]]), np.ones(2), np.ones(2), None)
    array([1.])
    """
    size = np.abs(a)
    used = c > 0
    bounded, free = used & (size >= c), used & (size > 0) & (size < c)
    if epsilon is None:
        targets = y
    else:
        free |= used & (size < c) & (epsilon == 0)
        targets = y - np.sign(a) * epsilon
    rows = np.unique(np.column_stack([X[free], targets[free]]), axis=0)
    if len(rows) > _MOST:
        return None
    if len(rows):
        missing = rows[:, -1] - rows[:, :-1] @ w
        w = w + linalg.lstsq(rows[:, :-1], missing[:, None])[0][:, 0]
    return w if _on_their_sides(w, a, X, y, (used, bounded, free), targets, epsilon) else None


def _on_their_sides(
    w: FloatArray, a: FloatArray, X: FloatArray, y: FloatArray, sets: Any, targets: FloatArray, epsilon: float | None
) -> bool:
    used, bounded, free = sets
    z = X @ w
    slack = 1e-9 * max(1.0, float(np.abs(y).max(initial=0)))
    beyond = y * z - 1 if epsilon is None else np.abs(y - z) - epsilon
    outside = -beyond if epsilon is None else beyond  # > 0: the row pays
    resting = used & ~bounded & ~free
    if (np.abs(z - targets)[free] > slack).any() or (outside[resting] > slack).any():
        return False
    return bool((outside[bounded] >= -slack).all())
