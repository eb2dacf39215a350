"""Distributions with a shape parameter, on the incomplete gamma and beta functions: gamma, beta, Student's t."""

from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import integer, message
from mmlcore.autodiff import plain
from mmlcore.ops.gamma import in_double
from mmlcore.ops.incomplete_beta import beta_tails_inverse
from mmlcore.stats.distribution import (
    Distribution,
    at_the_end,
    batch_of,
    differentiable_quantile,
    no_derivative,
    not_converged,
    outside,
    parameter,
    sample_weights,
    values_of,
)

__all__ = ["Beta", "Gamma", "StudentT"]

_LARGE = 1e6  # degrees of freedom from which on Student's t is brought to the normal distribution
_FAR = 1e100  # |z| / √ν from which on 1 + z²/ν is z²/ν


class Gamma(Distribution):
    """The gamma distribution p(x) = x^(a-1) e^(-x/scale) / (Γ(a) scale^a) on x > 0.

    Draws are differentiable in `scale`, not in `a`.

    Parameters
    ----------
    a : array or number
        Shape, positive.
    scale : array or number
        1 / rate, positive; broadcasts with `a`.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> from mmlcore.stats import Gamma
    >>> float(Gamma(1.0, 2.0).cdf(2.0).round(6))
    0.632121
    """

    def __init__(self, a: Any, scale: Any = 1.0) -> None:
        self.a, self.scale = parameter("Gamma", "a", a, 0.0), parameter("Gamma", "scale", scale, 0.0)
        self.batch_shape = batch_of(self.a, self.scale)

    def logpdf(self, x: Any) -> Any:
        x = values_of("Gamma", x)
        numbers = np.asarray(plain(x))
        inside, end = (numbers >= 0) & (numbers < np.inf), numbers == 0
        z = ops.where(inside, x, 1.0) / self.scale
        power = (self.a - 1) * ops.log(ops.where(end, 1.0, z)) + at_the_end(end, self.a)
        return ops.where(inside, power - z - ops.gammaln(self.a) - ops.log(self.scale), outside(x))

    def _standard(self, x: Any) -> Any:
        return ops.maximum(values_of("Gamma", x) / self.scale, 0.0)

    def cdf(self, x: Any) -> Any:
        return ops.gammainc(self.a, self._standard(x))

    def sf(self, x: Any) -> Any:
        return ops.gammaincc(self.a, self._standard(x))

    def logcdf(self, x: Any) -> Any:
        return ops.log_gammainc(self.a, self._standard(x))

    def logsf(self, x: Any) -> Any:
        return ops.log_gammaincc(self.a, self._standard(x))

    def ppf(self, p: Any) -> Any:
        p = values_of("Gamma", p)
        return self.scale * differentiable_quantile(p, ops.gammaincinv(plain(self.a), plain(p)), Gamma(self.a))

    def mean(self) -> Any:
        return self.a * self.scale

    def var(self) -> Any:
        return self.a * self.scale * self.scale

    def entropy(self) -> Any:
        return self.a + ops.log(self.scale) + ops.gammaln(self.a) + (1 - self.a) * ops.digamma(self.a)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Gamma.rvs", a=self.a)
        return self.scale * np.asarray(random.standard_gamma(plain(self.a), shape))

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Gamma":
        """The maximum-likelihood estimate: log a - ψ(a) = log(mean) - mean(log) by Newton's method, scale = mean / a.

        Parameters
        ----------
        x : array of shape (n,)
            Positive, not all equal.
        weights : array of shape (n,), optional

        References
        ----------
        T. P. Minka, "Estimating a Gamma distribution" (2002).

        Examples
        --------
        >>> Gamma.fit([1.0, 2.0, 4.0]).a.round(4)
        np.float64(3.4012)
        """
        x = as_float(x, "Gamma.fit", "x").ravel()
        if not np.all((x > 0) & (x < np.inf)):
            raise ValueError(message("Gamma.fit", "x", "positive and finite", x[~((x > 0) & (x < np.inf))][0]))
        w = sample_weights("Gamma.fit", weights, x.size)
        mean = w @ x
        gap = np.log(mean) - w @ np.log(x)
        if not gap > 4 * np.finfo(np.float64).eps * max(1.0, abs(np.log(mean))):
            raise ValueError(message("Gamma.fit", "x", "not all equal up to rounding", mean))
        a = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
        for _ in range(50):
            residual = np.log(a) - ops.digamma(a) - gap
            a, before = 1 / (1 / a + residual / (a - a * a * ops.polygamma(1, a))), a
            if abs(a - before) <= 1e-12 * a:  # converges quadratically
                break
        else:
            not_converged("Gamma.fit", 50, abs(a - before))
        return cls(a, mean / a)


class Beta(Distribution):
    """The beta distribution p(x) = x^(a-1) (1-x)^(b-1) / B(a, b) on 0 < x < 1.

    Draws are not differentiable.

    Parameters
    ----------
    a, b : arrays or numbers that broadcast, positive

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> from mmlcore.stats import Beta
    >>> float(Beta(2.0, 1.0).cdf(0.5).round(12))
    0.25
    """

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = parameter("Beta", "a", a, 0.0), parameter("Beta", "b", b, 0.0)
        self.batch_shape = batch_of(self.a, self.b)

    def logpdf(self, x: Any) -> Any:
        x = values_of("Beta", x)
        numbers = np.asarray(plain(x))
        inside, low, high = (numbers >= 0) & (numbers <= 1), numbers == 0, numbers == 1
        powers = (self.a - 1) * ops.log(ops.where(inside & ~low, x, 1.0)) + at_the_end(low, self.a)
        powers = powers + (self.b - 1) * ops.log1p(-ops.where(inside & ~high, x, 0.0)) + at_the_end(high, self.b)
        return ops.where(inside, powers - ops.betaln(self.a, self.b), outside(x))

    def _inside(self, x: Any) -> Any:
        return ops.clip(values_of("Beta", x), 0.0, 1.0)

    def cdf(self, x: Any) -> Any:
        return ops.betainc(self.a, self.b, self._inside(x))

    def sf(self, x: Any) -> Any:
        return ops.betaincc(self.a, self.b, self._inside(x))

    def logcdf(self, x: Any) -> Any:
        return ops.log_betainc(self.a, self.b, self._inside(x))

    def logsf(self, x: Any) -> Any:
        return ops.log_betaincc(self.a, self.b, self._inside(x))

    def ppf(self, p: Any) -> Any:
        p = values_of("Beta", p)
        return differentiable_quantile(p, ops.betaincinv(plain(self.a), plain(self.b), plain(p)), self)

    def mean(self) -> Any:
        return self.a / (self.a + self.b)

    def var(self) -> Any:
        n = self.a + self.b
        return self.a * self.b / (n * n * (n + 1))

    def entropy(self) -> Any:
        n = self.a + self.b
        parts = (self.a - 1) * ops.digamma(self.a) + (self.b - 1) * ops.digamma(self.b)
        return ops.betaln(self.a, self.b) - parts + (n - 2) * ops.digamma(n)

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("Beta.rvs", a=self.a, b=self.b)
        return np.asarray(random.beta(plain(self.a), plain(self.b), shape))

    @classmethod
    def fit(cls, x: Any, weights: Any = None) -> "Beta":
        """The maximum-likelihood estimate, by Newton's method on the mean logarithms of x and 1 - x.

        Parameters
        ----------
        x : array of shape (n,)
            Between 0 and 1, not all equal.
        weights : array of shape (n,), optional

        Examples
        --------
        >>> Beta.fit([0.2, 0.5, 0.8]).mean().round(6)
        np.float64(0.5)
        """
        from mmlcore.stats.dirichlet import concentrations

        x = as_float(x, "Beta.fit", "x").ravel()
        if not np.all((x > 0) & (x < 1)):
            raise ValueError(message("Beta.fit", "x", "between 0 and 1", x[~((x > 0) & (x < 1))][0]))
        w = sample_weights("Beta.fit", weights, x.size)
        return cls(*concentrations("Beta.fit", np.stack([x, 1 - x], -1), w))


class StudentT(Distribution):
    """Student's t distribution with `df` degrees of freedom, moved to `loc` and stretched by `scale`.

    Draws are differentiable in `loc` and `scale`, not in `df`.

    Parameters
    ----------
    df : array or number
        Positive.
    loc, scale : arrays or numbers that broadcast, scale > 0

    Raises
    ------
    ValueError
        If a parameter is not finite, or `df` or `scale` not positive.

    Examples
    --------
    >>> from mmlcore.stats import StudentT
    >>> float(StudentT(1.0).cdf(1.0).round(6))  # Cauchy
    0.75
    """

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> None:
        self.df, self.loc = parameter("StudentT", "df", df, 0.0), parameter("StudentT", "loc", loc)
        self.scale = parameter("StudentT", "scale", scale, 0.0)
        self.batch_shape = batch_of(self.df, self.loc, self.scale)

    def _fixed(self) -> dict[str, Any]:
        return {"df": self.df}

    def _standard(self, x: Any) -> Any:
        return ops.astype((values_of("StudentT", x) - self.loc) / self.scale, np.float64)

    def logpdf(self, x: Any) -> Any:
        r = self._standard(x) / ops.sqrt(self.df)
        return self._log_norm() - ops.log(self.scale) - 0.5 * (self.df + 1) * _log1p_square(r)

    def _log_norm(self) -> Any:
        return _log_gamma_step(0.5 * self.df) - float(0.5 * np.log(2 * np.pi))

    def _upper(self, z: Any, log: bool = False) -> Any:
        """P(Z > z), or its logarithm: by a series about the centre, elsewhere by the tail beyond |z|."""
        r, df = z / ops.sqrt(self.df), np.asarray(plain(self.df), np.float64)
        centre = np.abs(np.asarray(plain(r))) < 0.1 / np.sqrt(np.maximum(1.0, 0.5 * (df + 1)))
        if not np.any(centre):
            return self._tail(r, log)
        r, z = ops.where(centre, 1 / np.sqrt(df), r), ops.where(centre, z, 0.0)
        middle = 0.5 - z * ops.exp(self._log_norm()) * _centre_series(z / ops.sqrt(self.df), self.df)
        return ops.where(centre, ops.log(middle) if log else middle, self._tail(r, log))

    def _tail(self, r: Any, log: bool) -> Any:
        """P(Z > r √ν), or its logarithm, for r away from 0."""
        large, numbers = np.asarray(plain(self.df)) >= _LARGE, np.asarray(plain(r))
        far = np.abs(numbers) > _FAR
        near = ops.where(far | large, 1.0, r)
        half = self._beyond(near * near, ops.where(large, 1.0, self.df), log)
        if np.any(large):
            u = -_as_normal(ops.where(far, 1.0, r), ops.where(large, self.df, _LARGE))
            half = ops.where(large, ops.normal_logcdf(u) if log else ops.normal_cdf(u), half)
        if np.any(far):
            power = _log_far(self.df) - self.df * ops.log(ops.where(far, np.sign(numbers) * r, _FAR))
            half = ops.where(far, power if log else ops.exp(power), half)
        rest = ops.log1p(-ops.exp(half)) if log else 1 - half
        return ops.where(numbers > 0, half, rest)

    def _beyond(self, square: Any, df: Any, log: bool) -> Any:
        """P(Z² > r²ν) / 2 = ½ I_v(ν/2, ½) for v = 1/(1+r²), or ½ (1 - I_{1-v}(½, ν/2)) where 1 - v is smaller."""
        near = np.asarray(plain(square)) < 1
        close = ops.where(near, square, 1.0)
        v, rest = ops.where(near, 0.5, 1 / (1 + square)), ops.where(near, close / (1 + close), 0.5)
        if log:
            outer, inner = ops.log_betainc(0.5 * df, 0.5, v), ops.log_betaincc(0.5, 0.5 * df, rest)
            return ops.where(near, inner, outer) - float(np.log(2))
        return 0.5 * ops.where(near, ops.betaincc(0.5, 0.5 * df, rest), ops.betainc(0.5 * df, 0.5, v))

    def cdf(self, x: Any) -> Any:
        return self._upper(-self._standard(x))

    def sf(self, x: Any) -> Any:
        return self._upper(self._standard(x))

    def logcdf(self, x: Any) -> Any:
        return self._upper(-self._standard(x), log=True)

    def logsf(self, x: Any) -> Any:
        return self._upper(self._standard(x), log=True)

    def ppf(self, p: Any) -> Any:
        p = values_of("StudentT", p)
        z = in_double(_standard_t_quantile, plain(self.df), plain(p))
        return self.loc + self.scale * differentiable_quantile(p, z, StudentT(self.df))

    def mean(self) -> Any:
        defined = np.broadcast_to(np.asarray(plain(self.df)) > 1, self.batch_shape)
        return ops.where(defined, self.loc + 0.0 * self.scale, np.nan)

    def var(self) -> Any:
        nu = np.broadcast_to(np.asarray(plain(self.df)), self.batch_shape)
        value = self.df / ops.where(nu > 2, self.df - 2, 1.0) * self.scale**2 + 0.0 * self.loc
        return ops.where(nu > 2, value, np.where(nu > 1, np.inf, np.nan))

    def entropy(self) -> Any:
        half = 0.5 * self.df
        spread = (half + 0.5) * _digamma_step(half)
        return spread - self._log_norm() + ops.log(self.scale) + 0.0 * self.loc

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        no_derivative("StudentT.rvs", df=self.df)
        return self.loc + self.scale * np.asarray(random.standard_t(plain(self.df), shape))

    @classmethod
    def fit(cls, x: Any, df: float, weights: Any = None, n_iter: int = 2000) -> "StudentT":
        """The maximum-likelihood estimate of `loc` and `scale` for known `df`, by expectation and maximisation.

        Parameters
        ----------
        x : array of shape (n,)
        df : float
        weights : array of shape (n,), optional
        n_iter : int
            At most this many iterations; a ConvergenceWarning says if they do not reach a relative change of 1e-13.

        References
        ----------
        C. Liu, D. B. Rubin, "ML estimation of the t distribution using EM and its extensions" (1995).

        Examples
        --------
        >>> StudentT.fit([-1.0, 0.0, 1.0], df=4.0).loc.round(6)
        np.float64(0.0)
        """
        x = as_float(x, "StudentT.fit", "x").ravel()
        w, n_iter = sample_weights("StudentT.fit", weights, x.size), integer("StudentT.fit", "n_iter", n_iter)
        if not 0 < df < np.inf:
            raise ValueError(message("StudentT.fit", "df", "positive and finite", df))
        if not np.isfinite(x).all():
            raise ValueError(message("StudentT.fit", "x", "finite", x[~np.isfinite(x)][0]))
        loc, square = w @ x, w @ (x - w @ x) ** 2
        least, rounding = 1e-60 * square, 8 * np.finfo(np.float64).eps
        for _ in range(n_iter):
            if not square > max(least, (rounding * loc) ** 2):  # the likelihood grows for ever as the scale falls
                raise ValueError(message("StudentT.fit", "x", "not equal up to rounding, all or most", loc))
            u = w * (df + 1) / (df + (x - loc) ** 2 / square)
            loc, before = u @ x / u.sum(), (loc, square)
            square = u @ (x - loc) ** 2 / u.sum()
            change = max(abs(square - before[1]) / square, abs(loc - before[0]) / np.sqrt(square))
            if change <= 1e-13:
                break
        else:
            not_converged("StudentT.fit", n_iter, change)
        return cls(df, loc, np.sqrt(square))


def _log1p_square(r: Any) -> Any:
    """log(1 + r²), which r² may be too large for."""
    numbers = np.asarray(plain(r))
    far = np.abs(numbers) > _FAR
    near = ops.where(far, 1.0, r)
    close = ops.log1p(near * near)
    if not np.any(far):
        return close
    return ops.where(far, 2 * ops.log(ops.where(far, np.sign(numbers) * r, 1.0)), close)  # 1/r² is below rounding


def _log_far(df: Any) -> Any:
    """log of 1 / (ν B(ν/2, ½)), times r^-ν the probability of Z > r √ν far out, where the terms in r⁻² vanish."""
    half = 0.5 * df
    return _log_gamma_step(half) - 0.5 * ops.log(half) - float(np.log(2 * np.sqrt(np.pi)))


def _centre_series(r: Any, df: Any) -> Any:
    """∫₀¹ (1 + r²t²)^-m dt = Σ (m)_k (-r²)^k / k! (2k + 1), m = (ν + 1) / 2, for r² and m r² below 1/100."""
    m, square, total = 0.5 * (df + 1), r * r, 0.0
    for k in range(8, -1, -1):
        total = 1 / (2 * k + 1) - (m + k) * square / (k + 1) * total
    return total


def _as_normal(r: Any, df: Any) -> Any:
    """u with P(Z > |z|) = Φ(-u) for many degrees of freedom: w + (w³ + 3w) / 48a², w² = a log(1 + z²/ν), a = ν - ½.

    G. W. Hill, "Algorithm 395: Student's t-distribution", Communications of the ACM 13 (1970).
    """
    a = df - 0.5
    w = ops.sqrt(a * _log1p_square(r))
    return w * (1 + (w * w + 3) / 48 / a / a)


def _log_gamma_step(h: Any) -> Any:
    """log Γ(h + ½) - log Γ(h) - ½ log h, by its expansion for large h."""
    large = np.asarray(plain(h)) >= 50
    near, r = ops.where(large, 1.0, h), 1 / ops.where(large, h, 50.0)
    exact = ops.gammaln(near + 0.5) - ops.gammaln(near) - 0.5 * ops.log(near)
    square = r * r
    series = r * (-1 / 8 + square * (1 / 192 + square * (-1 / 640 + square * (17 / 14336))))
    return ops.where(large, series, exact)


def _digamma_step(h: Any) -> Any:
    """ψ(h + ½) - ψ(h), by its expansion for large h."""
    large = np.asarray(plain(h)) >= 50
    near, r = ops.where(large, 1.0, h), 1 / ops.where(large, h, 50.0)
    square = r * r
    series = 0.5 * r + square * (1 / 8 + square * (-1 / 64 + square * (1 / 128 - square * (17 / 2048))))
    return ops.where(large, series, ops.digamma(near + 0.5) - ops.digamma(near))


def _standard_t_quantile(df: Any, p: Any) -> Any:
    """From 2 min(p, 1 - p) = I_v(ν/2, ½), v = ν / (ν + z²): z² = ν (1 - v) / v; for many degrees of freedom by Hill."""
    large, smaller = df >= _LARGE, np.minimum(p, 1 - p)
    few = np.where(large, 1.0, df)
    v, rest = beta_tails_inverse(0.5 * few, np.full_like(df, 0.5), 2 * smaller, 1 - 2 * smaller)
    u = np.abs(ops.normal_ppf(p))
    a = np.where(large, df, _LARGE) - 0.5
    w = np.where(np.isfinite(u), u * (1 - (u * u + 3) / 48 / a / a), u)
    with np.errstate(divide="ignore", over="ignore"):
        far = np.sqrt(few) * np.exp((_log_far(few) - np.log(smaller)) / few)
        z = np.sqrt(np.where(large, df * np.expm1(w * w / a), few * rest / v))
    return np.sign(p - 0.5) * np.where(~large & (v < 1 / _FAR), far, z)
