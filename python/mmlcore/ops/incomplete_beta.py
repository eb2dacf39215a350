"""The incomplete beta functions, their logarithms and inverse: the distribution function of the beta family."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.autodiff import plain, primitive
from mmlcore.ops.activation import sigmoid, softplus
from mmlcore.ops.arithmetic import add
from mmlcore.ops.gamma import betaln, digamma, in_double, stirling_error
from mmlcore.ops.incomplete import filled, integral, inverse, lentz, log_filled, log_less_linear, reach, rules
from mmlcore.ops.kinked import where
from mmlcore.ops.shape import expand_dims
from mmlcore.ops.transcendental import exp, log, log1p

__all__ = ["beta_tails_inverse", "betainc", "betaincc", "betaincinv", "log_betainc", "log_betaincc"]


def _log_beta_factor(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """log of x^a y^b / B(a, b) with y = 1 - x."""
    n = a + b
    p, q = a / n, b / n
    shift = np.where(x < y, x - p, q - y)
    deviance = a * log_less_linear(shift / p, x / p) + b * log_less_linear(-shift / q, y / q)
    corrections = stirling_error(n) - stirling_error(a) - stirling_error(b)
    return 0.5 * np.log(a * q / (2 * np.pi)) + deviance + corrections


def _log_beta_tail(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logarithm of I_x(a, b) where the mask is true, elsewhere of 1 - I, for y = 1 - x, all positive."""
    low = x <= (a + 1) / (a + b + 2)
    first, second = np.where(low, a, b), np.where(low, b, a)
    near, far = np.where(low, x, y), np.where(low, y, x)
    fraction = np.log(_beta_fraction(first, second, near))
    return low, _log_beta_factor(first, second, near, far) - np.log(first) - fraction


def _beta_fraction(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    def terms(k: int) -> tuple[FloatArray, FloatArray]:
        m = k // 2
        if k % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), np.ones_like(x)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), np.ones_like(x)

    return lentz(terms, np.ones_like(x))


def _both_beta(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """I_x(a, b) and 1 - I_x(a, b) for y = 1 - x, the smaller of which is computed."""
    valid = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    inside = valid & (x > 0) & (y > 0)
    low, tail = _log_beta_tail(a[inside], b[inside], x[inside], y[inside])
    return filled(inside, low, tail, valid & (x == 0), valid & (y == 0))


def _log_beta(a: FloatArray, b: FloatArray, x: FloatArray, upper: bool) -> FloatArray:
    """log I_x(a, b) or log(1 - I_x(a, b))."""
    valid = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    inside = valid & (x > 0) & (x < 1)
    ai, bi, xi = a[inside], b[inside], x[inside]
    low, tail = _log_beta_tail(ai, bi, xi, 1 - xi)
    return log_filled(inside, low, tail, valid & (x == 0), valid & (x == 1), upper)


def _start(a: FloatArray, b: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """logit x from I ≈ x^a / (a B) for small x, so at the other end, and the middle elsewhere."""
    first = (np.log(p) + np.log(a) + betaln(a, b)) / a
    last = -(np.log(q) + np.log(b) + betaln(a, b)) / b
    middle = np.log(a) - np.log(b)
    return np.where(p <= q, np.minimum(first, middle), np.maximum(last, middle))


def _at_sigmoid(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, t: function(a, b, sigmoid(np.clip(t, -708, 708)), sigmoid(-np.clip(t, -708, 708)))


def beta_tails_inverse(a: FloatArray, b: FloatArray, p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """x and 1 - x with I_x(a, b) = p = 1 - q, vectors in double precision."""
    t = inverse((a, b), p, q, _start, _at_sigmoid(_log_beta_tail), _at_sigmoid(_log_beta_factor))
    return sigmoid(t), sigmoid(-t)


def _beta_slope(a: Any, b: Any, x: Any, y: Any, scale: Any = 0.0) -> Any:
    """∂I/∂a = ∫_{-∞}^{logit x} (log σ(s) - ψ(a) + ψ(a + b)) σ(s)^a σ(-s)^b / B(a, b) ds, over e^scale; y is 1 - x.

    Both are given because the smaller one is not to be had from the larger.
    """
    av, bv, xv, yv = np.broadcast_arrays(*[np.asarray(plain(v), float) for v in (a, b, x, y)])
    good = (av > 0) & (bv > 0) & (xv > 0) & (yv > 0)
    safe_a, safe_b, safe_x, safe_y = [where(good, v, safe) for v, safe in ((a, 1.0), (b, 1.0), (x, 0.5), (y, 0.5))]
    av, bv, xv, yv = [np.where(good, v, safe) for v, safe in ((av, 1.0), (bv, 1.0), (xv, 0.5), (yv, 0.5))]
    lower = _both_beta(av, bv, xv, yv)[0] <= 0.5
    edge = np.log(xv) - np.log(yv)

    def density(s: FloatArray) -> FloatArray:
        return -av * np.logaddexp(0, -s) - bv * np.logaddexp(0, s)

    far = [reach(density, edge, np.log(av) - np.log(bv), sign) for sign in (-1.0, 1.0)]
    end = np.where(lower, far[0], far[1])
    wide_a, wide_b = expand_dims(safe_a, -1), expand_dims(safe_b, -1)
    norm = expand_dims(betaln(safe_a, safe_b) + where(good, scale, 0.0), -1)
    centre = expand_dims(digamma(safe_a) - digamma(add(safe_a, safe_b)), -1)

    def integrand(s: Any) -> Any:
        low, high = -softplus(-s), -softplus(s)
        return (low - centre) * exp(wide_a * low + wide_b * high - norm)

    slope = integral(integrand, end, log(safe_x) - log(safe_y))
    return where(good, slope, 0.0)


@primitive
def betainc(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b) = ∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b), the distribution function of the beta distribution.

    The relative error is below 1e-11 for parameters from 10⁻² to 10⁴; it grows where a parameter is smaller still (1e-9
    at 10⁻⁶). NaN for a, b ≤ 0 or x outside [0, 1].

    Parameters
    ----------
    a, b, x : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 8.17.22.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.betainc(2.0, 1.0, 0.5).round(12))  # x²
    0.25
    """
    return in_double(lambda a, b, x: _both_beta(a, b, x, 1 - x)[0], a, b, x)


@primitive
def betaincc(a: Any, b: Any, x: Any) -> Any:
    """1 - I_x(a, b), accurate in the upper tail; see `betainc`.

    Parameters
    ----------
    a, b, x : arrays or numbers that broadcast, float32 or float64

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
    >>> float(ops.betaincc(1.0, 2.0, 0.5).round(12))  # (1 - x)²
    0.25
    """
    return in_double(lambda a, b, x: _both_beta(a, b, x, 1 - x)[1], a, b, x)


def betaincinv(a: Any, b: Any, p: Any) -> Any:
    """x with I_x(a, b) = p; not differentiable.

    Parameters
    ----------
    a, b, p : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast
        NaN for a, b ≤ 0 or p outside [0, 1].

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.betaincinv(2.0, 1.0, 0.25).round(12))
    0.5
    """
    return in_double(lambda a, b, p: beta_tails_inverse(a, b, p, 1 - p)[0], a, b, p)


@primitive
def log_betainc(a: Any, b: Any, x: Any) -> Any:
    """log I_x(a, b), which keeps its digits where I underflows; see `betainc`.

    Parameters
    ----------
    a, b, x : arrays or numbers that broadcast, float32 or float64

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
    >>> float(ops.log_betainc(1000.0, 1.0, 0.1).round(6))  # 1000 log x
    -2302.585093
    """
    return in_double(lambda a, b, x: _log_beta(a, b, x, upper=False), a, b, x)


@primitive
def log_betaincc(a: Any, b: Any, x: Any) -> Any:
    """log(1 - I_x(a, b)), which keeps its digits where 1 - I underflows; see `betaincc`.

    Parameters
    ----------
    a, b, x : arrays or numbers that broadcast, float32 or float64

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
    >>> float(ops.log_betaincc(1.0, 1000.0, 0.5).round(6))  # 1000 log(1 - x)
    -693.147181
    """
    return in_double(lambda a, b, x: _log_beta(a, b, x, upper=True), a, b, x)


def _density_of_beta(a: Any, b: Any, x: Any, scale: Any = 0.0) -> Any:
    values = np.asarray(plain(x))
    inside = (values > 0) & (values < 1)
    safe = where(inside, x, 0.5)
    logs = (a - 1) * log(safe) + (b - 1) * log1p(-safe) - betaln(a, b)
    return where(inside, exp(logs - where(inside, scale, 0.0)), 0.0)


rules(
    betainc,
    lambda a, b, x: _beta_slope(a, b, x, 1 - x),
    lambda a, b, x: -_beta_slope(b, a, 1 - x, x),
    _density_of_beta,
)
rules(
    betaincc,
    lambda a, b, x: -_beta_slope(a, b, x, 1 - x),
    lambda a, b, x: _beta_slope(b, a, 1 - x, x),
    lambda a, b, x: -_density_of_beta(a, b, x),
)
rules(
    log_betainc,
    lambda a, b, x: _beta_slope(a, b, x, 1 - x, log_betainc(a, b, x)),
    lambda a, b, x: -_beta_slope(b, a, 1 - x, x, log_betainc(a, b, x)),
    lambda a, b, x: _density_of_beta(a, b, x, log_betainc(a, b, x)),
)
rules(
    log_betaincc,
    lambda a, b, x: -_beta_slope(a, b, x, 1 - x, log_betaincc(a, b, x)),
    lambda a, b, x: _beta_slope(b, a, 1 - x, x, log_betaincc(a, b, x)),
    lambda a, b, x: -_density_of_beta(a, b, x, log_betaincc(a, b, x)),
)
