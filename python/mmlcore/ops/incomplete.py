"""The incomplete gamma and beta functions: distribution functions of the gamma and beta families, and their inverses.

Values by series and continued fractions behind a prefactor that is written as a deviance, so that it keeps its digits
for large parameters. Derivatives in the variable are densities; those in the parameters are integrals of the density
times its score, by Gauss and Legendre's rule on a logarithmic or logistic scale, written with operations.
"""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore._errors import ConvergenceWarning
from mmlcore.autodiff import defjvp, defvjp, plain, primitive
from mmlcore.ops.activation import sigmoid, softplus
from mmlcore.ops.arithmetic import add, multiply, subtract
from mmlcore.ops.broadcasting import unbroadcast, widened
from mmlcore.ops.gamma import betaln, digamma, gammaln, in_double, stirling_error
from mmlcore.ops.kinked import where
from mmlcore.ops.normal import normal_logcdf
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import expand_dims
from mmlcore.ops.transcendental import exp, log, log1p

__all__ = [
    "beta_tails_inverse",
    "betainc",
    "betaincc",
    "betaincinv",
    "gammainc",
    "gammaincc",
    "gammainccinv",
    "gammaincinv",
]

_EPS = float(np.finfo(float).eps)
_TINY = 1e-300
_MOST = 100_000  # terms: enough for parameters of 10⁸
_LARGE = 1e7  # from here on the gamma function's tails by their expansion for large parameters


def _log_less_linear(u: FloatArray, ratio: FloatArray) -> FloatArray:
    """log(1 + u) - u for ratio = 1 + u without cancellation, from log(1 + u) = 2 atanh(s), s = u / (2 + u)."""
    s = np.clip(u, -0.5, 1) / (2 + np.clip(u, -0.5, 1))
    series = np.zeros_like(s)
    for k in range(18, 0, -1):
        series = (series + 1 / (2 * k + 1)) * s * s
    near = s * (2 * series - u)
    return np.where((u > -0.5) & (u < 1), near, np.log(ratio) - u)


def _log_gamma_factor(a: FloatArray, x: FloatArray) -> FloatArray:
    """log of x^a e^-x / Γ(a)."""
    deviance = a * _log_less_linear((x - a) / a, x / a)
    return 0.5 * np.log(a / (2 * np.pi)) + deviance - stirling_error(a)


def _log_beta_factor(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """log of x^a y^b / B(a, b) with y = 1 - x."""
    n = a + b
    p, q = a / n, b / n
    shift = np.where(x < y, x - p, q - y)
    deviance = a * _log_less_linear(shift / p, x / p) + b * _log_less_linear(-shift / q, y / q)
    corrections = stirling_error(n) - stirling_error(a) - stirling_error(b)
    return 0.5 * np.log(a * q / (2 * np.pi)) + deviance + corrections


def _lentz(terms: Callable[[int], tuple[FloatArray, FloatArray]], b0: FloatArray) -> FloatArray:
    """The continued fraction b0 + a1/(b1 + a2/(b2 + ...)); terms(k) gives (a_k, b_k)."""
    f = np.where(b0 == 0, _TINY, b0)
    c, d = f.copy(), np.zeros_like(f)
    for k in range(1, _MOST):
        a, b = terms(k)
        d = b + a * d
        c = b + a / c
        d = 1 / np.where(d == 0, _TINY, d)
        c = np.where(c == 0, _TINY, c)
        f = f * (c * d)
        if not np.any(np.abs(c * d - 1) > _EPS):
            return f
    return _unfinished(f, np.abs(c * d - 1), _EPS)


def _unfinished(values: FloatArray, change: FloatArray, tolerance: Any) -> FloatArray:
    """The values, NaN where the last term still changed them by more than the tolerance, with a warning."""
    warnings.warn(
        f"incomplete gamma or beta function: {_MOST} terms do not reach the tolerance for parameters as large as these;"
        f" the last one changes the result by {float(np.max(change)):.1e}",
        ConvergenceWarning,
        stacklevel=2,
    )
    return np.where(change > tolerance, np.nan, values)


def _gamma_series(a: FloatArray, x: FloatArray) -> FloatArray:
    """Σ x^n / (a + 1) … (a + n)."""
    term, total = np.ones_like(x), np.ones_like(x)
    for n in range(1, _MOST):
        term = term * (x / (a + n))
        total = total + term
        if not np.any(term > _EPS / 4 * total):
            return total
    return _unfinished(total, term, _EPS / 4 * total)


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
    tail[~low] -= np.log(_lentz(lambda k: (-k * (k - ah), xh - ah + (2 * k + 1)), xh - ah + 1))
    return low, tail


def _log_gamma_tail_of_large(a: FloatArray, x: FloatArray, low: FloatArray) -> FloatArray:
    """log (Φ(-s) ∓ φ(s) (c₀ + c₁ / a) / √a) for s² = 2a (λ - 1 - log λ), λ = x / a: DLMF 8.12.3 to 8.12.10."""
    mu = (x - a) / a
    with np.errstate(divide="ignore"):
        eta = np.copysign(np.sqrt(-2 * _log_less_linear(mu, x / a)), mu)
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

    return _lentz(terms, np.ones_like(x))


def _filled(
    inside: FloatArray, low: FloatArray, tail: FloatArray, zero: FloatArray, one: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper tails from the logarithms inside and the two ends of the range; NaN elsewhere."""
    p, q = np.full(inside.shape, np.nan), np.full(inside.shape, np.nan)
    small = np.exp(tail)
    p[inside], q[inside] = np.where(low, small, 1 - small), np.where(low, 1 - small, small)
    for edge, value in ((zero, 0.0), (one, 1.0)):
        p[edge], q[edge] = value, 1 - value
    return p, q


def _both_gamma(a: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P(a, x) and Q(a, x) = 1 - P, the smaller of which is computed."""
    valid = (a > 0) & np.isfinite(a)
    inside = valid & (x > 0) & np.isfinite(x)
    low, tail = _log_gamma_tail(a[inside], x[inside])
    return _filled(inside, low, tail, valid & (x == 0), valid & (x == np.inf))


def _both_beta(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """I_x(a, b) and 1 - I_x(a, b) for y = 1 - x, the smaller of which is computed."""
    valid = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    inside = valid & (x > 0) & (y > 0)
    low, tail = _log_beta_tail(a[inside], b[inside], x[inside], y[inside])
    return _filled(inside, low, tail, valid & (x == 0), valid & (y == 0))


# ---- inverses: Newton on the logarithm of the smaller tail, which is concave in log x (gamma) or logit x (beta), so
# that it arrives from any start


def _concave_root(
    tail: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]],
    factor: Callable[[FloatArray, FloatArray], FloatArray],
    start: FloatArray,
    p: FloatArray,
    q: FloatArray,
) -> FloatArray:
    """t with lower tail p = 1 - q; tail(t, i) gives the logarithm of either, factor(t, i) that of the density in t, for
    the elements i. Where the root lies beyond what exp(t) can hold, t stays there."""
    below = p <= q
    targets = np.log(np.where(below, p, q))
    t, i = start.copy(), np.arange(start.size)
    for _ in range(200):
        now, lower = t[i], below[i]
        low, logarithm = tail(now, i)
        logarithm = np.where(low == lower, logarithm, np.log1p(-np.exp(np.minimum(logarithm, -1e-17))))
        width = np.exp(np.clip(logarithm - factor(now, i), -700, 700))  # over which the tail grows e-fold
        step = (targets[i] - logarithm) * width
        step = np.where(lower, step, -step)
        step = np.clip(step, -100.0, np.where(lower, 100.0, 2.0))  # far right log Q falls like -e^t: no leaps there
        step[(np.abs(now) > 708) & (step * now > 0)] = 0.0
        t[i] = now + step
        least = np.maximum(1e-8 * np.minimum(width, 1), 4 * _EPS) * (1 + np.abs(t[i]))
        i = i[np.abs(step) > least]  # quadratic: the next would be below rounding
        if not i.size:
            break
    return t


def _gamma_inverse(a: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    valid = (a > 0) & np.isfinite(a)
    x = np.where(valid & (p == 0), 0.0, np.where(valid & (q == 0), np.inf, np.nan))
    inside = valid & (p > 0) & (q > 0)
    ai, pi, qi = a[inside], p[inside], q[inside]
    first = (np.log(pi) + gammaln(ai + 1)) / ai  # P ≈ x^a / Γ(a + 1) for small x
    start = np.where(first < np.log(ai) - 1, first, np.log(ai))

    def at(function: Callable[..., Any]) -> Callable[[FloatArray, FloatArray], Any]:
        return lambda t, i: function(ai[i], np.exp(np.clip(t, -708, 700)))

    x[inside] = np.exp(_concave_root(at(_log_gamma_tail), at(_log_gamma_factor), start, pi, qi))
    return x


def beta_tails_inverse(a: FloatArray, b: FloatArray, p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """x and 1 - x with I_x(a, b) = p = 1 - q, vectors in double precision."""
    valid = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    x = np.where(valid & (p == 0), 0.0, np.where(valid & (q == 0), 1.0, np.nan))
    y = 1 - x
    inside = valid & (p > 0) & (q > 0)
    ai, bi, pi, qi = a[inside], b[inside], p[inside], q[inside]
    first = (np.log(pi) + np.log(ai) + betaln(ai, bi)) / ai  # I ≈ x^a / (a B) for small x, and so at the other end
    last = -(np.log(qi) + np.log(bi) + betaln(ai, bi)) / bi
    middle = np.log(ai) - np.log(bi)
    start = np.where(pi <= qi, np.minimum(first, middle), np.maximum(last, middle))

    def at(function: Callable[..., Any]) -> Callable[[FloatArray, FloatArray], Any]:
        return lambda t, i: function(ai[i], bi[i], sigmoid(np.clip(t, -708, 708)), sigmoid(-np.clip(t, -708, 708)))

    t = _concave_root(at(_log_beta_tail), at(_log_beta_factor), start, pi, qi)
    x[inside], y[inside] = sigmoid(t), sigmoid(-t)
    return x, y


# ---- derivatives in the parameters ----

_PANELS = 4


@cache
def _gauss() -> tuple[FloatArray, FloatArray]:
    """The nodes and weights of Gauss and Legendre's rule: late, because they take as long as an import."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return nodes, weights


def _integral(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """∫ f from low to high, arrays of one shape, f of arrays with one more axis."""
    width = subtract(high, low) / _PANELS
    nodes, weights = _gauss()
    total: Any = 0.0
    for panel in range(_PANELS):
        s = expand_dims(low + panel * width, -1) + expand_dims(width, -1) * ((nodes + 1) / 2)
        total = total + sum(f(s) * (weights / 2), -1) * width
    return total


def _reach(density: Callable[[FloatArray], FloatArray], edge: FloatArray, mode: FloatArray, sign: float) -> FloatArray:
    """How far from `edge` a log-concave density of logarithm `density` has all but 1e-17 of that tail's mass."""
    top = np.where(sign * (mode - edge) > 0, mode, edge)
    distance = np.full_like(edge, 1e-3)
    for _ in range(80):
        short = density(top + sign * distance) > density(top) - 42
        if not np.any(short):
            break
        distance = np.where(short, distance * 1.4, distance)
    return top + sign * distance


def _gamma_slope(a: Any, x: Any) -> Any:
    """∂P/∂a = ∫_{-∞}^{log x} (s - ψ(a)) e^(a s - e^s) / Γ(a) ds."""
    av, xv = np.broadcast_arrays(np.asarray(plain(a), float), np.asarray(plain(x), float))
    good = (av > 0) & (xv > 0) & np.isfinite(xv)
    safe_a, safe_x = where(good, a, 1.0), where(good, x, 1.0)
    av, xv = np.where(good, av, 1.0), np.where(good, xv, 1.0)
    lower = _both_gamma(av, xv)[0] <= 0.5
    edge = np.log(xv)
    with np.errstate(over="ignore"):
        far = [_reach(lambda s: av * s - np.exp(s), edge, np.log(av), sign) for sign in (-1.0, 1.0)]
    end = np.where(lower, far[0], far[1])
    wide, norm = expand_dims(safe_a, -1), expand_dims(gammaln(safe_a), -1)
    centre = expand_dims(digamma(safe_a), -1)
    integral = _integral(lambda s: (s - centre) * exp(wide * s - exp(s) - norm), end, log(safe_x))
    return where(good, integral, 0.0)


def _beta_slope(a: Any, b: Any, x: Any) -> Any:
    """∂I/∂a = ∫_{-∞}^{logit x} (log σ(s) - ψ(a) + ψ(a + b)) σ(s)^a σ(-s)^b / B(a, b) ds."""
    av, bv, xv = np.broadcast_arrays(*[np.asarray(plain(v), float) for v in (a, b, x)])
    good = (av > 0) & (bv > 0) & (xv > 0) & (xv < 1)
    safe_a, safe_b, safe_x = where(good, a, 1.0), where(good, b, 1.0), where(good, x, 0.5)
    av, bv, xv = np.where(good, av, 1.0), np.where(good, bv, 1.0), np.where(good, xv, 0.5)
    lower = _both_beta(av, bv, xv, 1 - xv)[0] <= 0.5
    edge = np.log(xv) - np.log1p(-xv)

    def density(s: FloatArray) -> FloatArray:
        return -av * np.logaddexp(0, -s) - bv * np.logaddexp(0, s)

    far = [_reach(density, edge, np.log(av) - np.log(bv), sign) for sign in (-1.0, 1.0)]
    end = np.where(lower, far[0], far[1])
    wide_a, wide_b = expand_dims(safe_a, -1), expand_dims(safe_b, -1)
    norm = expand_dims(betaln(safe_a, safe_b), -1)
    centre = expand_dims(digamma(safe_a) - digamma(add(safe_a, safe_b)), -1)

    def integrand(s: Any) -> Any:
        low, high = -softplus(-s), -softplus(s)
        return (low - centre) * exp(wide_a * low + wide_b * high - norm)

    integral = _integral(integrand, end, log(safe_x) - log1p(-safe_x))
    return where(good, integral, 0.0)


# ---- the operations ----


@primitive
def gammainc(a: Any, x: Any) -> Any:
    """P(a, x) = ∫₀ˣ t^(a-1) e^(-t) dt / Γ(a), the distribution function of the gamma distribution of shape a.

    The relative error is below 1e-12 for a up to 10⁴, far into the lower tail too. NaN for a ≤ 0 or x < 0.

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
def betainc(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b) = ∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b), the distribution function of the beta distribution.

    The relative error is below 1e-12 for parameters up to 10⁴. NaN for a, b ≤ 0 or x outside [0, 1].

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


def _density_of_gamma(a: Any, x: Any) -> Any:
    inside = np.asarray(plain(x)) > 0
    safe = where(inside, x, 1.0)
    return where(inside, exp(multiply(a - 1, log(safe)) - safe - gammaln(a)), 0.0)


def _density_of_beta(a: Any, b: Any, x: Any) -> Any:
    values = np.asarray(plain(x))
    inside = (values > 0) & (values < 1)
    safe = where(inside, x, 0.5)
    return where(inside, exp((a - 1) * log(safe) + (b - 1) * log1p(-safe) - betaln(a, b)), 0.0)


def _rules(prim: Callable[..., Any], *slopes: Callable[..., Any]) -> None:
    """Rules of an element-wise function of several arguments from its partial derivatives."""

    def back(i: int) -> Callable[..., Any]:
        return lambda ans, *args: lambda g: unbroadcast(g * slopes[i](*args), np.shape(plain(args[i])))

    def forth(i: int) -> Callable[..., Any]:
        return lambda t, ans, *args: widened(t * slopes[i](*args), ans)

    defvjp(prim, *[back(i) for i in range(len(slopes))])
    defjvp(prim, *[forth(i) for i in range(len(slopes))])


_rules(gammainc, _gamma_slope, _density_of_gamma)
_rules(gammaincc, lambda a, x: -_gamma_slope(a, x), lambda a, x: -_density_of_gamma(a, x))
_rules(betainc, _beta_slope, lambda a, b, x: -_beta_slope(b, a, 1 - x), _density_of_beta)
_rules(
    betaincc,
    lambda a, b, x: -_beta_slope(a, b, x),
    lambda a, b, x: _beta_slope(b, a, 1 - x),
    lambda a, b, x: -_density_of_beta(a, b, x),
)
