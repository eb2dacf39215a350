"""Mixtures of distributions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import integer, message
from mmlcore.autodiff import plain
from mmlcore.stats.distribution import (
    Distribution,
    differentiable_quantile,
    no_derivative,
    not_converged,
    parameter,
    values_of,
)

__all__ = ["Mixture"]


class Mixture(Distribution):
    """p(x) = Σ_k w_k p_k(x).

    Draws are not differentiable.

    Parameters
    ----------
    weights : array of shape (K,)
        Positive, with sum 1.
    components : sequence of K distributions
        Of equal event shape, no batches.

    Raises
    ------
    ValueError
        If the weights are not positive of sum 1, or as many as the components.

    Examples
    --------
    >>> from mmlcore.stats import Mixture, Normal
    >>> p = Mixture([0.3, 0.7], [Normal(-1.0, 1.0), Normal(2.0, 0.5)])
    >>> float(p.mean().round(6)), float(p.cdf(p.ppf(0.25)).round(12))
    (1.1, 0.25)
    """

    def __init__(self, weights: Any, components: Sequence[Distribution]) -> None:
        self.weights, self.components = parameter("Mixture", "weights", weights, 0.0), tuple(components)
        numbers = np.asarray(plain(self.weights))
        if numbers.shape != (len(self.components),) or abs(numbers.sum() - 1) > 1e-6:
            expectation = f"{len(self.components)} positive numbers of sum 1"
            raise ValueError(message("Mixture", "weights", expectation, numbers))
        shapes = {component.event_shape for component in self.components}
        if len(shapes) != 1 or any(component.batch_shape for component in self.components):
            raise ValueError(message("Mixture", "components", "of one event shape and no batch", shapes))
        (self.event_shape,) = shapes

    def _taped(self) -> bool:
        return super()._taped() or any(component._taped() for component in self.components)

    def _parameters(self) -> list[Any]:
        return [self.weights, *[value for component in self.components for value in component._parameters()]]

    def _to_single(self) -> None:
        super()._to_single()
        for component in self.components:
            component._to_single()

    def _joint(self, x: Any) -> Any:
        """log w_k + log p_k(x), along a new last axis."""
        x = values_of("Mixture", x)
        return ops.stack([component.logpdf(x) for component in self.components], -1) + ops.log(self.weights)

    def logpdf(self, x: Any) -> Any:
        return ops.logsumexp(self._joint(x), -1)

    def _parts(self) -> dict[str, Any]:
        """The weights and the first component with Tensors, for `no_derivative`."""
        return {"weights": self.weights, "components": next((c for c in self.components if c._taped()), None)}

    def _has_steps(self) -> bool:
        return any(component._has_steps() for component in self.components)

    def responsibilities(self, x: Any) -> Any:
        """P(k | x), of shape (..., K)."""
        return ops.softmax(self._joint(x), -1)

    def _averaged(self, of: Any) -> Any:
        parts = [of(component) for component in self.components]
        return sum((self.weights[k] * parts[k] for k in range(1, len(parts))), self.weights[0] * parts[0])

    def cdf(self, x: Any) -> Any:
        return self._averaged(lambda component: component.cdf(x))

    def sf(self, x: Any) -> Any:
        return self._averaged(lambda component: component.sf(x))

    def _log_averaged(self, logs: list[Any]) -> Any:
        return ops.logsumexp(ops.stack(logs, -1) + ops.log(self.weights), -1)

    def logcdf(self, x: Any) -> Any:
        return self._log_averaged([component.logcdf(x) for component in self.components])

    def logsf(self, x: Any) -> Any:
        return self._log_averaged([component.logsf(x) for component in self.components])

    def ppf(self, p: Any) -> Any:
        """By bisection between the smallest and the largest quantile of the components."""
        given = values_of("Mixture", p)
        if self._has_steps():
            no_derivative("Mixture.ppf", p=given, **self._parts())
        p = np.asarray(plain(given))
        quantiles = np.stack([np.asarray(plain(component.ppf(p))) for component in self.components])
        low, high = quantiles.min(0), quantiles.max(0)
        upper = p > 0.5
        for _ in range(200):
            middle = 0.5 * low + 0.5 * high
            if not np.any((middle > low) & (middle < high)):
                break
            tail = np.where(upper, 1 - p >= plain(self.sf(middle)), p <= plain(self.cdf(middle)))
            low, high = np.where(tail, low, middle), np.where(tail, middle, high)
        return differentiable_quantile(given, high[()], self)

    def mean(self) -> Any:
        return self._averaged(lambda component: component.mean())

    def var(self) -> Any:
        mean = self.mean()
        return self._averaged(lambda component: component.var() + (component.mean() - mean) ** 2)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Mixture.rvs", **self._parts())
        n = int(np.prod(shape))
        chosen = random.choice(len(self.components), n, p=plain(self.weights) / np.sum(plain(self.weights)))
        out = np.empty((n, *self.event_shape))
        for k, component in enumerate(self.components):
            which = np.flatnonzero(chosen == k)
            out[which] = plain(component.rvs(which.size, random))
        return out.reshape((*shape, *self.event_shape))

    @classmethod
    def fit(cls, x: Any, start: "Mixture", n_iter: int = 1000, tol: float = 1e-10) -> "Mixture":
        """The maximum-likelihood estimate from `start` on, by expectation and maximisation; components keep their kind.

        Parameters
        ----------
        x : array of shape (n,) or (n, d)
        start : Mixture
            Of distributions whose `fit` takes points and `weights`; `df`, `n` and the number of classes stay.
        n_iter : int
            At most this many iterations; a ConvergenceWarning says if they do not reach `tol`.
        tol : float
            Stop when the mean log-likelihood grows by less.

        Examples
        --------
        >>> from mmlcore.stats import Mixture, Normal
        >>> start = Mixture([0.5, 0.5], [Normal(0.0, 1.0), Normal(5.0, 1.0)])
        >>> Mixture.fit([-0.1, 0.0, 0.1, 5.9, 6.1], start).weights.round(6)
        array([0.6, 0.4])
        """
        x, mixture, before, growth = as_float(x, "Mixture.fit", "x").astype(np.float64), start, -np.inf, np.inf
        for _ in range(integer("Mixture.fit", "n_iter", n_iter)):
            joint = mixture._joint(x)
            likelihood = float(np.mean(ops.logsumexp(joint, -1)))
            growth = likelihood - before
            if growth < tol:
                break
            shares, before = ops.softmax(joint, -1), likelihood
            parts: list[Any] = list(zip(mixture.components, shares.T, strict=True))
            mixture = cls(shares.mean(0), [type(part).fit(x, weights=share, **part._fixed()) for part, share in parts])
        else:
            not_converged("Mixture.fit", n_iter, growth)
        return mixture
