"""What the incomplete gamma and beta functions have in common: series and fractions, inverses, integrals of scores.

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
from mmlcore.autodiff import defjvp, defvjp, plain
from mmlcore.ops.arithmetic import subtract
from mmlcore.ops.broadcasting import unbroadcast, widened
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import expand_dims

__all__ = [
    "EPS",
    "MOST_TERMS",
    "filled",
    "integral",
    "inverse",
    "lentz",
    "log_filled",
    "log_less_linear",
    "reach",
    "rules",
    "unfinished",
]

EPS = float(np.finfo(float).eps)
MOST_TERMS = 100_000  # enough for parameters of 10⁸
_TINY = 1e-300


def log_less_linear(u: FloatArray, ratio: FloatArray) -> FloatArray:
    """log(1 + u) - u for ratio = 1 + u without cancellation, from log(1 + u) = 2 atanh(s), s = u / (2 + u)."""
    s = np.clip(u, -0.5, 1) / (2 + np.clip(u, -0.5, 1))
    series = np.zeros_like(s)
    for k in range(18, 0, -1):
        series = (series + 1 / (2 * k + 1)) * s * s
    near = s * (2 * series - u)
    return np.where((u > -0.5) & (u < 1), near, np.log(ratio) - u)


def lentz(terms: Callable[[int], tuple[FloatArray, FloatArray]], b0: FloatArray) -> FloatArray:
    """The continued fraction b0 + a1/(b1 + a2/(b2 + ...)); terms(k) gives (a_k, b_k)."""
    f = np.where(b0 == 0, _TINY, b0)
    c, d = f.copy(), np.zeros_like(f)
    for k in range(1, MOST_TERMS):
        a, b = terms(k)
        d = b + a * d
        c = b + a / c
        d = 1 / np.where(d == 0, _TINY, d)
        c = np.where(c == 0, _TINY, c)
        f = f * (c * d)
        if not np.any(np.abs(c * d - 1) > EPS):
            return f
    return unfinished(f, np.abs(c * d - 1), EPS)


def unfinished(values: FloatArray, change: FloatArray, tolerance: Any) -> FloatArray:
    """The values, NaN where the last term still changed them by more than the tolerance, with a warning."""
    warnings.warn(
        f"incomplete gamma or beta function: {MOST_TERMS} terms do not reach the tolerance for parameters as large as"
        f" these; the last one changes the result by {float(np.max(change)):.1e}",
        ConvergenceWarning,
        stacklevel=2,
    )
    return np.where(change > tolerance, np.nan, values)


def filled(
    inside: FloatArray, low: FloatArray, tail: FloatArray, zero: FloatArray, one: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper tails from the logarithms inside and the two ends of the range; NaN elsewhere."""
    p, q = np.full(inside.shape, np.nan), np.full(inside.shape, np.nan)
    small = np.exp(tail)
    p[inside], q[inside] = np.where(low, small, 1 - small), np.where(low, 1 - small, small)
    for edge, value in ((zero, 0.0), (one, 1.0)):
        p[edge], q[edge] = value, 1 - value
    return p, q


def log_filled(
    inside: FloatArray, low: FloatArray, tail: FloatArray, zero: FloatArray, one: FloatArray, upper: bool
) -> FloatArray:
    """The logarithm of the lower or upper tail, from the same."""
    logs = np.full(inside.shape, np.nan)
    other = np.log1p(-np.exp(np.minimum(tail, -EPS / 2)))
    logs[inside] = np.where(low != upper, tail, other)
    logs[zero], logs[one] = (0.0, -np.inf) if upper else (-np.inf, 0.0)
    return logs


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
        least = np.maximum(1e-8 * np.minimum(width, 1), 4 * EPS) * (1 + np.abs(t[i]))
        i = i[np.abs(step) > least]  # quadratic: the next would be below rounding
        if not i.size:
            break
    return t


def inverse(
    parameters: tuple[FloatArray, ...],
    p: FloatArray,
    q: FloatArray,
    start: Callable[..., FloatArray],
    tail: Callable[..., tuple[FloatArray, FloatArray]],
    factor: Callable[..., FloatArray],
) -> FloatArray:
    """t with lower tail p = 1 - q, ±∞ at the ends, by Newton's method on the logarithm of the smaller tail.

    That is concave in t = log x (gamma) or logit x (beta), so that it arrives from any start. start(*parameters, p, q),
    tail(*parameters, t) and factor(*parameters, t) are as for `_concave_root`.
    """
    valid = np.all([(v > 0) & np.isfinite(v) for v in parameters], axis=0)
    t = np.where(valid & (p == 0), -np.inf, np.where(valid & (q == 0), np.inf, np.nan))
    inside = valid & (p > 0) & (q > 0)
    inner, pi, qi = [v[inside] for v in parameters], p[inside], q[inside]

    def at(function: Callable[..., Any]) -> Callable[[FloatArray, FloatArray], Any]:
        return lambda s, i: function(*[v[i] for v in inner], s)

    t[inside] = _concave_root(at(tail), at(factor), start(*inner, pi, qi), pi, qi)
    return t


# ---- derivatives in the parameters ----

_PANELS = 4


@cache
def _gauss() -> tuple[FloatArray, FloatArray]:
    """The nodes and weights of Gauss and Legendre's rule: late, because they take as long as an import."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return nodes, weights


def integral(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """∫ f from low to high, arrays of one shape, f of arrays with one more axis."""
    width = subtract(high, low) / _PANELS
    nodes, weights = _gauss()
    total: Any = 0.0
    for panel in range(_PANELS):
        s = expand_dims(low + panel * width, -1) + expand_dims(width, -1) * ((nodes + 1) / 2)
        total = total + sum(f(s) * (weights / 2), -1) * width
    return total


def reach(density: Callable[[FloatArray], FloatArray], edge: FloatArray, mode: FloatArray, sign: float) -> FloatArray:
    """How far from `edge` a log-concave density of logarithm `density` has all but 1e-17 of that tail's mass."""
    top = np.where(sign * (mode - edge) > 0, mode, edge)
    distance = np.full_like(edge, 1e-3)
    for _ in range(80):
        short = density(top + sign * distance) > density(top) - 42
        if not np.any(short):
            break
        distance = np.where(short, distance * 1.4, distance)
    return top + sign * distance


def rules(prim: Callable[..., Any], *slopes: Callable[..., Any]) -> None:
    """Rules of an element-wise function of several arguments from its partial derivatives."""

    def back(i: int) -> Callable[..., Any]:
        return lambda ans, *args: lambda g: unbroadcast(g * slopes[i](*args), np.shape(plain(args[i])))

    def forth(i: int) -> Callable[..., Any]:
        return lambda t, ans, *args: widened(t * slopes[i](*args), ans)

    defvjp(prim, *[back(i) for i in range(len(slopes))])
    defjvp(prim, *[forth(i) for i in range(len(slopes))])
