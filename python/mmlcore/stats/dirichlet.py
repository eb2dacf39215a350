"""The Dirichlet distribution of probabilities."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import plain
from mmlcore.stats.distribution import (
    Distribution,
    at_the_end,
    no_derivative,
    not_converged,
    outside,
    parameter,
    sample_weights,
    values_of,
)

__all__ = ["Dirichlet", "concentrations"]

MOST_STEPS = 200


class Dirichlet(Distribution):
    """p(x) = Γ(Σα) / Π Γ(α_k) Π x_k^(α_k - 1) for positive x of sum 1.

    Draws are not differentiable.

    Parameters
    ----------
    alpha : array of shape (..., K)
        Positive.

    Raises
    ------
    ValueError
        If an element is not positive and finite.

    Examples
    --------
    >>> from mmlcore.stats import Dirichlet
    >>> Dirichlet([1.0, 2.0, 1.0]).mean()
    array([0.25, 0.5 , 0.25])
    """

    def __init__(self, alpha: Any) -> None:
        self.alpha = parameter("Dirichlet", "alpha", alpha, 0.0)
        shape = np.shape(plain(self.alpha))
        if not shape:
            raise ValueError(message("Dirichlet", "alpha", "of shape (..., K)", "a number"))
        self.batch_shape, self.event_shape = shape[:-1], shape[-1:]

    def logpdf(self, x: Any) -> Any:
        """The log-density at points of shape (..., K); -inf where one is negative or their sum is not 1."""
        x = values_of("Dirichlet", x)
        numbers = np.asarray(plain(x))
        if numbers.shape[-1:] != self.event_shape:
            raise ValueError(message("Dirichlet.logpdf", "x", f"of shape (..., {self.event_shape[0]})", numbers.shape))
        inside = np.all(numbers >= 0, -1) & (np.abs(numbers.sum(-1) - 1) < 1e-6)
        end = numbers == 0
        safe = ops.where(np.asarray(inside)[..., None] & ~end, x, 1.0)
        powers = ops.sum((self.alpha - 1) * ops.log(safe) + at_the_end(end, self.alpha), -1)
        return ops.where(inside, powers - self._log_normaliser(), outside(numbers.sum(-1)))

    def _log_normaliser(self) -> Any:
        return ops.sum(ops.gammaln(self.alpha), -1) - ops.gammaln(ops.sum(self.alpha, -1))

    def mean(self) -> Any:
        return self.alpha / ops.sum(self.alpha, -1, keepdims=True)

    def var(self) -> Any:
        total, mean = ops.sum(self.alpha, -1, keepdims=True), self.mean()
        return mean * (1 - mean) / (total + 1)

    def entropy(self) -> Any:
        total, K = ops.sum(self.alpha, -1), self.event_shape[0]
        parts = ops.sum((self.alpha - 1) * ops.digamma(self.alpha), -1)
        return self._log_normaliser() + (total - K) * ops.digamma(total) - parts

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Dirichlet.rvs", alpha=self.alpha)
        alpha, shape = np.asarray(plain(self.alpha), np.float64), (*shape, *self.event_shape)
        powers = np.log1p(-random.random(shape)) / alpha  # G(α) ~ G(α + 1) U^(1/α), which underflows for small α
        return ops.softmax(np.log(random.standard_gamma(alpha + 1, shape)) + powers, -1)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Dirichlet":
        """The maximum-likelihood estimate: ψ(α_k) - ψ(Σα) = mean(log x_k), by Newton's method.

        Parameters
        ----------
        x : array of shape (n, K)
            Positive, each row of sum 1, not all equal.
        weights : array of shape (n,), optional

        References
        ----------
        T. P. Minka, "Estimating a Dirichlet distribution" (2000).

        Examples
        --------
        >>> Dirichlet.fit([[0.2, 0.8], [0.5, 0.5], [0.8, 0.2]]).mean().round(6)
        array([0.5, 0.5])
        """
        x = as_float(x, "Dirichlet.fit", "x")
        if x.ndim != 2 or not np.all(x > 0) or not np.allclose(x.sum(-1), 1, rtol=0, atol=1e-6):
            raise ValueError(message("Dirichlet.fit", "x", "of shape (n, K), positive, rows of sum 1", "others"))
        w = sample_weights("Dirichlet.fit", weights, len(x))
        return cls(concentrations("Dirichlet.fit", x, w))


def concentrations(function: str, x: Any, w: Any) -> Any:
    """The maximum-likelihood α of rows x with weights w of sum 1, for the `fit` of that name."""
    logs, mean = w @ np.log(x), w @ x
    if not np.any(w @ (x / mean - 1) ** 2 > 4 * np.finfo(x.dtype).eps):
        raise ValueError(message(function, "x", "not all equal up to rounding", mean))
    spread = np.sum(w @ (x - mean) ** 2)  # Σ m_k (1 - m_k) / (Σα + 1)
    total = np.sum(mean * (1 - mean)) / max(spread, 1e-300) - 1
    return _newton(function, mean * np.clip(total, 1e-3, 1e10), logs)


def _newton(function: str, alpha: Any, logs: Any) -> Any:
    """The root of g_k = ψ(Σα) - ψ(α_k) + logs_k; its Jacobian is diagonal plus a constant."""
    for _ in range(MOST_STEPS):
        g = ops.digamma(alpha.sum()) - ops.digamma(alpha) + logs
        q, z = -ops.polygamma(1, alpha), ops.polygamma(1, alpha.sum())
        step = (g - np.sum(g / q) / (1 / z + np.sum(1 / q))) / q
        shrink = 1.0
        while np.any(alpha - shrink * step <= 0):
            shrink /= 2
        alpha = alpha - shrink * step
        if shrink == 1.0 and np.all(np.abs(step) <= 1e-11 * alpha):  # the next would be below rounding
            break
    else:
        not_converged(function, MOST_STEPS, float(np.max(np.abs(step) / alpha)))
    return alpha
