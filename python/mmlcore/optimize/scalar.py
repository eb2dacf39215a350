"""Functions of one variable: a minimum by Brent's method."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._errors import integer, message
from mmlcore.optimize.result import OptimizeResult

__all__ = ["minimize_scalar"]

_GOLDEN = 0.5 * (3 - 5**0.5)


def minimize_scalar(
    fun: Callable[..., Any],
    bracket: tuple[float, ...] | None = None,
    bounds: tuple[float, float] | None = None,
    *,
    tol: float = 1e-9,
    max_iter: int = 500,
    args: tuple[Any, ...] = (),
) -> OptimizeResult:
    """A local minimum of a function of one variable, without derivatives.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` of a float; a real scalar.
    bracket : pair or triple of float, optional
        Two points from which to go downhill until a minimum is enclosed (default 0 and 1), or three that enclose one.
    bounds : pair of float, optional
        Look between them instead.
    tol : float
        Relative to |x|; below about 1e-8 rounding hides the difference.
    max_iter : int
    args : tuple

    Returns
    -------
    OptimizeResult
        x, fun, success, message, nit, nfev.

    Raises
    ------
    ValueError
        If the bracket does not enclose a minimum, or the bounds are no interval.

    References
    ----------
    R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapter 5.

    Examples
    --------
    >>> from mmlcore.optimize import minimize_scalar
    >>> float(round(minimize_scalar(lambda x: (x - 2) ** 2 + 1).x, 6))
    2.0
    """
    count = 0

    def f(x: float) -> float:
        nonlocal count
        count += 1
        try:
            value = float(fun(x, *args))
        except OverflowError:  # Python's own numbers
            return np.inf
        return value if np.isfinite(value) or value == -np.inf else np.inf

    most = integer("minimize_scalar", "max_iter", max_iter)
    if bounds is not None:
        a, b = float(bounds[0]), float(bounds[1])
        if not (np.isfinite(a) and np.isfinite(b) and a < b):
            raise ValueError(message("minimize_scalar", "bounds", "(low, high), finite, low < high", bounds))
        x = a + _GOLDEN * (b - a)
    else:
        found = _enclosed(f, (0.0, 1.0) if bracket is None else tuple(map(float, bracket)))
        if isinstance(found, str):
            return OptimizeResult(x=np.nan, fun=np.nan, success=False, message=found, nit=0, nfev=count)
        a, x, b = found
    x, value, nit, converged = _brent(f, a, x, b, tol, most)
    text = "x is known to tol" if converged else f"max_iter = {most} iterations are done"
    if not np.isfinite(value):
        converged, text = False, f"the function is not finite at the minimum found ({value})"
    return OptimizeResult(x=x, fun=value, success=converged, message=text, nit=nit, nfev=count)


def _enclosed(f: Callable[[float], float], points: tuple[float, ...]) -> tuple[float, float, float] | str:
    """Three points, the middle one lowest, or why there are none."""
    if len(points) == 3:
        a, x, b = sorted(points)
        if not f(x) < min(f(a), f(b)):
            raise ValueError(message("minimize_scalar", "bracket", "three points, the middle one lowest", points))
        return a, x, b
    if len(points) != 2 or points[0] == points[1]:
        raise ValueError(message("minimize_scalar", "bracket", "two or three different points", points))
    a, x = points
    fa, fx = f(a), f(x)
    if fa < fx:
        a, x, fa, fx = x, a, fx, fa
    b = x + (1 + 1 / 0.618034) * (x - a)
    for _ in range(1100):
        fb = f(b)
        if min(fx, fb) < -1e290 or not np.isfinite(b):
            return "the function is unbounded below, or falls for ever"
        if fb > fx or (fb == fx and fa > fx):
            low, high = min(a, b), max(a, b)
            return low, x, high
        if fb == fx == fa:
            return "the function is flat: no minimum can be enclosed"
        a, x, fa, fx = x, b, fx, fb
        b = x + 1.618034 * (x - a)
    return "the function falls as far as numbers go"


def _brent(
    f: Callable[[float], float], a: float, x: float, b: float, tol: float, most: int
) -> tuple[float, float, int, bool]:
    """Parabolic steps through the three best points, golden sections where they misbehave."""
    w = v = x
    fx = fw = fv = f(x)
    step = before = 0.0
    for nit in range(1, most + 1):
        middle, reach = 0.5 * (a + b), tol * abs(x) + 1e-12
        if abs(x - middle) <= 2 * reach - 0.5 * (b - a):
            return x, fx, nit, True
        r, q = (x - w) * (fx - fv), (x - v) * (fx - fw)
        p, q = (x - v) * q - (x - w) * r, 2 * (q - r)
        p, q = (-p, q) if q > 0 else (p, -q)
        usable = abs(before) > reach and abs(p) < abs(0.5 * q * before) and q * (a - x) < p < q * (b - x)
        if usable:
            before, step = step, p / q
            if (x + step) - a < 2 * reach or b - (x + step) < 2 * reach:
                step = reach if x < middle else -reach
        else:
            before = (b - x) if x < middle else (a - x)
            step = _GOLDEN * before
        u = x + (step if abs(step) >= reach else np.copysign(reach, step))
        fu = f(u)
        if fu <= fx:
            a, b = (x, b) if u >= x else (a, x)
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
        else:
            a, b = (u, b) if u < x else (a, u)
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
    return x, fx, most, False
