"""The incomplete gamma functions, their logarithms and inverses: the distribution function of the gamma family."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.autodiff import plain, primitive
from mmlcore.ops import incomplete
from mmlcore.ops.arithmetic import multiply
from mmlcore.ops.gamma import digamma, gammaln, in_double, stirling_error
from mmlcore.ops.incomplete import (
    EPS,
    filled,
    integral,
    inverse,
    lentz,
    log_filled,
    log_less_linear,
    reach,
    rules,
    unfinished,
)
from mmlcore.ops.kinked import where
from mmlcore.ops.normal import normal_logcdf
from mmlcore.ops.shape import expand_dims
from mmlcore.ops.transcendental import exp, log

__all__ = ["gammainc", "gammaincc", "gammainccinv", "gammaincinv", "log_gammainc", "log_gammaincc"]

_LARGE = 1e7  # from here on the tails by their expansion for large parameters


def _log_gamma_factor(a: FloatArray, x: FloatArray) -> FloatArray:
    """log of x^a e^-x / Γ(a)."""
    deviance = a * log_less_linear((x - a) / a, x / a)
    return 0.5 * np.log(a / (2 * np.pi)) + deviance - stirling_error(a)


def _gamma_series(a: FloatArray, x: FloatArray) -> FloatArray:
    """Σ x^n / (a + 1) … (a + n)."""
    term, total = np.ones_like(x), np.ones_like(x)
    for n in range(1, incomplete.MOST_TERMS):
        term = term * (x / (a + n))
        total = total + term
        if not np.any(term > EPS / 4 * total):
            return total
    return unfinished(total, term, EPS / 4 * total)


def _log_gamma_tail(a: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logarithm of P(a, x) where the mask is true, elsewhere of Q(a, x) = 1 - P, for 0 < a, x < ∞."""
    low, large = x < a + 1, a > _LARGE
    if np.any(large):
        tail = np.empty_like(a)
        tail[large] = _log_gamma_tail_of_large(a[large], x[large], low[large])
        tail[~large] = _log_gamma_tail(a[~large], x[~large])[1]
        return low, tail
    tail = _log_gamma_factor(a, x)
    al, xl = a[low], x[low]
    tail[low] += np.log(_gamma_series(al, xl)) - np.log(al)
    ah, xh = a[~low], x[~low]
    tail[~low] -= np.log(lentz(lambda k: (-k * (k - ah), xh - ah + (2 * k + 1)), xh - ah + 1))
    return low, tail


def _log_gamma_tail_of_large(a: FloatArray, x: FloatArray, low: FloatArray) -> FloatArray:
    """log (Φ(-s) ∓ φ(s) (c₀ + c₁ / a) / √a) for s² = 2a (λ - 1 - log λ), λ = x / a: DLMF 8.12.3 to 8.12.10."""
    mu = (x - a) / a
    with np.errstate(divide="ignore"):
        eta = np.copysign(np.sqrt(-2 * log_less_linear(mu, x / a)), mu)
    near = np.abs(eta) < 1e-3
    m, e = 1 / np.where(near, 1.0, mu), 1 / np.where(near, 1.0, eta)
    first = np.where(near, -1 / 3 + eta * (1 / 12 + eta * (-2 / 135 + eta / 864)), m - e)
    second = np.where(near, -1 / 540 - eta / 288, e**3 - m * (1 / 12 + m * (1 + m)))
    correction = (first + second / a) / np.sqrt(a)
    s = np.where(low, -eta, eta) * np.sqrt(a)
    normal, finite = normal_logcdf(-s), np.isfinite(s)
    t = np.where(finite, s, 0.0)
    far = np.maximum(t, 100.0)
    close = np.exp(-0.5 * t * t - 0.5 * np.log(2 * np.pi) - normal_logcdf(-np.minimum(t, 100.0)))
    ratio = np.where(t < 100, close, far / (1 - (1 - (3 - 15 / far**2) / far**2) / far**2))  # Mills's
    return np.where(finite, normal + np.log1p(np.where(low, -correction, correction) * ratio), -np.inf)


def _both_gamma(a: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P(a, x) and Q(a, x) = 1 - P, the smaller of which is computed."""
    valid = (a > 0) & np.isfinite(a)
    inside = valid & (x > 0) & np.isfinite(x)
    low, tail = _log_gamma_tail(a[inside], x[inside])
    return filled(inside, low, tail, valid & (x == 0), valid & (x == np.inf))


def _log_gamma(a: FloatArray, x: FloatArray, upper: bool) -> FloatArray:
    """log P(a, x) or log Q(a, x)."""
    valid = (a > 0) & np.isfinite(a)
    inside = valid & (x > 0) & np.isfinite(x)
    low, tail = _log_gamma_tail(a[inside], x[inside])
    return log_filled(inside, low, tail, valid & (x == 0), valid & (x == np.inf), upper)


def _start(a: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """log x from P ≈ x^a / Γ(a + 1) for small x, and the mode elsewhere."""
    first = (np.log(p) + gammaln(a + 1)) / a
    return np.where(first < np.log(a) - 1, first, np.log(a))


def _at_exp(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, t: function(a, np.exp(np.clip(t, -708, 700)))


def _gamma_inverse(a: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    return np.exp(inverse((a,), p, q, _start, _at_exp(_log_gamma_tail), _at_exp(_log_gamma_factor)))


def _gamma_slope(a: Any, x: Any, scale: Any = 0.0) -> Any:
    """∂P/∂a = ∫_{-∞}^{log x} (s - ψ(a)) e^(a s - e^s) / Γ(a) ds, divided by e^scale."""
    av, xv = np.broadcast_arrays(np.asarray(plain(a), float), np.asarray(plain(x), float))
    good = (av > 0) & (xv > 0) & np.isfinite(xv)
    safe_a, safe_x = where(good, a, 1.0), where(good, x, 1.0)
    av, xv = np.where(good, av, 1.0), np.where(good, xv, 1.0)
    lower = _both_gamma(av, xv)[0] <= 0.5
    edge = np.log(xv)
    with np.errstate(over="ignore"):
        far = [reach(lambda s: av * s - np.exp(s), edge, np.log(av), sign) for sign in (-1.0, 1.0)]
    end = np.where(lower, far[0], far[1])
    wide, norm = expand_dims(safe_a, -1), expand_dims(gammaln(safe_a) + where(good, scale, 0.0), -1)
    centre = expand_dims(digamma(safe_a), -1)
    slope = integral(lambda s: (s - centre) * exp(wide * s - exp(s) - norm), end, log(safe_x))
    return where(good, slope, 0.0)


@primitive
def gammainc(a: Any, x: Any) -> Any:
    """P(a, x) = ∫₀ˣ t^(a-1) e^(-t) dt / Γ(a), the distribution function of the gamma distribution of shape a.

    The relative error is below 1e-11 for a from 10⁻³ to 10⁴, far into the lower tail too. NaN for a ≤ 0 or x < 0.

    Parameters
    ----------
    a, x : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 8.11.4, 8.9.2.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.gammainc(1.0, 2.0).round(6))  # 1 - e⁻²
    0.864665
    """
    return in_double(lambda a, x: _both_gamma(a, x)[0], a, x)


@primitive
def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x) = 1 - P(a, x), accurate in the upper tail; see `gammainc`.

    Parameters
    ----------
    a, x : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.gammaincc(1.0, 50.0)) < 2e-22
    True
    """
    return in_double(lambda a, x: _both_gamma(a, x)[1], a, x)


def gammaincinv(a: Any, p: Any) -> Any:
    """x with P(a, x) = p; not differentiable.

    Parameters
    ----------
    a, p : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast
        NaN for a ≤ 0 or p outside [0, 1].

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.gammaincinv(1.0, 0.5).round(6))  # log 2
    0.693147
    """
    return in_double(lambda a, p: _gamma_inverse(a, p, 1 - p), a, p)


def gammainccinv(a: Any, q: Any) -> Any:
    """x with Q(a, x) = q, accurate for small q; not differentiable.

    Parameters
    ----------
    a, q : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast
        NaN for a ≤ 0 or q outside [0, 1].

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.gammainccinv(1.0, 1e-20).round(6))
    46.051702
    """
    return in_double(lambda a, q: _gamma_inverse(a, 1 - q, q), a, q)


@primitive
def log_gammainc(a: Any, x: Any) -> Any:
    """log P(a, x), which keeps its digits where P underflows; see `gammainc`.

    Parameters
    ----------
    a, x : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.log_gammainc(200.0, 1e-3).round(6))
    -2244.784038
    """
    return in_double(lambda a, x: _log_gamma(a, x, upper=False), a, x)


@primitive
def log_gammaincc(a: Any, x: Any) -> Any:
    """log Q(a, x), which keeps its digits where Q underflows; see `gammaincc`.

    Parameters
    ----------
    a, x : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.log_gammaincc(1.0, 5000.0).round(6))  # e⁻⁵⁰⁰⁰
    -5000.0
    """
    return in_double(lambda a, x: _log_gamma(a, x, upper=True), a, x)


def _density_of_gamma(a: Any, x: Any, scale: Any = 0.0) -> Any:
    inside = np.asarray(plain(x)) > 0
    safe = where(inside, x, 1.0)
    return where(inside, exp(multiply(a - 1, log(safe)) - safe - gammaln(a) - where(inside, scale, 0.0)), 0.0)


rules(gammainc, _gamma_slope, _density_of_gamma)
rules(gammaincc, lambda a, x: -_gamma_slope(a, x), lambda a, x: -_density_of_gamma(a, x))
rules(
    log_gammainc,
    lambda a, x: _gamma_slope(a, x, log_gammainc(a, x)),
    lambda a, x: _density_of_gamma(a, x, log_gammainc(a, x)),
)
rules(
    log_gammaincc,
    lambda a, x: -_gamma_slope(a, x, log_gammaincc(a, x)),
    lambda a, x: -_density_of_gamma(a, x, log_gammaincc(a, x)),
)
