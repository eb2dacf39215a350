"""Distributions whose inverse distribution function is elementary: uniform, exponential, Laplace."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import plain
from mmlcore.stats.distribution import Distribution, batch_of, outside, parameter, sample_weights, values_of

__all__ = ["Exponential", "Laplace", "Uniform"]


def _where_probability(p: Any, value: Any) -> Any:
    """`value`, NaN where p is no probability."""
    numbers = np.asarray(plain(p))
    return ops.where((numbers >= 0) & (numbers <= 1), value, np.nan)


class Uniform(Distribution):
    """The uniform distribution on [low, high].

    Parameters
    ----------
    low, high : arrays or numbers that broadcast, low < high

    Raises
    ------
    ValueError
        Unless low < high, both finite.

    Examples
    --------
    >>> from mmlcore.stats import Uniform
    >>> float(Uniform(0.0, 4.0).pdf(1.0)), float(Uniform(0.0, 4.0).entropy().round(4))
    (0.25, 1.3863)
    """

    def __init__(self, low: Any = 0.0, high: Any = 1.0) -> None:
        self.low, self.high = parameter("Uniform", "low", low), parameter("Uniform", "high", high)
        if not np.all(np.asarray(plain(self.low)) < np.asarray(plain(self.high))):
            raise ValueError(message("Uniform", "high", f"above low = {plain(self.low)}", plain(self.high)))
        self.batch_shape = batch_of(self.low, self.high)

    def logpdf(self, x: Any) -> Any:
        x = values_of("Uniform", x)
        inside = (np.asarray(plain(x)) >= plain(self.low)) & (np.asarray(plain(x)) <= plain(self.high))
        return ops.where(inside, -ops.log(self.high - self.low) + 0.0 * x, outside(x))

    def cdf(self, x: Any) -> Any:
        return ops.clip((values_of("Uniform", x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def sf(self, x: Any) -> Any:
        return ops.clip((self.high - values_of("Uniform", x)) / (self.high - self.low), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        p = values_of("Uniform", p)
        return _where_probability(p, self.low + (self.high - self.low) * p)

    def mean(self) -> Any:
        return 0.5 * (self.low + self.high)

    def var(self) -> Any:
        return (self.high - self.low) ** 2 / 12

    def entropy(self) -> Any:
        return ops.log(self.high - self.low)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Uniform":
        """The maximum-likelihood estimate: the smallest and the largest point (of positive weight).

        Parameters
        ----------
        x : array of shape (n,)
        weights : array of shape (n,), optional

        Examples
        --------
        >>> Uniform.fit([1.0, 3.0, 2.0])
        Uniform(low=np.float64(1.0), high=np.float64(3.0))
        """
        x = as_float(x, "Uniform.fit", "x").ravel()
        x = x[sample_weights("Uniform.fit", weights, x.size) > 0]
        return cls(x.min(), x.max())


class Exponential(Distribution):
    """The exponential distribution p(x) = e^(-x/scale) / scale on x ≥ 0.

    Parameters
    ----------
    scale : array or number
        The mean, 1 / rate; positive.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> from mmlcore.stats import Exponential
    >>> float(Exponential(2.0).sf(2.0).round(6))
    0.367879
    """

    def __init__(self, scale: Any = 1.0) -> None:
        self.scale = parameter("Exponential", "scale", scale, 0.0)
        self.batch_shape = batch_of(self.scale)

    def logpdf(self, x: Any) -> Any:
        x = values_of("Exponential", x)
        return ops.where(np.asarray(plain(x)) >= 0, -x / self.scale - ops.log(self.scale), outside(x))

    def cdf(self, x: Any) -> Any:
        return -ops.expm1(self.logsf(x))

    def sf(self, x: Any) -> Any:
        return ops.exp(self.logsf(x))

    def logsf(self, x: Any) -> Any:
        return -ops.maximum(values_of("Exponential", x), 0.0) / self.scale

    def logcdf(self, x: Any) -> Any:
        logsf = self.logsf(x)  # two forms, each of which keeps its digits on its side
        far = np.asarray(plain(logsf)) < -0.7
        return ops.where(far, ops.log1p(-ops.exp(logsf)), ops.log(-ops.expm1(logsf)))

    def ppf(self, p: Any) -> Any:
        p = values_of("Exponential", p)
        return _where_probability(p, -self.scale * ops.log1p(-p))

    def mean(self) -> Any:
        return self.scale

    def var(self) -> Any:
        return self.scale * self.scale

    def entropy(self) -> Any:
        return 1 + ops.log(self.scale)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Exponential":
        """The maximum-likelihood estimate: the mean.

        Parameters
        ----------
        x : array of shape (n,)
        weights : array of shape (n,), optional

        Examples
        --------
        >>> Exponential.fit([1.0, 3.0])
        Exponential(scale=np.float64(2.0))
        """
        x = as_float(x, "Exponential.fit", "x").ravel()
        if not np.all(x >= 0):
            raise ValueError(message("Exponential.fit", "x", "non-negative", x.min()))
        return cls(sample_weights("Exponential.fit", weights, x.size) @ x)


class Laplace(Distribution):
    """The Laplace distribution p(x) = e^(-|x - loc| / scale) / (2 scale).

    Parameters
    ----------
    loc, scale : arrays or numbers that broadcast, scale > 0

    Raises
    ------
    ValueError
        If a parameter is not finite, or `scale` not positive.

    Examples
    --------
    >>> from mmlcore.stats import Laplace
    >>> float(Laplace(1.0, 2.0).cdf(1.0))
    0.5
    """

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0) -> None:
        self.loc, self.scale = parameter("Laplace", "loc", loc), parameter("Laplace", "scale", scale, 0.0)
        self.batch_shape = batch_of(self.loc, self.scale)

    def _standard(self, x: Any) -> Any:
        return (values_of("Laplace", x) - self.loc) / self.scale

    def logpdf(self, x: Any) -> Any:
        return -ops.absolute(self._standard(x)) - ops.log(2 * self.scale)

    def _logcdf(self, z: Any) -> Any:
        left = np.asarray(plain(z)) < 0
        tail = ops.where(left, z, -z) - float(np.log(2))  # unlike -|z| with a slope at 0
        return ops.where(left, tail, ops.log1p(-ops.exp(tail)))

    def cdf(self, x: Any) -> Any:
        return self._lower(self._standard(x))

    def sf(self, x: Any) -> Any:
        return self._lower(-self._standard(x))

    def _lower(self, z: Any) -> Any:
        left = np.asarray(plain(z)) < 0
        tail = 0.5 * ops.exp(ops.where(left, z, -z))
        return ops.where(left, tail, 1 - tail)

    def logcdf(self, x: Any) -> Any:
        return self._logcdf(self._standard(x))

    def logsf(self, x: Any) -> Any:
        return self._logcdf(-self._standard(x))

    def ppf(self, p: Any) -> Any:
        p = values_of("Laplace", p)
        low = np.asarray(plain(p)) < 0.5
        with np.errstate(invalid="ignore", divide="ignore"):
            z = ops.where(low, ops.log(2 * p), -ops.log(2 * (1 - p)))
        return self.loc + self.scale * z

    def mean(self) -> Any:
        return ops.broadcast_to(self.loc, self.batch_shape)[()]

    def var(self) -> Any:
        return ops.broadcast_to(2 * self.scale * self.scale, self.batch_shape)[()]

    def entropy(self) -> Any:
        return ops.broadcast_to(1 + ops.log(2 * self.scale), self.batch_shape)[()]

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Laplace":
        """The maximum-likelihood estimate: the median and the mean distance from it.

        Parameters
        ----------
        x : array of shape (n,)
        weights : array of shape (n,), optional

        Examples
        --------
        >>> Laplace.fit([1.0, 2.0, 6.0])
        Laplace(loc=np.float64(2.0), scale=np.float64(1.6666666666666665))
        """
        x = as_float(x, "Laplace.fit", "x").ravel()
        w = sample_weights("Laplace.fit", weights, x.size)
        order = np.argsort(x, kind="stable")
        median = x[order][np.searchsorted(np.cumsum(w[order]), 0.5 - 1e-12)]
        return cls(median, w @ np.abs(x - median))
