"""The normal distribution of several variables, through the Cholesky factor of its covariance."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import plain
from mmlcore.stats.distribution import Distribution, parameter, sample_weights, values_of

__all__ = ["MultivariateNormal"]

_LOG_2PI = float(np.log(2 * np.pi))


class MultivariateNormal(Distribution):
    """The Gaussian N(μ, Σ) in d dimensions, Σ = L Lᵀ.

    log p(x) = -½ ‖L⁻¹ (x - μ)‖² - Σ log L_ii - ½ d log 2π

    Parameters
    ----------
    mean : array of shape (..., d), optional
        μ; default zero.
    cov, precision, factor : array of shape (..., d, d)
        Exactly one of: Σ, Σ⁻¹, or its lower Cholesky factor L.

    Raises
    ------
    LinAlgError
        If Σ is not positive definite; the message names the pivot.
    ValueError
        If not exactly one of the three is given, or the shapes do not fit.

    References
    ----------
    Notes, 4.5, (4.12).

    Examples
    --------
    >>> from mmlcore.stats import MultivariateNormal
    >>> p = MultivariateNormal([0.0, 0.0], [[2.0, 0.6], [0.6, 1.0]])
    >>> float(p.logpdf([1.0, -1.0]).round(6))
    -3.365713
    """

    def __init__(self, mean: Any = None, cov: Any = None, *, precision: Any = None, factor: Any = None) -> None:
        given = {"cov": cov, "precision": precision, "factor": factor}
        chosen = [name for name, matrix in given.items() if matrix is not None]
        if len(chosen) != 1:
            got = ", ".join(chosen) or "none"
            raise ValueError(message(self._name, "one of cov, precision and factor", "given", got))
        matrix = parameter(self._name, chosen[0], given[chosen[0]])
        shape = np.shape(plain(matrix))
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise ValueError(message(self._name, chosen[0], "of shape (..., d, d)", f"shape {shape}"))
        self.factor = self._lower(chosen[0], matrix)
        self.loc = parameter(self._name, "mean", np.zeros(shape[-1]) if mean is None else mean)
        if np.shape(plain(self.loc))[-1:] != shape[-1:]:
            got = f"shape {np.shape(plain(self.loc))}"
            raise ValueError(message(self._name, "mean", f"of shape (..., {shape[-1]})", got))
        self.event_shape = shape[-1:]
        self.batch_shape = np.broadcast_shapes(np.shape(plain(self.loc))[:-1], shape[:-2])

    def _lower(self, kind: str, matrix: Any) -> Any:
        values = np.asarray(plain(matrix))
        if kind == "factor":
            if not np.all(np.diagonal(values, axis1=-2, axis2=-1) > 0):
                raise ValueError(message(self._name, "factor", "of positive diagonal", "another one"))
            return ops.multiply(matrix, np.tri(values.shape[-1], dtype=values.dtype))
        if not np.allclose(values, np.swapaxes(values, -1, -2), rtol=1e-6, atol=1e-12 * np.abs(values).max()):
            raise ValueError(message(self._name, kind, "symmetric", "another matrix"))
        return ops.cholesky(ops.inv(matrix) if kind == "precision" else matrix)

    def _half_log_det(self) -> Any:
        return ops.sum(ops.log(ops.diagonal(self.factor, axis1=-2, axis2=-1)), -1)

    def logpdf(self, x: Any) -> Any:
        """The log-density at points of shape (..., d)."""
        x = values_of(self._name, x)
        d, shape = self.event_shape[0], np.shape(plain(x))
        if shape[-1:] != (d,):
            raise ValueError(message(f"{self._name}.logpdf", "x", f"of shape (..., {d})", f"shape {shape}"))
        if self.batch_shape:
            distance = self._batched_distance(x)
        else:
            distance = ops.squared_mahalanobis(ops.reshape(x, (-1, d)), self.loc, self.factor)
            distance = ops.reshape(distance, shape[:-1])[()]
        return -0.5 * distance - (self._half_log_det() + 0.5 * d * _LOG_2PI)

    def _batched_distance(self, x: Any) -> Any:
        centred = ops.expand_dims(x - self.loc, -1)
        stack = np.broadcast_shapes(np.shape(plain(centred))[:-2], np.shape(plain(self.factor))[:-2])
        d = self.event_shape[0]
        L = ops.broadcast_to(self.factor, (*stack, d, d))
        z = ops.solve_triangular(L, ops.broadcast_to(centred, (*stack, d, 1)), lower=True)
        return ops.sum(z * z, (-1, -2))

    def mean(self) -> Any:
        return ops.broadcast_to(self.loc, (*self.batch_shape, *self.event_shape))

    def cov(self) -> Any:
        """Σ = L Lᵀ, of shape (..., d, d)."""
        return ops.matmul(self.factor, ops.swapaxes(self.factor, -1, -2))

    def var(self) -> Any:
        return ops.broadcast_to(ops.sum(self.factor * self.factor, -1), (*self.batch_shape, *self.event_shape))

    def entropy(self) -> Any:
        """½ log((2πe)^d |Σ|)."""
        half = self._half_log_det() + 0.5 * self.event_shape[0] * (1 + _LOG_2PI)
        return ops.broadcast_to(half, self.batch_shape)[()]

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        z = ops.normal_draws((*shape, *self.event_shape), random)
        if np.ndim(plain(self.factor)) == 2:
            return self.loc + ops.matmul(z, self.factor.T)
        return self.loc + ops.squeeze(ops.matmul(self.factor, ops.expand_dims(z, -1)), -1)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "MultivariateNormal":
        """The maximum-likelihood estimate: mean and covariance (4.10) of points of shape (n, d).

        Parameters
        ----------
        x : array of shape (n, d)
        weights : array of shape (n,), optional
            How much each point counts.

        Raises
        ------
        LinAlgError
            If the points lie in a plane of fewer dimensions: the likelihood has no maximum.

        Examples
        --------
        >>> MultivariateNormal.fit([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]).mean().round(6)
        array([0.666667, 0.666667])
        """
        x = as_float(x, "MultivariateNormal.fit", "x")
        if x.ndim != 2:
            raise ValueError(message("MultivariateNormal.fit", "x", "of shape (n, d)", f"shape {x.shape}"))
        w = sample_weights("MultivariateNormal.fit", weights, len(x))
        mean = w @ x
        centred = (x - mean) * np.sqrt(w)[:, None]
        return cls(mean, centred.T @ centred)
