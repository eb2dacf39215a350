"""Principal axes on arrays: from singular values, from a covariance; their signs and their likely number."""

import warnings
from dataclasses import dataclass
from math import lgamma
from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.statistics import Gram

__all__ = [
    "Axes",
    "degrees_of_freedom",
    "extended",
    "flip_signs",
    "from_covariance",
    "from_svd",
    "likely_dimension",
    "scatter_of",
    "warn_of_forgetting",
]


@dataclass(frozen=True)
class Axes:
    """Variances, falling, their directions in rows, and what they come from."""

    variances: FloatArray
    directions: FloatArray
    mean: FloatArray
    weight: float  # Σ w
    total: float  # the sum of all variances, those not computed too


def degrees_of_freedom(weight: float) -> float:
    """n - 1; of a single row, or of weights that are shares (of less than two rows), their sum."""
    return weight - 1 if weight >= 2 else weight


def from_svd(s: FloatArray, vh: FloatArray, mean: FloatArray, weight: float, squares: float) -> Axes:
    """Of centred data with singular values s, right vectors vh and sum of squares `squares`."""
    divisor = degrees_of_freedom(weight)
    return Axes(np.square(s, dtype=np.float64) / divisor, vh, mean, weight, squares / divisor)


def from_covariance(gram: Any) -> Axes:
    """Of the scatter of a `Gram`."""
    covariance = gram.scatter / degrees_of_freedom(gram.weight)
    values, vectors = linalg.eigh(covariance)
    values = np.maximum(values[::-1], 0.0)
    return Axes(values, vectors.T[::-1], gram.mean, gram.weight, float(values.sum()))


def scatter_of(axes: Axes) -> Gram:
    """What `from_covariance` gives such axes for, if they are all that the data have.

    >>> axes = from_svd(np.array([2.0]), np.array([[1.0]]), np.array([3.0]), 2.0, 4.0)
    >>> scatter_of(axes).scatter
    array([[4.]])
    """
    gram = Gram(len(axes.mean))
    directions = axes.directions.astype(np.float64)
    gram.weight, gram.mean = axes.weight, axes.mean.astype(np.float64)
    gram.scatter = (directions.T * (axes.variances * degrees_of_freedom(axes.weight))) @ directions
    return gram


def extended(gram: Gram | None, x: FloatArray, weights: FloatArray | None, owner: str) -> Gram:
    """What `gram` (None: nothing) and the rows of x tell together; `gram` stays as it is.

    Raises
    ------
    ValueError
        If squares of x overflow.

    Examples
    --------
    >>> one = extended(None, np.array([[1.0], [3.0]]), None, "PCA")
    >>> extended(one, np.array([[5.0]]), None, "PCA").mean, one.mean
    (array([3.]), array([2.]))
    """
    more = Gram(x.shape[1]).update(x, None, weights)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
        together = more if gram is None else Gram(x.shape[1]).merge(gram).merge(more)
    if not together.finite:
        raise ValueError(f"{owner}.partial_fit: X must be of finite squares, got {float(np.abs(x).max()):.3g} at most")
    return together


def warn_of_forgetting(owner: str) -> None:
    """Say that the rows of a `fit` that kept only some of their directions cannot be added to.

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_of_forgetting("PCA")
    >>> str(caught[0].message)[:34]
    'PCA.partial_fit starts anew: the f'
    """
    warnings.warn(
        f"{owner}.partial_fit starts anew: the fit before kept only some directions of its rows, to which no others "
        "can be added",
        UserWarning,
        stacklevel=4,
    )


def flip_signs(directions: FloatArray) -> FloatArray:
    """The directions with the entry of largest size in each row positive.

    >>> flip_signs(np.array([[0.6, -0.8]]))
    array([[-0.6,  0.8]])
    """
    largest = directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)]
    return directions * np.where(largest < 0, -1, 1)[:, None]


def likely_dimension(variances: FloatArray, n: float) -> int:
    """The number of components whose Laplace evidence is largest, among 1 … d - 1.

    References
    ----------
    Minka, 2000, equation (77).
    """
    d = len(variances)
    floor = np.finfo(np.float64).tiny
    scores = [_evidence(np.maximum(variances, floor), k, n) for k in range(1, d)]
    return int(np.argmax(scores)) + 1 if scores else 1


def _evidence(values: FloatArray, k: int, n: float) -> float:
    """log p(D | k) by Laplace's method, without what all k share."""
    d = len(values)
    if values[k - 1] < 1e-15:
        return -np.inf
    numbers = range(1, k + 1)
    log_prior = -k * np.log(2.0) + sum(lgamma((d - i + 1) / 2) - np.log(np.pi) * (d - i + 1) / 2 for i in numbers)
    log_kept = -np.log(values[:k]).sum() * n / 2
    noise = max(np.finfo(np.float64).eps, float(values[k:].sum() / (d - k)))
    log_noise = -np.log(noise) * n * (d - k) / 2
    m = d * k - k * (k + 1) / 2
    log_volume = np.log(2 * np.pi) * (m + k) / 2
    modelled = values.copy()
    modelled[k:] = noise
    log_curvature = 0.0
    for i in range(k):
        apart, inverse = values[i] - values[i + 1 :], 1 / modelled[i + 1 :] - 1 / modelled[i]
        with np.errstate(divide="ignore"):
            log_curvature += float(np.sum(np.log(apart * inverse) + np.log(n)))
    return float(log_prior + log_kept + log_noise + log_volume - log_curvature / 2 - k * np.log(n) / 2)
