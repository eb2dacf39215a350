"""Gaussian mixtures on arrays: parameters, the statistics of expectation and maximisation, covariances and factors.

A component's density is exp(log_scale_k - ½ ‖W_k (x - μ_k)‖²) with Σ_k⁻¹ = W_kᵀ W_k; the kernels know W by its shape.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.statistics import Gram

__all__ = ["KINDS", "MixtureParameters", "MixtureStatistics", "factors_of", "negligible", "scatter_about"]

KINDS = {"full": "full", "tied": "shared", "diag": "diagonal", "spherical": "diagonal"}  # the kernels' names
_DRIFT = 1e4  # a mean that moves by 100 deviations in one step costs four digits of the covariance about the old one


@dataclass(frozen=True)
class MixtureParameters:
    """Weights (K), means (K, d) and covariances in scikit-learn's shapes: full (K, d, d), tied (d, d), diag (K, d),
    spherical (K). All float64.
    """

    kind: str
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    precisions_cholesky: FloatArray  # upper triangular C with Σ⁻¹ = C Cᵀ, or 1/σ
    lifted: int = 0  # how many covariances were singular

    def log_scales(self) -> FloatArray:
        """log w_k - ½ log det(2π Σ_k), shape (K,)."""
        d, chol = self.means.shape[1], self.precisions_cholesky
        if self.kind == "spherical":
            log_det = d * np.log(chol)
        elif self.kind == "diag":
            log_det = np.log(chol).sum(axis=1)
        else:
            log_det = np.log(np.diagonal(chol, axis1=-2, axis2=-1)).sum(axis=-1)
        with np.errstate(divide="ignore"):
            scales: FloatArray = np.log(self.weights) - 0.5 * d * np.log(2 * np.pi) + log_det
        return scales

    def arguments(self, dtype: Any) -> tuple[Any, ...]:
        """log_scales, means, W and the kernel's name of the kind, in `dtype`."""
        W = self.precisions_cholesky
        if self.kind == "spherical":
            W = np.repeat(W[:, None], self.means.shape[1], axis=1)
        elif self.kind != "diag":
            W = np.swapaxes(W, -2, -1)
        numbers = [np.ascontiguousarray(array, dtype) for array in (self.log_scales(), self.means, W)]
        return (*numbers, KINDS[self.kind])

    def expect(self, x: FloatArray, responsibilities: bool = False) -> tuple[FloatArray, Any]:
        """log p(x) of every row, and if asked for P(k | x), shape (n, K)."""
        likelihood = np.empty(len(x), x.dtype)
        shares = np.empty((len(x), len(self.means)), x.dtype) if responsibilities else None
        arguments = self.arguments(x.dtype)
        _kernels.mixture_expectation(likelihood, shares, None, None, None, None, x, None, *arguments)
        return likelihood, shares


class MixtureStatistics:
    """Σ r, Σ r (x - m) and Σ r (x - m)(x - m)ᵀ of every component about fixed points m, and the log-likelihood.

    `update` with data, `merge` with others about the same points, then `solve`: one step of EM over data of any size.

    Parameters
    ----------
    kind : {"full", "tied", "diag", "spherical"}
    means : ndarray, shape (K, d), float64
        The points m.
    """

    def __init__(self, kind: str, means: FloatArray) -> None:
        K, d = means.shape
        self.kind, self.means = kind, means
        self.counts, self.first = np.zeros(K), np.zeros((K, d))
        second = {"full": (K, d, d), "tied": (d, d), "diag": (K, d), "spherical": (K, d)}[kind]
        self.second: FloatArray = np.zeros(second)  # tied: Σ w (x - m₀)(x - m₀)ᵀ of all rows
        self.log_likelihood, self.total = 0.0, 0.0  # Σ w log p(x), Σ w

    def _room(self) -> tuple[FloatArray, FloatArray, Any]:
        second = None if self.kind == "tied" else np.empty_like(self.second)
        return np.empty_like(self.counts), np.empty_like(self.first), second

    def update(self, x: FloatArray, weights: Any, parameters: MixtureParameters, scatter: Any = None) -> Self:
        """Take in the rows of x with the responsibilities that `parameters`, whose means are `means`, give them.

        `scatter` is Σ w (x - m₀)(x - m₀)ᵀ where it is known already ("tied").
        """
        room, total = self._room(), np.empty(1)
        arguments = parameters.arguments(x.dtype)
        _kernels.mixture_expectation(None, None, *room, total, x, weights, *arguments)
        self.log_likelihood += float(total[0])
        # the kernel's means are those in x's dtype
        return self._add(x, weights, *room, scatter)

    def update_given(self, x: FloatArray, weights: Any, responsibilities: FloatArray, scatter: Any = None) -> Self:
        """Take in rows whose responsibilities (n, K) are known."""
        room = self._room()
        means = np.ascontiguousarray(self.means, x.dtype)
        _kernels.mixture_sums(*room, x, responsibilities, weights, means, KINDS[self.kind])
        return self._add(x, weights, *room, scatter)

    def _add(self, x: FloatArray, weights: Any, counts: Any, first: Any, second: Any, scatter: Any) -> Self:
        self.total += len(x) if weights is None else float(weights.sum(dtype=np.float64))
        self.counts += counts
        self.first += first
        if second is None:
            second = scatter if scatter is not None else scatter_about(x, self.means[0], weights)
        self.second += second
        return self

    def merge(self, other: "MixtureStatistics") -> Self:
        """Take in what another object about the same points has seen."""
        for name in ("counts", "first", "second", "log_likelihood", "total"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def moved(self, means: FloatArray) -> "MixtureStatistics":
        """The same sums about other points: Σ r (z + δ)(z + δ)ᵀ with δ = m - m'."""
        other = MixtureStatistics(self.kind, means)
        delta = self.means - means
        other.counts, other.total, other.log_likelihood = self.counts.copy(), self.total, self.log_likelihood
        other.first = self.first + self.counts[:, None] * delta
        if self.kind == "tied":  # of all rows, about the first point
            apart = delta[0]
            all_rows = (self.first + self.counts[:, None] * (self.means - self.means[0])).sum(axis=0)
            cross = np.outer(all_rows, apart)
            other.second = self.second + cross + cross.T + self.total * np.outer(apart, apart)
        elif self.kind == "full":
            cross = self.first[:, :, None] * delta[:, None, :]
            squares = self.counts[:, None, None] * delta[:, :, None] * delta[:, None, :]
            other.second = self.second + cross + np.swapaxes(cross, 1, 2) + squares
        else:
            other.second = self.second + 2 * self.first * delta + self.counts[:, None] * delta**2
        return other

    def solve(self, reg_covar: float) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
        """Weights, means, covariances, and whether they kept their digits: not where a mean moved far."""
        counts = self.counts + negligible(self.total)
        shift = self.first / counts[:, None]
        means = self.means + shift
        if self.kind == "tied":
            from_first = means - self.means[0]
            covariances = (self.second - (counts[:, None] * from_first).T @ from_first) / self.total
            exact = True
        elif self.kind == "full":
            lower = np.tril(self.second) / counts[:, None, None]
            moments = lower + np.swapaxes(np.tril(lower, -1), 1, 2)
            covariances = moments - shift[:, :, None] * shift[:, None, :]
            exact = _kept(shift, np.diagonal(covariances, axis1=1, axis2=2))
        else:
            covariances = self.second / counts[:, None] - shift**2
            exact = _kept(shift, covariances)
        if self.kind in ("full", "tied"):
            covariances[..., np.arange(means.shape[1]), np.arange(means.shape[1])] += reg_covar
        else:
            covariances += reg_covar
        if self.kind == "spherical":
            covariances = covariances.mean(axis=1)
        return counts / counts.sum(), means, covariances, exact


def negligible(total: float) -> float:
    """What is added to the weights of components, so that none is zero: nothing beside that of one row.

    >>> negligible(100.0) < 1e-14
    True
    """
    return float(10 * np.finfo(np.float64).eps * min(total, 1.0))


def _kept(shift: FloatArray, variances: FloatArray) -> bool:
    return bool((shift**2 <= _DRIFT * np.maximum(variances, 0)).all())


def scatter_about(x: FloatArray, mean: FloatArray, weights: Any) -> FloatArray:
    """Σ w (x - m)(x - m)ᵀ, float64."""
    gram = Gram(x.shape[1]).update(x, None, weights)
    offset = gram.mean - mean
    return gram.scatter + gram.weight * np.outer(offset, offset)


def factors_of(kind: str, covariances: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """The covariances, upper triangular C with Σ⁻¹ = C Cᵀ (or 1/σ), and how many had to be lifted.

    Those are singular to working precision: variances that are not positive are lifted to ε times the component's
    largest one, eigenvalues of the correlations to d ε.

    Raises
    ------
    ValueError
        If they are not finite: squares of the data leave the range of their dtype.
    """
    if not np.isfinite(covariances).all():
        raise ValueError("GaussianMixture: the squares of X leave the range of its dtype; scale the data.")
    eps, tiny = np.finfo(np.float64).eps, np.finfo(np.float64).tiny
    if kind in ("diag", "spherical"):
        flat = covariances[:, None] if kind == "spherical" else covariances
        low = ~(flat > 0)
        if low.any():
            flat = np.where(low, np.maximum(eps * flat.max(axis=1, keepdims=True), tiny / eps), flat)
        covariances = flat[:, 0] if kind == "spherical" else flat
        return covariances, 1 / np.sqrt(covariances), int(low.any(axis=1).sum())

    stack = covariances[None] if kind == "tied" else covariances
    d = stack.shape[-1]
    variances = np.diagonal(stack, axis1=1, axis2=2)
    floor = np.maximum(eps * variances.max(axis=1, keepdims=True), tiny / eps)
    constant = ~(variances > tiny / eps)
    scales = np.sqrt(np.where(constant, floor, variances))
    correlations = stack / scales[:, :, None] / scales[:, None, :]
    correlations[constant[:, :, None] | constant[:, None, :]] = 0.0  # what rounding left
    correlations[:, np.arange(d), np.arange(d)] = 1.0
    lower, singular = _factor_correlations(correlations)
    singular |= constant.any(axis=1)
    if singular.any():
        values, vectors = linalg.eigh(correlations[singular])
        lifted = (vectors * np.maximum(values, 4 * d * eps)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
        correlations[singular] = 0.5 * (lifted + np.swapaxes(lifted, 1, 2))
        lower[singular] = linalg.cholesky(correlations[singular] + d * eps * np.eye(d))
        stack = np.where(singular[:, None, None], correlations * scales[:, :, None] * scales[:, None, :], stack)
    inverses = np.broadcast_to(np.eye(d), stack.shape) / scales[:, None, :]
    upper = np.triu(np.swapaxes(linalg.solve_triangular(lower, inverses, lower=True), 1, 2))
    covariances, factor = (stack[0], upper[0]) if kind == "tied" else (stack, upper)
    return covariances, factor, int(singular.sum())


def _factor_correlations(correlations: FloatArray) -> tuple[FloatArray, Any]:
    """Lower triangular factors of a stack, and which matrices are singular to working precision."""
    K, d, _ = correlations.shape
    lower, singular = np.zeros_like(correlations), np.zeros(K, bool)
    for k in range(K):
        try:
            lower[k] = linalg.cholesky(correlations[k])
            singular[k] = not (np.diagonal(lower[k]) ** 2 > d * np.finfo(np.float64).eps).all()
        except linalg.LinAlgError:
            singular[k] = True
    return lower, singular
