"""Distributions on whole numbers. Their density is the probability: `pdf` and `pmf` are the same, as are the logs."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import plain
from mmlcore.stats.distribution import (
    Distribution,
    batch_of,
    no_derivative,
    outside,
    parameter,
    probability,
    sample_weights,
    values_of,
)

__all__ = ["Bernoulli", "Binomial", "Categorical"]


class _Discrete(Distribution):
    """What the discrete distributions share: SciPy's names for probabilities, quantiles by search."""

    def pmf(self, x: Any) -> Any:
        """P(X = x): `pdf` under SciPy's name."""
        return self.pdf(x)

    def logpmf(self, x: Any) -> Any:
        """log P(X = x): `logpdf` under SciPy's name."""
        return self.logpdf(x)

    def _search(self, p: Any, largest: Any) -> Any:
        """The smallest whole number k ≤ largest with cdf(k) ≥ p, by bisection; -1, as SciPy's, for p = 0."""
        p = np.asarray(plain(values_of(self._name, p)))
        shape = np.broadcast_shapes(p.shape, self.batch_shape)
        low, high = np.full(shape, -1.0), np.array(np.broadcast_to(largest, shape), float)
        while True:
            middle = np.floor((low + high) / 2)
            if not np.any((middle > low) & (middle < high)):  # whole numbers above 2⁵³ lie further than 1 apart
                break
            cdf = np.asarray(plain(self.cdf(middle)))
            reached = cdf >= p * (1 - 4e-16)
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
            high = np.where(np.isnan(cdf), np.nan, high)  # not converged: so is the quantile
        return np.where((p > 0) & (p <= 1), high, np.where(p == 0, -1.0, np.nan))[()]


def _nan_kept(x: Any, value: Any) -> Any:
    """`value`, NaN where x is."""
    missing = np.isnan(np.asarray(plain(x), float))
    return ops.where(missing, np.nan, value) if np.any(missing) else value


def _whole(x: Any) -> Any:
    return np.asarray(plain(x)) == np.floor(np.asarray(plain(x)))


class Bernoulli(_Discrete):
    """One with probability p, zero otherwise.

    Parameters
    ----------
    p : array or number
        In [0, 1].

    Raises
    ------
    ValueError
        If p is outside [0, 1].

    References
    ----------
    Notes, 4.9, (4.17), (4.18).

    Examples
    --------
    >>> from mmlcore.stats import Bernoulli
    >>> float(Bernoulli(0.5).entropy().round(6))
    0.693147
    """

    def __init__(self, p: Any) -> None:
        self.p = probability("Bernoulli", "p", p)
        self.batch_shape = batch_of(self.p)

    def logpdf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Bernoulli", x)))
        return ops.where(x == 1, ops.log(self.p), ops.where(x == 0, ops.log1p(-self.p), outside(x)))

    def cdf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Bernoulli", x)))
        return _nan_kept(x, ops.where(x < 0, 0.0, ops.where(x < 1, 1 - self.p, 1.0)))

    def sf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Bernoulli", x)))
        return _nan_kept(x, ops.where(x < 0, 1.0, ops.where(x < 1, self.p + 0.0, 0.0)))

    def ppf(self, p: Any) -> Any:
        return self._search(p, 1.0)

    def mean(self) -> Any:
        return self.p

    def var(self) -> Any:
        return self.p * (1 - self.p)

    def entropy(self) -> Any:
        """-(1 - p) log(1 - p) - p log p (4.18), 0 at the ends."""
        values = np.asarray(plain(self.p))
        inside = (values > 0) & (values < 1)
        p = ops.where(inside, self.p, 0.5)
        return ops.where(inside, -(1 - p) * ops.log1p(-p) - p * ops.log(p), 0.0)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Bernoulli.rvs", p=self.p)
        return (ops.uniform_draws(shape, random) < plain(self.p)).astype(np.float64)

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Bernoulli":
        """The maximum-likelihood estimate: the share of ones.

        Parameters
        ----------
        x : array of shape (n,)
            Zeros and ones.
        weights : array of shape (n,), optional

        Examples
        --------
        >>> Bernoulli.fit([1, 0, 0, 1])
        Bernoulli(p=np.float64(0.5))
        """
        x = as_float(x, "Bernoulli.fit", "x").ravel()
        if not np.all((x == 0) | (x == 1)):
            raise ValueError(message("Bernoulli.fit", "x", "zeros and ones", "other numbers"))
        return cls(sample_weights("Bernoulli.fit", weights, x.size) @ x)


class Categorical(_Discrete):
    """One of K classes, numbered from 0.

    Parameters
    ----------
    p : array of shape (..., K)
        Probabilities: not negative, with sum 1.

    Raises
    ------
    ValueError
        If they are not probabilities.

    References
    ----------
    Notes, 4.8, (4.16).

    Examples
    --------
    >>> from mmlcore.stats import Categorical
    >>> float(Categorical([0.5, 0.25, 0.25]).entropy().round(6))
    1.039721
    """

    def __init__(self, p: Any) -> None:
        self.p = probability("Categorical", "p", p, 1e-6)
        values = np.asarray(plain(self.p))
        if values.ndim == 0 or not np.allclose(values.sum(-1), 1, rtol=0, atol=1e-6):
            raise ValueError(message("Categorical", "p", "of sum 1 along the last axis", values.sum(-1)))
        self.batch_shape = values.shape[:-1]

    @property
    def _classes(self) -> int:
        return int(np.shape(plain(self.p))[-1])

    def _fixed(self) -> dict[str, Any]:
        return {"classes": self._classes}

    def logpdf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Categorical", x)))
        inside = (x >= 0) & (x < self._classes) & _whole(x)
        chosen = np.where(inside, x, 0)[..., None] == np.arange(self._classes)
        p = ops.sum(ops.where(chosen, self.p, 0.0), -1)
        return ops.where(inside, ops.log(p), outside(x))

    def cdf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Categorical", x)))
        return _nan_kept(x, ops.sum(ops.where(x[..., None] >= np.arange(self._classes), self.p, 0.0), -1))

    def ppf(self, p: Any) -> Any:
        return self._search(p, self._classes - 1.0)

    def mean(self) -> Any:
        return ops.sum(self.p * np.arange(self._classes), -1)

    def var(self) -> Any:
        centred = np.arange(self._classes) - ops.expand_dims(self.mean(), -1)
        return ops.sum(self.p * centred**2, -1)

    def entropy(self) -> Any:
        """-Σ p log p (4.16)."""
        positive = np.asarray(plain(self.p)) > 0
        safe = ops.where(positive, self.p, 1.0)
        return -ops.sum(safe * ops.log(safe), -1)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Categorical.rvs", p=self.p)
        steps = np.cumsum(plain(self.p), -1)
        drawn = ops.uniform_draws(shape, random)[..., None] * steps[..., -1:] >= steps[..., :-1]
        return drawn.sum(-1).astype(np.float64)

    @classmethod
    def fit(cls, x: Any, weights: Any = None, classes: int | None = None) -> "Categorical":
        """The maximum-likelihood estimate: the share of each class.

        Parameters
        ----------
        x : array of shape (n,)
            Whole numbers from 0 on.
        weights : array of shape (n,), optional
        classes : int, optional
            K; default one more than the largest.

        Examples
        --------
        >>> Categorical.fit([0, 1, 1, 2]).p
        array([0.25, 0.5 , 0.25])
        """
        x = as_float(x, "Categorical.fit", "x").ravel()
        if not (np.all(x >= 0) and np.all(_whole(x)) and (classes is None or np.all(x < classes))):
            raise ValueError(message("Categorical.fit", "x", "whole numbers from 0 to classes - 1", "others"))
        w = sample_weights("Categorical.fit", weights, x.size)
        return cls(np.bincount(x.astype(np.int64), w, classes or 0))


class Binomial(_Discrete):
    """The number of ones among n independent draws with probability p.

    Parameters
    ----------
    n : array or number
        Whole, at least 0; not differentiable.
    p : array or number
        In [0, 1]; broadcasts with n.

    Raises
    ------
    ValueError
        If n is not whole and non-negative, or p outside [0, 1].

    Examples
    --------
    >>> from mmlcore.stats import Binomial
    >>> float(Binomial(4, 0.5).pmf(2).round(6))
    0.375
    """

    def __init__(self, n: Any, p: Any) -> None:
        self.n = np.asarray(plain(parameter("Binomial", "n", n, -1.0)))[()]
        if not np.all(_whole(self.n)):
            raise ValueError(message("Binomial", "n", "whole", self.n))
        self.p = probability("Binomial", "p", p)
        self.batch_shape = batch_of(self.n, self.p)

    def _to_single(self) -> None:
        self.p = np.float32(self.p)

    def _parameters(self) -> list[Any]:
        return [self.p]  # n is a whole number: its dtype says nothing

    def _fixed(self) -> dict[str, Any]:
        return {"n": self.n}

    def logpdf(self, x: Any) -> Any:
        x = np.asarray(plain(values_of("Binomial", x)))
        inside = (x >= 0) & (x <= self.n) & _whole(x)
        k = np.where(inside, x, 0.0)
        ways = ops.gammaln(self.n + 1.0) - ops.gammaln(k + 1) - ops.gammaln(self.n - k + 1)
        ones = ops.where(k > 0, k * ops.log(ops.where(k > 0, self.p, 1.0)), 0.0)  # 0 log 0 = 0
        rest = self.n - k
        zeros = ops.where(rest > 0, rest * ops.log1p(-ops.where(rest > 0, self.p, 0.0)), 0.0)
        return ops.where(inside, ways + ones + zeros, outside(x))

    def cdf(self, x: Any) -> Any:
        return self._tail(x, upper=False)

    def sf(self, x: Any) -> Any:
        return self._tail(x, upper=True)

    def logcdf(self, x: Any) -> Any:
        return self._tail(x, upper=False, log=True)

    def logsf(self, x: Any) -> Any:
        return self._tail(x, upper=True, log=True)

    def _tail(self, x: Any, upper: bool, log: bool = False) -> Any:
        """P(X ≤ k) = I_{1-p}(n - k, k + 1), and P(X > k) = I_p(k + 1, n - k); their logarithms, if asked for."""
        k = np.floor(np.asarray(plain(values_of("Binomial", x))))
        inside = (k >= 0) & (k < self.n)
        k = np.where(inside, k, 0.0)
        rest = np.where(inside, self.n - k, 1.0)
        nothing, all_of_it = (-np.inf, 0.0) if log else (0.0, 1.0)
        incomplete = ops.log_betainc if log else ops.betainc
        outside_of_it = np.where((np.asarray(plain(x)) < 0) == upper, all_of_it, nothing)
        tail = incomplete(k + 1, rest, self.p) if upper else incomplete(rest, k + 1, 1 - self.p)
        return _nan_kept(x, ops.where(inside, tail, outside_of_it))

    def ppf(self, p: Any) -> Any:
        return self._search(p, self.n)

    def mean(self) -> Any:
        return self.n * self.p

    def var(self) -> Any:
        return self.n * self.p * (1 - self.p)

    def entropy(self) -> Any:
        """-Σ p log p over 0 … n."""
        k = np.arange(int(np.max(self.n, initial=0)) + 1).reshape(-1, *(1,) * len(self.batch_shape))
        logs = self.logpdf(k)
        inside = np.isfinite(np.asarray(plain(logs)))
        logs = ops.where(inside, logs, 0.0)
        return -ops.sum(ops.where(inside, ops.exp(logs) * logs, 0.0), 0)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Binomial.rvs", p=self.p)
        n = np.asarray(self.n, np.int64)
        return np.asarray(random.binomial(n, np.asarray(plain(self.p)), shape), np.float64)

    @classmethod
    def fit(cls, x: Any, n: int, weights: Any = None) -> "Binomial":
        """The maximum-likelihood estimate of p for known n.

        Parameters
        ----------
        x : array of shape (m,)
            Numbers of ones.
        n : int
            At least 1: without draws p is not determined.
        weights : array of shape (m,), optional

        Examples
        --------
        >>> Binomial.fit([1, 3], n=4).p
        np.float64(0.5)
        """
        if not (np.ndim(n) == 0 and 1 <= n < np.inf and n == np.floor(n)):
            raise ValueError(message("Binomial.fit", "n", "a positive whole number", n))
        x = as_float(x, "Binomial.fit", "x").ravel()
        if not np.all((x >= 0) & (x <= n) & _whole(x)):
            raise ValueError(message("Binomial.fit", "x", f"whole numbers from 0 to {n}", "others"))
        return cls(n, sample_weights("Binomial.fit", weights, x.size) @ x / n)
