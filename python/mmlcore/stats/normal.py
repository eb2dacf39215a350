"""The normal distribution of one variable."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore.stats.distribution import Distribution, batch_of, parameter, sample_weights, values_of

__all__ = ["Normal"]

_HALF_LOG_2PI = float(0.5 * np.log(2 * np.pi))


class Normal(Distribution):
    """The Gaussian N(μ, σ²).

    p(x) = (2πσ²)^(-½) exp(-(x - μ)² / 2σ²)

    Parameters
    ----------
    loc : array or number
        μ.
    scale : array or number
        σ > 0; broadcasts with `loc` to the batch.

    Raises
    ------
    ValueError
        If a parameter is not finite, or σ not positive.

    References
    ----------
    Notes, 4.2, 4.3; sampling by the inverse distribution function, as there.

    Examples
    --------
    >>> from mmlcore.stats import Normal
    >>> float(Normal(0.0, 1.0).cdf(1.96).round(4))
    0.975
    >>> float(Normal().logcdf(-38.0).round(4))
    -726.5572
    """

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0) -> None:
        self.loc, self.scale = parameter("Normal", "loc", loc), parameter("Normal", "scale", scale, 0.0)
        self.batch_shape = batch_of(self.loc, self.scale)

    def _standard(self, x: Any) -> Any:
        x = values_of("Normal", x)
        return x if self._is_standard() else (x - self.loc) / self.scale

    def _is_standard(self) -> bool:
        return type(self.loc) is np.float64 and type(self.scale) is np.float64 and self.loc == 0 and self.scale == 1

    def logpdf(self, x: Any) -> Any:
        z = self._standard(x)
        return -0.5 * (z * z) - (ops.log(self.scale) + _HALF_LOG_2PI)

    def cdf(self, x: Any) -> Any:
        return ops.normal_cdf(self._standard(x))

    def sf(self, x: Any) -> Any:
        return ops.normal_cdf(-self._standard(x))

    def logcdf(self, x: Any) -> Any:
        return ops.normal_logcdf(self._standard(x))

    def logsf(self, x: Any) -> Any:
        return ops.normal_logcdf(-self._standard(x))

    def ppf(self, p: Any) -> Any:
        z = ops.normal_ppf(values_of("Normal", p))
        return z if self._is_standard() else self.loc + self.scale * z

    def mean(self) -> Any:
        return ops.broadcast_to(self.loc, self.batch_shape)[()]

    def var(self) -> Any:
        return ops.broadcast_to(self.scale * self.scale, self.batch_shape)[()]

    def entropy(self) -> Any:
        return ops.broadcast_to(ops.log(self.scale) + (_HALF_LOG_2PI + 0.5), self.batch_shape)[()]

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        if isinstance(self.loc, np.floating) and isinstance(self.scale, np.floating):
            dtype = np.result_type(self.loc, self.scale)
            return ops.normal_draws(shape, random, float(self.loc), float(self.scale), dtype)
        return self.loc + self.scale * ops.normal_draws(shape, random)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Normal":
        """The maximum-likelihood estimate: the mean and the standard deviation (4.6, 4.8) of the points.

        Parameters
        ----------
        x : array of shape (n,)
        weights : array of shape (n,), optional
            How much each point counts.

        Raises
        ------
        ValueError
            If all points are equal: the likelihood has no maximum.

        Examples
        --------
        >>> Normal.fit([1.0, 3.0])
        Normal(loc=np.float64(2.0), scale=np.float64(1.0))
        """
        x = as_float(x, "Normal.fit", "x").ravel()
        w = sample_weights("Normal.fit", weights, x.size)
        mean = w @ x
        return cls(mean, np.sqrt(w @ (x - mean) ** 2))
