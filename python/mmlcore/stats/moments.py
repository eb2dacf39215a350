"""Means, covariances and higher moments of samples, weighted, in one pass over as many pieces as one likes."""

from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message

__all__ = ["Moments", "corr", "cov", "moments"]


class Moments:
    """Weighted mean and covariance of rows that arrive in pieces: `update`, `merge`, then ask.

    After Σw = W rows of mean m and scatter S = Σ w (x - m)(x - m)ᵀ, a further piece (W', m', S') changes them to
    W + W', m + (W'/(W+W')) δ, S + S' + (W W'/(W+W')) δδᵀ with δ = m' - m: T. F. Chan, G. H. Golub, R. J. LeVeque
    (1979).

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.stats import Moments
    >>> m = Moments()
    >>> m.update([[1.0, 2.0]]).update([[3.0, 6.0]]).mean()
    array([2., 4.])
    >>> m.cov()
    array([[2., 4.],
           [4., 8.]])
    """

    def __init__(self) -> None:
        self.total, self.squares = 0.0, 0.0  # Σ w, Σ w²
        self._mean: FloatArray | None = None
        self._scatter = np.zeros((0, 0))

    def update(self, x: Any, weights: Any = None) -> "Moments":
        """Take in rows x of shape (n, d), or (n,) for d = 1, each with its weight.

        Raises
        ------
        ValueError
            If the number of columns changes, or the weights are not n non-negative numbers.
        """
        x = as_float(x, "Moments.update", "x").astype(np.float64)
        x = x[:, None] if x.ndim == 1 else x
        if x.ndim != 2 or (self._mean is not None and x.shape[1] != len(self._mean)):
            got = f"shape {x.shape}"
            raise ValueError(message("Moments.update", "x", f"of shape (n, {self._columns()})", got))
        w = np.ones(len(x)) if weights is None else as_float(weights, "Moments.update", "weights").astype(np.float64)
        if w.shape != (len(x),) or not np.all((w >= 0) & np.isfinite(w)):
            raise ValueError(message("Moments.update", "weights", f"{len(x)} non-negative numbers", w))
        total = float(w.sum())
        if total > 0:
            mean = (w @ x) / total
            centred = (x - mean) * np.sqrt(w)[:, None]
            self._add(total, float(w @ w), mean, centred.T @ centred)
        return self

    def merge(self, other: "Moments") -> "Moments":
        """Take in what another object has seen."""
        if other._mean is not None:
            if self._mean is not None and len(self._mean) != len(other._mean):
                got = f"{len(other._mean)} columns"
                raise ValueError(message("Moments.merge", "other", f"of {self._columns()} columns", got))
            self._add(other.total, other.squares, other._mean, other._scatter)
        return self

    def _columns(self) -> Any:
        return "d" if self._mean is None else len(self._mean)

    def _add(self, total: float, squares: float, mean: FloatArray, scatter: FloatArray) -> None:
        if self._mean is None:
            self._mean, self._scatter = mean.copy(), scatter.copy()
        else:
            delta, both = mean - self._mean, self.total + total
            self._scatter = self._scatter + scatter + (self.total * total / both) * np.outer(delta, delta)
            self._mean = self._mean + (total / both) * delta
        self.total, self.squares = self.total + total, self.squares + squares

    def _seen(self) -> FloatArray:
        if self._mean is None:
            raise ValueError(message("Moments", "update", "called with rows first", "none"))
        return self._mean

    def mean(self) -> FloatArray:
        """Σ w x / Σ w (4.6), of shape (d,)."""
        return self._seen().copy()

    def cov(self, ddof: float = 1) -> FloatArray:
        """Σ w (x - m)(x - m)ᵀ / (Σ w - ddof), of shape (d, d); ddof = 0 is (4.10)."""
        self._seen()
        if not self.total > ddof:
            raise ValueError(message("Moments.cov", "ddof", f"below the sum of the weights, {self.total:g}", ddof))
        return self._scatter / (self.total - ddof)

    def var(self, ddof: float = 1) -> FloatArray:
        """The diagonal of `cov`, of shape (d,); ddof = 0 is (4.8)."""
        return np.diagonal(self.cov(ddof)).copy()

    def corr(self) -> FloatArray:
        """The correlations S_ij / √(S_ii S_jj), of shape (d, d); NaN for a constant column."""
        self._seen()
        sizes = np.sqrt(np.diagonal(self._scatter))
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix = self._scatter / sizes / sizes[:, None]
        return np.where(np.isnan(matrix), np.nan, np.clip(matrix, -1, 1))


def cov(x: Any, weights: Any = None, ddof: float = 1) -> FloatArray:
    """The covariance matrix of the columns of x.

    Parameters
    ----------
    x : array of shape (n, d)
        Points in rows (`numpy.cov` has them in columns).
    weights : array of shape (n,), optional
        How often each row counts.
    ddof : float
        The divisor is Σw - ddof.

    Returns
    -------
    ndarray of shape (d, d)

    Raises
    ------
    ValueError
        If Σw ≤ ddof, or the weights are not n non-negative numbers.

    References
    ----------
    Notes, 4.4, (4.10).

    Examples
    --------
    >>> from mmlcore import stats
    >>> stats.cov([[0.0, 0.0], [2.0, 4.0]])
    array([[2., 4.],
           [4., 8.]])
    """
    return Moments().update(x, weights).cov(ddof)


def corr(x: Any, weights: Any = None) -> FloatArray:
    """The correlation matrix of the columns of x; see `cov`.

    Parameters
    ----------
    x : array of shape (n, d)
    weights : array of shape (n,), optional

    Returns
    -------
    ndarray of shape (d, d)
        Ones on the diagonal; NaN for a constant column.

    Raises
    ------
    ValueError
        If the weights are not n non-negative numbers.

    Examples
    --------
    >>> from mmlcore import stats
    >>> stats.corr([[0.0, 0.0], [2.0, -4.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    return Moments().update(x, weights).corr()


def moments(x: Any, order: int = 4, weights: Any = None) -> FloatArray:
    """The mean and the central moments Σ w (x - m)^k / Σ w, k = 2 … order, of each column.

    Parameters
    ----------
    x : array of shape (n,) or (n, d)
    order : int
        At least 1.
    weights : array of shape (n,), optional

    Returns
    -------
    ndarray of shape (order,) or (order, d)

    Raises
    ------
    ValueError
        If `order` is below 1, there is no row, or the weights are not n non-negative numbers.

    References
    ----------
    Notes, 4.3, (4.6), (4.8).

    Examples
    --------
    >>> from mmlcore import stats
    >>> stats.moments([1.0, 2.0, 6.0], 3)
    array([3.        , 4.66666667, 6.        ])
    """
    x = as_float(x, "moments", "x").astype(np.float64)
    if order < 1 or x.ndim not in (1, 2) or len(x) == 0:
        raise ValueError(
            message("moments", "x, order", "of one or two dimensions with rows, at least 1", (x.shape, order))
        )
    mean = Moments().update(x, weights).mean().reshape(x.shape[1:])
    w = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    central = [np.tensordot(w, (x - mean) ** k, 1) / w.sum() for k in range(2, order + 1)]
    return np.stack([mean, *central])
